"""All schedules: traces, states a second and bytes a state, the shortest way to a failure; beside spin.

Figures are CPU time of whole processes, so that others who use the cores do not count; what elapsed is said beside it."""
import json
import os
import re
import resource
import shutil
import subprocess
import time

from measure import CannotMeasure

ORDER = 80
COUNTER = """[params]
n = 40 in 1..1000
[shared]
x = 0
[task adder x 2]
    repeat n:
        x += 1
[expect]
x == 2 * n
"""
LAST_ZERO = """[shared]
a = [0] * 16
[task scan]
    i = 15
    while a[i] != 0:
        i -= 1
[task add x 15]
    a[me + 1] = a[me] + 1
"""
FIBONACCI = """[shared]
x = 1
y = 1
[task p]
    repeat 5:
        a = x
        b = y
        x = a + b
[task q]
    repeat 5:
        a = x
        b = y
        y = a + b
[task r]
    u = x
    if u <= 144:
        v = y
[expect]
x <= 144 and y <= 144
"""
PROMELA = """#ifndef LEAST
#define LEAST 2
#endif
byte x = 0, ended = 0;
active [2] proctype count() {
    byte i = 0, t = 0;
    do
    :: d_step { i < 40 -> t = x }; d_step { x = t + 1; t = 0; i++ }
    :: d_step { i == 40 -> i = 0; ended++ }; break
    od;
    (ended == 2) -> assert(x >= LEAST)
}
"""


