"""CPython is the oracle: what the programs of the notes print there, and the shape they have, their scenarios show here.

usage: hold.py CONVIS, in the repository's root. Prints TAP. Times are compared by bounds that follow from what the programs say
(a sum, a longest wait), never with each other."""
import json
import subprocess
import sys
import tempfile
import time

import order

convis = sys.argv[1]
tests = failures = 0


def ok(holds, name, *seen):
    global tests, failures
    tests += 1
    print(f"{'ok' if holds else 'not ok'} {tests} - {name}")
    if not holds:
        failures += 1
        for what in seen:
            print("    ", what)


def python(program):
    began = time.monotonic()
    done = subprocess.run([sys.executable, f"tests/oracle/{program}.py"], capture_output=True, text=True, timeout=60)
    elapsed = time.monotonic() - began
    ok(done.returncode == 0, f"{program}.py runs", done.stderr)
    return done.stdout.splitlines(), elapsed


def run(scenario, model, path=None):
    done = subprocess.run([convis, "run", path or f"scenarios/{scenario}.ini", "-m", model, "--json"], capture_output=True, text=True, timeout=60)
    ok(done.returncode == 0, f"{scenario} runs under {model}, its expectations hold", done.stdout[:3000], done.stderr)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"output": [], "elapsed_s": -1, "tasks": [], "switches": {"by_cause": {}, "awaits": -1}, "copies": {}, "shared": {}}


# Alice and Bob: the very output.
said, _ = python("stale_global")
here = run("stale-global", "async")
ok(said == ["Handled by: Bob", "Handled by: Bob"], "CPython greets Bob twice", said)
ok(here["output"] == said, "stale-global prints what CPython prints", here["output"], said)

# Two sleeps: both begin before either is done, in one second, on one thread and on two.
step = {"Async task started": "begin", "Thread task started": "begin", "Async task done": "end", "Thread task done": "end"}
for program, model, threads in ("two_sleeps_async", "async", 1), ("two_sleeps_threads", "threads", 2):
    said, elapsed = python(program)
    shape = [step[line] for line in said if line in step]
    here = run("two-sleeps", model)
    shape_here = ["begin" if "goes to sleep" in line else "end" for line in here["output"]]
    ok(shape == ["begin", "begin", "end", "end"], f"CPython overlaps two sleeps ({model})", said)
    ok(shape_here == shape, f"two-sleeps has the shape of CPython's ({model})", here["output"], said)
    ok(elapsed >= 1 and 1 <= here["elapsed_s"] < 2, f"one second, not two ({model})", elapsed, here["elapsed_s"])
    tids = {t["tid"] or t["pid"] for t in here["tasks"]}
    ok(f"threads: {threads}" in said and len(tids) == threads, f"{threads} thread(s) there and here ({model})", said, here["tasks"])

# The frozen loop: the sum, one after the other.
said, elapsed = python("frozen_loop")
here = run("frozen-loop", "async")
ok(here["output"] == said, "frozen-loop prints what CPython prints", here["output"], said)
ok(elapsed >= 1.5 and here["elapsed_s"] >= 1.5, "it takes the sum", elapsed, here["elapsed_s"])

# The GIL: crunchers one after the other in turns, readers beside them.
said, _ = python("gil")
there = json.loads(said[0]) if said else {"gil": False}
here = run("gil", "threads+gil")
handovers = here["switches"]["by_cause"].get("gil", 0)
if there["gil"]:
    ok(there["elapsed"] >= 0.55 and here["elapsed_s"] >= 0.55, "two crunchers of 0.3 s: no faster than one after the other", there["elapsed"], here["elapsed_s"])
    ok(there["handovers"] > 2 and handovers > 2, "the GIL is handed over many times", there["handovers"], handovers)
    done = there["finished"]
    ok(min(done["reader#0"], done["reader#1"]) < max(done["cruncher#0"], done["cruncher#1"]), "CPython's readers overlap the crunchers", done)
    # The scenario's, too: its crunchers are made to tell when they are done.
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as telling:
        with open("scenarios/gil.ini") as f:
            text = f.read().split("[expect]")[0].replace("    cpu 300ms\n", '    cpu 300ms\n    print "{name} has computed"\n', 1)
        telling.write(text)
        telling.flush()
        lines = run("gil, telling", "threads+gil", telling.name)["output"]
    computed, answers = ([i for i, line in enumerate(lines) if line.endswith(end)] for end in ("has computed", "has its answer"))
    ok(len(computed) == 2 and len(answers) == 2 and min(answers) < max(computed), "so do the scenario's", lines)
else:
    print(f"ok {tests + 1} - this CPython has no GIL # SKIP")
    tests += 1
under_async = run("gil", "async")
ok(under_async["switches"]["by_cause"].get("gil", 0) == 0, "hand-overs under async: none", under_async["switches"])

# One list for all threads, each with an id of its own.
said, _ = python("shared_list")
here = run("shared-list", "threads")
ok(said == ["4 4"], "CPython: four entries of four threads", said)
ok(len(here["shared"].get("items") or []) == 12 and len({t["tid"] for t in here["tasks"]}) == 4, "shared-list: all in one list, four threads", here["shared"], here["tasks"])

# Each process has its own copy, the parent's is unchanged.
said, _ = python("own_copy")
here = run("own-copy", "processes")
ok(said == ["[(1, 1), (1, 1), (1, 1)] 0 []"], "CPython: three copies that stand at 1, the parent's at 0", said)
ok(here["copies"].get("x") == [0, 1, 1, 1] and here["shared"].get("x") == 0, "own-copy: the same values in the same places", here["copies"], here["shared"])

# The order of the loop, to the letter: random programs, by the real loop and by the one in virtual time.
for seed in range(30):
    scenario, text = order.program(seed)
    said = subprocess.run([sys.executable, "-"], input=text, capture_output=True, text=True, timeout=60)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/order.ini", "w", encoding="utf-8") as f:
            f.write(scenario)
        for model in "async", "stepped:async":
            done = subprocess.run([convis, "run", f"{folder}/order.ini", "-m", model, "--json"], capture_output=True, text=True, timeout=60)
            here = json.loads(done.stdout)["shared"]["order"] if done.stdout else done.stderr
            ok(said.stdout.strip() == str(here), f"asyncio's order, program {seed} ({model})", said.stdout, said.stderr, here, scenario)

print(f"1..{tests}")
sys.exit(failures > 0)
