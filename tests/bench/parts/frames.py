"""Frames: the bytes they take, the CPU time, and how soon a key is answered while all cores are busy.

Bytes are held against what the cells that changed need: a motion to each run of them, their looks, their characters; read off
with a small terminal. A key is answered when what it says stands on the screen."""
import os
import shutil
import time

from emulator import Emulator, needs
from measure import CannotMeasure
from screen import Screen, read_all

ORDER = 91
W, H = 200, 60
WORDS = ["next shared write", "next finding", "next mark", "next output line", "next note", "next switch"]


def busy(b):
    return b.scenario("frames", "[scenario]\ntitle = Frames\nmodel = threads\ntimeout = 300s\n[shared]\nn = 0\n[task work x 8]\n"
                      "    repeat 1000000:\n        cpu 200us\n        n += 1\n        sleep 5ms\n")


def saturated(b):
    return b.scenario("saturated", "[scenario]\ntitle = Saturated\nmodel = threads\ntimeout = 300s\n"
                      f"[task work x {2 * (os.cpu_count() or 2)}]\n    repeat 1000000:\n        cpu 10ms\n")


def frame_of(s, e, until):
    """Feeds one frame: what comes without a pause. Returns its bytes."""
    size = s.bytes
    s.text = b""
    s.read(max(0, until - time.monotonic()))
    while s.bytes > size:
        last = s.bytes
        s.read(0.004)
        if s.bytes == last:
            break
    e.feed(s.text)
    return s.bytes - size


def bytes_per_frame(b):
    s, e, ratios, frames = Screen([b.convis, busy(b)], W, H), Emulator(W, H), [], 0
    try:
        settled = time.monotonic() + (0.5 if b.short else 2)
        while time.monotonic() < settled and not s.ended:
            frame_of(s, e, settled)
        for _ in range(b.rounds()):
            sent, need, until = 0, 0, time.monotonic() + 1
            while time.monotonic() < until and not s.ended:
                before, pen = e.snapshot(), e.pen
                size = frame_of(s, e, until)
                sent, frames = sent + size, frames + (size > 0)
                need += needs(before, e.cells, W, pen)[0]
            if not need:
                raise CannotMeasure(f"nothing was drawn; it said {s.text[-200:]!r}")
            ratios.append(sent / need)
        if "Frames" not in e.row(0):
            raise CannotMeasure(f"the small terminal shows {e.row(0)!r}")
    finally:
        s.end()
    b.row("bytes of a frame : what the changed cells need, 200x60, live", ratios, "×", 1.2)


def key_to_frame(b):
    s, e, times, at = Screen([b.convis, saturated(b)], W, H), Emulator(W, H), [], 0
    try:
        settled = time.monotonic() + (0.5 if b.short else 3)
        while time.monotonic() < settled and not s.ended:
            frame_of(s, e, settled)
        for i in range(20 if b.short else 500):
            pause = time.monotonic() + 0.003 * (i % 17)
            while time.monotonic() < pause:
                frame_of(s, e, pause)
            began, s.text = time.monotonic(), b""
            s.type("e")
            while WORDS[at % len(WORDS)] not in e.row(H - 2):
                s.text = b""
                if not s.read(2) or time.monotonic() - began > 2:
                    raise CannotMeasure(f"no answer to a key: {e.row(H - 2)!r}")
                e.feed(s.text)
            times.append((time.monotonic() - began) * 1000)
            at += 1
    finally:
        s.end()
    times.sort()
    b.row("key to finished frame while all cores are busy, p99", [times[min(len(times) - 1, len(times) * 99 // 100)]], " ms", 33)
    b.row("the same, median", [times[len(times) // 2]], " ms")


def cpu_per_frame(b):
    htop = shutil.which("htop")
    screens = {"convis": Screen([b.convis, busy(b)], W, H)}
    if htop:
        screens["htop"] = Screen([htop, "-d", "1"], W, H)
    per = {name: [] for name in screens}
    try:
        read_all(screens.values(), 0.5 if b.short else 3)
        for _ in range(b.rounds()):
            for name, s in screens.items():
                frames, cpu, until = 0, s.cpu_ns(), time.monotonic() + 1
                while time.monotonic() < until and not s.ended:
                    size = s.bytes
                    s.read(max(0, until - time.monotonic()))
                    while s.bytes > size:
                        last = s.bytes
                        s.read(0.004)
                        if s.bytes == last:
                            frames += 1
                            break
                if frames:
                    per[name].append((s.cpu_ns() - cpu) / frames / 1e6)
            read_all(screens.values(), 0.01)
    finally:
        for s in screens.values():
            s.end()
    if not all(per.values()):
        raise CannotMeasure("no frames")
    b.row("CPU time of a frame, 200x60, live", per["convis"], " ms")
    if htop:
        b.row("the same of htop, every tenth of a second", per["htop"], " ms")
        b.row("of a frame : of one of htop's", [c / h for c, h in zip(per["convis"], per["htop"])], "×", 1)
    else:
        b.absent("the frames of htop, which is not installed")


def measure(b):
    try:
        bytes_per_frame(b)
        key_to_frame(b)
        cpu_per_frame(b)
    except OSError as e:
        raise CannotMeasure(f"frames: {e}") from e