def timed(b, *argv):
    """Standard output, CPU seconds, elapsed seconds, most memory in MiB."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=b.folder)
    out, err = done.communicate(timeout=900)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise CannotMeasure(f"{' '.join(argv)}: exit {done.returncode}: {err[-300:]}")
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun


def explore(b, path, *more):
    out, cpu, elapsed = timed(b, b.convis, "explore", path, "-m", "threads", "--json", *more)
    return json.loads(out), cpu, elapsed


def spin(b):
    """The verifiers, compiled: as it comes, and with its compression of states. None: there is no spin."""
    if not shutil.which("spin") or not shutil.which("gcc"):
        return None
    with open(os.path.join(b.folder, "counter.pml"), "w") as f:
        f.write(PROMELA)
    b.command("sh", "-c", f"cd {b.folder} && spin -a counter.pml")
    for name, flags in (("pan", ""), ("pan_collapse", "-DCOLLAPSE"), ("pan_three", "-DLEAST=3")):
        if name == "pan_three":
            b.command("sh", "-c", f"cd {b.folder} && spin -a -DLEAST=3 counter.pml")
        b.command("sh", "-c", f"cd {b.folder} && gcc -O2 -DSAFETY -DNOREDUCE {flags} -o {name} pan.c")
    return {name: os.path.join(b.folder, name) for name in ("pan", "pan_collapse", "pan_three")}


def pan(b, program):
    out, cpu, elapsed = timed(b, program, "-m100000", "-w23")
    states = float(re.search(r"([0-9.e+]+) states, stored", out).group(1))
    memory = re.search(r"([0-9.]+)\s+(?:actual memory usage for states|equivalent memory usage)", out)
    actual = re.search(r"([0-9.]+)\s+actual memory usage for states", out) or memory
    table = re.search(r"([0-9.]+)\s+memory used for hash table", out)
    errors = int(re.search(r"errors: ([0-9]+)", out).group(1))
    return states, (float(actual.group(1)) + float(table.group(1) if table else 0)) * (1 << 20) / states, cpu, elapsed, errors


def measure(b):
    counter, last, fib = b.scenario("counter", COUNTER), b.scenario("lastzero", LAST_ZERO), b.scenario("fib", FIBONACCI)
    pans = spin(b)
    # Correctness first: the same answers, or no figures.
    e, _, _ = explore(b, counter, "--only", "states")
    values = sorted(o["shared"]["x"] for o in e["outcomes"])
    if values != list(range(2, 81)):
        raise CannotMeasure(f"counter 2 x 40: final values {values[:3]} … {values[-3:]}, not 2 … 80")
    if pans and (pan(b, pans["pan"])[4] != 0 or pan(b, pans["pan_three"])[4] == 0):
        raise CannotMeasure("spin does not find that 2 is the least final value of counter 2 x 40")
    if explore(b, last, "--only", "traces")[0]["traces"] != 147456 or explore(b, fib, "--only", "traces")[0]["traces"] != 218243:
        raise CannotMeasure("lastzero(15) or fib(5): not as many traces as there are")
    rows = {k: [] for k in ("last", "last_wall", "last_memory", "fib", "fib_wall", "rate", "wall_rate", "bytes", "found", "found_wall",
                            "spin_rate", "spin_bytes", "collapse_rate", "collapse_bytes")}
    for _ in range(b.rounds()):
        e, cpu, elapsed = explore(b, last, "--only", "traces")
        rows["last"].append(cpu)
        rows["last_wall"].append(elapsed)
        rows["last_memory"].append(e["rss_bytes"] / (1 << 20))
        _, cpu, elapsed = explore(b, fib, "--only", "traces")
        rows["fib"].append(cpu)
        rows["fib_wall"].append(elapsed)
        e, cpu, elapsed = explore(b, counter, "--only", "states")
        rows["rate"].append(e["states"] / cpu / 1e6)
        rows["wall_rate"].append(e["states"] / elapsed / 1e6)
        rows["bytes"].append(e["bytes_per_state"])
        e, _, _ = explore(b, counter, "-p", "n=100", "--only", "schedules")
        v = e["violations"][0]
        if not v["minimal"] or v["preemptions"] != 1 or v["steps"] != 400:
            raise CannotMeasure(f"the lost update of 2 x 100: {v}")
        rows["found"].append(v["found_cpu_s"] * 1e3)
        rows["found_wall"].append(v["found_s"] * 1e3)
        for name, to in (("pan", "spin"), ("pan_collapse", "collapse")) if pans else ():
            states, size, cpu, _, _ = pan(b, pans[name])
            rows[to + "_rate"].append(states / cpu / 1e6)
            rows[to + "_bytes"].append(size)
    b.row("lastzero(15), 147,456 traces", rows["last"], " s", 0.5)
    b.row("the same, elapsed", rows["last_wall"], " s")
    b.row("the same, memory of the process", rows["last_memory"], " MiB", 32)
    b.row("fib(5), 218,243 traces", rows["fib"], " s", 0.15)
    b.row("the same, elapsed", rows["fib_wall"], " s")
    b.row("counter 2 x 40, states a second", rows["rate"], " million", 3, at_most=False)
    b.row("the same, elapsed", rows["wall_rate"], " million")
    b.row("bytes a state", rows["bytes"], "", 40)
    b.row("the lost update of 2 x 100, found and proven minimal", rows["found"], " ms", 10)
    b.row("the same, elapsed", rows["found_wall"], " ms")
    if pans:
        b.row("spin, states a second", rows["spin_rate"], " million")
        b.row("spin, bytes a state, its table included", rows["spin_bytes"], "")
        b.row("spin with -DCOLLAPSE, states a second", rows["collapse_rate"], " million")
        b.row("spin with -DCOLLAPSE, bytes a state", rows["collapse_bytes"], "")
    else:
        b.absent("spin is not installed (Debian's package spin)")
    b.note("Fair: the same program with the same visible steps (spin's `d_step` makes the read one and the write one; a dead temporary is zero on both sides), every state stored, no reduction, "
           "depth and table given to spin so that neither stops it; both are held to the same answer first, the least final value 2 and in convis all from 2 to 80. "
           "Not fair: spin verifies compiled C and its states carry an end of each process that convis adds to the step before; it can do what convis cannot (liveness, its own reduction, several cores), "
           "and its `-DCOLLAPSE` is what convis does always. convis reads the scenario, interprets it once for each local step and value, and looks the rest up, "
           "which pays where local states repeat and would not in a program whose tasks never come to the same place twice. "
           "The traces have no counterpart in spin; GenMC and Nidhugg count the same ones from C, in 7.75 s and 47.7 s for lastzero(15), executing real code, which convis does not.")
