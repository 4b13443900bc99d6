"""A program on a pseudo-terminal of a given size: what it draws is read and dropped, but for a first look at the words in it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][0-9A-B]|[=>78MDEHc])")


class Screen:
    def __init__(self, argv, columns, rows, env=None):
        self.text, self.bytes, self.ended = b"", 0, False
        self.began = time.monotonic()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.pid = os.fork()
        if self.pid == 0:
            os.close(master)
            os.login_tty(slave) if hasattr(os, "login_tty") else self._login(slave)
            os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}, **(env or {}))
            try:
                os.execv(argv[0], argv)
            finally:
                os._exit(127)
        os.close(slave)
        self.fd = master

    @staticmethod
    def _login(slave):
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        if slave > 2:
            os.close(slave)

    def read(self, seconds):
        """Takes what comes within that time, or the first of it. False: the program has gone."""
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return True
        try:
            more = os.read(self.fd, 1 << 16)
        except OSError:
            more = b""
        if not more:
            self.ended = True
            return False
        self.bytes += len(more)
        self.text = (self.text + more)[-(1 << 18):]
        return True

    def wait_for(self, words, seconds):
        """Seconds from the start until all the words have been drawn; None where they do not come in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            seen = ESCAPE.sub(b"", self.text)
            if all(w.encode() in seen for w in words):
                return time.monotonic() - self.began
            if not self.read(until - time.monotonic()):
                return None
        return None

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def cpu_ns(self):
        """Nanoseconds on a core, all threads of the viewer, none of its children."""
        total = 0
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{tid}/schedstat") as f:
                total += int(f.read().split()[0])
        return total

    def end(self):
        """Asks it to go, and waits; what does not go within five seconds is killed."""
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        until = time.monotonic() + 5
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
            if not self.ended:
                self.read(0.05)
            else:
                time.sleep(0.01)
        os.close(self.fd)


def read_all(screens, seconds):
    """Reads all of them for that long."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        live = [s for s in screens if not s.ended]
        ready = select.select([s.fd for s in live], [], [], left)[0]
        for s in live:
            if s.fd in ready:
                s.read(0)
