"""Every shipped scenario, and those of tests/runs, translated by `convis python` under every model it names, is run by CPython. Under async it must print
what the scenario prints, in that order. Under every model the scenario's own expectations must hold of it, as far as they speak
of its output, its variables, least times, and deadlocks.

usage: shipped.py CONVIS [NAME…]. Prints TAP."""
import concurrent.futures
import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

convis = sys.argv[1]
SMALLER = {"ten-thousand": "connections=500", "memory": "tasks=50", "create-cost": "births=50"}  # the same lesson, without CPython's weight
ELSE = {("offload-crash", "processes"): "in Python each process has a pool of its own, and breaks no other's"}  # what cannot hold, and why
LONGEST = 60  # seconds a program may take
UNKNOWN = re.compile(r"\b(cores_used|switches|voluntary|involuntary|awaits|loop_lag|memory_per_task|lost_updates|stale_reads|failed|copies)\b")


def sections(text):
    """[(header, lines)] without comments."""
    found = []
    for line in text.splitlines():
        line = re.sub(r'(^|\s)[;#](?=(?:[^"]*"[^"]*")*[^"]*$).*', "", line).rstrip()
        if re.match(r"\[.*\]$", line):
            found.append((line[1:-1].strip(), []))
        elif found and line:
            found[-1][1].append(line)
    return found


def setting(text, section, name):
    for header, lines in sections(text):
        for line in lines:
            if header == section and line.split("=")[0].strip() == name:
                return line.split("=", 1)[1].strip()
    return None


def expression(text):
    """An expectation as Python has it: durations in seconds, A..B as a test."""
    strings = []
    text = re.sub(r'"[^"]*"', lambda m: strings.append(m[0]) or f"\0{len(strings) - 1}\0", text)
    text = re.sub(r"(\d+(?:\.\d+)?)(ns|us|ms|s)\b", lambda m: str(float(m[1]) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[m[2]]), text)
    text = re.sub(r"\bin\s+(.+?)\.\.(.+)$", r"in between(\1, \2)", text)
    for ours, theirs in ("true", "True"), ("false", "False"), ("none", "None"):
        text = re.sub(rf"\b{ours}\b", theirs, text)
    text = re.sub(r"(\S+)\s*/", lambda m: m[0] if "." in m[1] else m[1] + " //", text)  # whole numbers floor
    return re.sub("\0(\\d+)\0", lambda m: strings[int(m[1])], text)


def lines_for(text, model):
    """All that is expected under the model."""
    for header, lines in sections(text):
        if header in ("expect", f"expect {model}", "expect threads" if model == "threads+gil" else "expect"):
            yield from (line.strip() for line in lines)


def may_hang(text, model):
    return any(re.match(r"(sometimes )?deadlock$", line) for line in lines_for(text, model))


def expectations(text, model):
    """The lines that hold under the model and that a run of CPython can decide. What its pools of processes used is known too late."""
    pools = re.search(r"\boffload processes:", text)
    for line in lines_for(text, model):
        late = re.search(r"\belapsed\b", line) and (model == "threads" or not re.match(r"elapsed\s*>", line))
        early = re.search(r"\bcpu_time\b", line) and (pools or not re.match(r"cpu_time\s*>", line))
        if not (UNKNOWN.search(line) or late or early or re.match(r"(sometimes|never)\b", line)):
            yield line


def holds(line, names):
    scope = {"between": lambda a, b: range(a, b + 1), "count": lambda items, v: items.count(v), "sorted": sorted, "len": len, "min": min, "max": max}
    return eval(expression(line), {"__builtins__": {}}, {**scope, **names})


def like_ours(line):
    """What Python prints of none, truth values and text in lists."""
    line = re.sub(r"\[[^\[\]]*\]", lambda m: m[0].replace("'", '"'), line)
    for theirs, ours in ("None", "none"), ("True", "true"), ("False", "false"):
        line = re.sub(rf"\b{theirs}\b", ours, line)
    return line


def compare(text, output):
    """Lines to compare; where a scenario prints what differs from run to run, without the numbers; where workers run beside the
    loop, without the order."""
    body = "\n".join(l for h, ls in sections(text) for l in ls if h.startswith(("task", "main")))
    if re.search(r"\b(pid|tid|core|now|random)\b", body):
        output = [re.sub(r"\d+", "#", line) for line in output]
    return sorted(output) if re.search(r"\boffload\b", body) else output


