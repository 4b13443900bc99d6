"""An event against LTTng-UST's, where that is installed."""
import os
import shutil
import subprocess
import time

from measure import CannotMeasure

ORDER = 15


def daemon(b, env):
    """The session daemon, where none runs yet: ours, to be ended."""
    if subprocess.run(["lttng", "-q", "-n", "list"], env=env, capture_output=True).returncode == 0:
        return None
    ours = subprocess.Popen(["lttng-sessiond", "-q"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while subprocess.run(["lttng", "-q", "-n", "list"], env=env, capture_output=True).returncode:
        if ours.poll() is not None or time.monotonic() > until:
            ours.kill()
            ours.wait()
            raise CannotMeasure("lttng-sessiond does not start")
        time.sleep(0.05)
    return ours


def session(b, env, name):
    steps = (("create", name, "-o", os.path.join(b.folder, "trace")), ("enable-channel", "-u", "-s", name, "--num-subbuf=8", "--subbuf-size=4M", "bench"),
             ("enable-event", "-u", "-s", name, "-c", "bench", "convis_bench:event"), ("start", name))
    try:
        for step in steps:
            b.command("lttng", "-q", "-n", *step, env=env, timeout=60)
        return b.command(b.program("lttng"), str(b.rounds(101)), env={**env, "LTTNG_UST_REGISTER_TIMEOUT": "5000"}, timeout=120).splitlines()
    finally:
        subprocess.run(["lttng", "-q", "-n", "destroy", name], env=env, capture_output=True)


def measure(b):
    if not os.path.exists(b.program("lttng")) or not shutil.which("lttng") or not shutil.which("lttng-sessiond"):
        b.absent("LTTng-UST (liblttng-ust-dev, lttng-tools) is not installed")
        return
    env = {**os.environ, "LTTNG_HOME": b.folder}
    ours = daemon(b, env)
    try:
        rounds = [tuple(map(float, line.split())) for line in session(b, env, f"convis-bench-{os.getpid()}")]
    finally:
        if ours:
            ours.terminate()
            try:
                ours.wait(20)
            except subprocess.TimeoutExpired:
                ours.kill()
                ours.wait()
    b.row("LTTng-UST's event with two values : ours", [lttng / ours_ns for _, ours_ns, lttng in rounds], "×", 1, at_most=False)
    b.row("LTTng-UST's : a bare clock read", [lttng / clock for clock, _, lttng in rounds], "×")
    b.row("ours : a bare clock read", [ours_ns / clock for clock, ours_ns, _ in rounds], "×")
    b.row("LTTng-UST's event", [lttng for _, _, lttng in rounds], " ns")
