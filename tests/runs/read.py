"""Reads what all the runs of tests/scenarios.sh wrote: JSON with the documented fields; what a lesson is about, and what is said to
come sometimes, came in virtual time; the cured twin is silent there and for real.

usage: read.py FOLDER. What is wrong goes to standard output; the exit status says whether anything is."""
import glob
import json
import os
import re
import sys

FIELDS = set("scenario title model gil seed outcome elapsed_s cpu_time_s cores_used cores_seen tasks switches loop_lag_s "
             "memory_per_task_bytes peak_tasks shared copies output findings expect events switch_source".split())
OF = {"tasks": "name state pid tid cpu_time_s voluntary involuntary awaits cores", "findings": "kind task line text", "expect": "line text holds"}

# What is found in virtual time, by one of the seeds at least: (scenario, the rules it runs by, what).
SHOWN = [("await-lost-update", "async", "lost update"), ("check-then-act", "async", "stale guard"), ("convoy", "async", "convoy"), ("livelock", "async", "stale guard"),
         ("lost-update", "threads", "data race"), ("missed-wakeup", "async", "unlocked access"), ("starvation", "threads", "starvation"), ("unawaited", "async", "never awaited"),
         ("barrier", "threads", "deadlock"), ("deadlock", "async", "deadlock"), ("deadlock", "threads", "deadlock"),
         ("deadlock", "processes", "deadlock"), ("frozen-loop", "async", "loop blocked"), ("lost-update", "threads", "lost update"),
         ("lost-update", "processes", "lost update"), ("missed-wakeup", "async", "deadlock"), ("missed-wakeup", "threads", "deadlock"),
         ("peterson-broken", "threads", "lost update"), ("philosophers", "async", "deadlock"), ("philosophers", "processes", "deadlock"),
         ("pool-starvation", "async", "deadlock"), ("pool-starvation", "threads", "deadlock"), ("stale-global", "async", "stale read"),
         ("why-gil", "threads", "lost update")]
CURED = re.compile(r"peterson$|.*-(cured|locked|ordered|waiter)$")


def refuse(word):
    raise ValueError(word + " is no JSON")


def wrong(d):
    if "runs" in d:  # what many runs came to
        return []
    return FIELDS - set(d) or [(k, set(names.split()) - set(x)) for k, names in OF.items() for x in d[k] if set(names.split()) - set(x)]


paths = sorted(glob.glob(sys.argv[1] + "/*.json"))
failed = not paths
found, hoped, came = set(), set(), set()
for path in paths:
    try:
        run = json.load(open(path, encoding="utf-8"), parse_constant=refuse)
        missing = wrong(run)
    except ValueError as error:
        run, missing = {}, error
    found |= {(run["scenario"], run["model"], finding["kind"]) for finding in run.get("findings", [])}
    for line in run.get("expect", []):
        if line.get("kind") == "sometimes" and run["model"].startswith("stepped"):
            this = run["scenario"], run["model"], line["text"]
            hoped.add(this)
            came |= {this} if line["holds"] is True else set()
    if not missing and CURED.match(run["scenario"]) and run.get("findings"):
        missing = f"{run['scenario']} under {run['model']}, seed {run['seed']}, is not silent: {run['findings'][0]['text']}"
    if missing:
        failed = True
        print(path, missing)
few = bool(os.environ.get("SANITIZE"))  # runs: what chance brings may not have come
for scenario, model, line in set() if few else hoped - came:
    failed = True
    print(f"{scenario} under {model}: in no run came: {line}")
for scenario, rules, what in [] if few else SHOWN:
    if (scenario, f"stepped:{rules}", what) not in found:
        failed = True
        print(f"{scenario} under stepped:{rules}: no {what}")
sys.exit(failed)