def run_python(program):
    """The program and whatever it forks are a group, none of which is left."""
    child = subprocess.Popen([sys.executable, "tests/oracle/child.py", program, program + ".json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, text=True, start_new_session=True)
    try:
        output, errors = child.communicate(timeout=LONGEST)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return subprocess.CompletedProcess(program, child.returncode, output, errors)


def smaller(path):
    """Options that make it light."""
    name = os.path.basename(path)[:-4]
    return ["-p", SMALLER[name]] if name in SMALLER else []


def run_convis(path):
    done = subprocess.run([convis, "run", path, "-m", "async", "--json", *smaller(path)], capture_output=True, text=True, timeout=LONGEST)
    return json.loads(done.stdout)


def held(path, model, folder, pool):
    """What does not hold, as lines; or in words why it was compiled and not run."""
    text = open(path, encoding="utf-8").read()
    written = subprocess.run([convis, "python", path, "-m", model, *smaller(path)], capture_output=True, text=True)
    if written.returncode:
        return [f"convis python: status {written.returncode}", written.stderr]
    program = os.path.join(folder, f"{os.path.basename(path)}.{model}.py")
    with open(program, "w", encoding="utf-8") as f:
        f.write(written.stdout)
    compile(written.stdout, program, "exec")
    wanted = list(expectations(text, model))
    if may_hang(text, model) and (model != "async" or "Executor" in written.stdout):
        return "it would wait for ever"
    if (os.path.basename(path)[:-4], model) in ELSE:
        return ELSE[os.path.basename(path)[:-4], model]
    ours = pool.submit(run_convis, path) if model == "async" else None
    began = time.monotonic()
    done = run_python(program)
    elapsed = time.monotonic() - began
    output = [like_ours(line) for line in done.stdout.splitlines()]
    try:
        report = json.load(open(program + ".json"))
    except OSError:
        report = {"outcome": "crashed", "variables": {}, "cpu": 0}
    wrong = []
    names = dict(report["variables"], output=output, elapsed=elapsed, cpu_time=report["cpu"], deadlock=report["outcome"] == "deadlock")
    for line in wanted:
        if report["outcome"] in ("crashed", "deadlock") and not re.search(r"\b(output|deadlock)\b", line):
            continue  # its variables went with it
        try:
            if not holds(line, names):
                wrong.append(f"does not hold: {line}")
        except Exception as error:
            wrong.append(f"{line}: {error!r}")
    if ours:
        there = ours.result()
        if compare(text, there["output"]) != compare(text, output):
            wrong += ["it prints", *output, "and the scenario", *there["output"]]
        if (report["outcome"] == "deadlock") != (there["outcome"] == "deadlock") or (report["outcome"] == "crashed") != (there["outcome"] == "crashed"):
            wrong.append(f"it ends as {report['outcome']}, the scenario as {there['outcome']}")
    if wrong:
        wrong += [done.stderr[-3000:], f"variables {report['variables']}", written.stdout]
    return wrong


jobs = []
for path in sorted(glob.glob("scenarios/*.ini")) + sorted(glob.glob("tests/runs/*.ini")):
    if sys.argv[2:] and os.path.basename(path)[:-4] not in sys.argv[2:]:
        continue
    models = setting(open(path, encoding="utf-8").read(), "scenario", "models") or "async threads processes"
    models = re.split(r"[,\s]+", models)
    jobs += [(path, model) for model in models if model != "threads" or "threads+gil" not in models]  # CPython has the GIL: the same program
failures = 0
with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(3) as programs, concurrent.futures.ThreadPoolExecutor(3) as pool:
    futures = [programs.submit(held, path, model, folder, pool) for path, model in jobs]
    for number, ((path, model), future) in enumerate(zip(jobs, futures), 1):
        name = f"{os.path.basename(path)[:-4]} in Python under {model}"
        try:
            wrong = future.result()
        except Exception as error:
            wrong = [repr(error)]
        if isinstance(wrong, str):
            print(f"ok {number} - {name} # SKIP compiled only: {wrong}")
            continue
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for line in wrong:
            print("    " + str(line).replace("\n", "\n    "))
        failures += bool(wrong)
print(f"1..{len(jobs)}")
sys.exit(failures > 0)
