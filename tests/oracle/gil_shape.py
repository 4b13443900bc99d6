"""The shape of the emulated GIL is CPython's: how much longer two and four threads that compute take than one, and how often in a
second the lock is handed over.

usage: gil_shape.py CONVIS, in the repository's root. Prints TAP. Both sides take turns; of each side its least disturbed rounds are
compared, since others on the same cores stretch a round and never shorten it; where they are not alike, more rounds are made
before anything is said to differ."""
import json
import statistics
import subprocess
import sys
import tempfile

convis = sys.argv[1]
CPU, FACTOR, ROUNDS, MOST_ROUNDS = 0.1, 1.5, 3, 12
CASES = [(1, 5), (2, 5), (4, 5)]  # threads, switch interval in ms

# A thread that finds another's name in `last` has just been given the lock.
PYTHON = """
import json, sys, threading, time
n, interval, cpu = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
sys.setswitchinterval(interval)
last, handovers = None, 0

def compute(me):
    global last, handovers
    end = time.thread_time() + cpu
    while time.thread_time() < end:
        for _ in range(100):
            if last is not me:
                last = me
                handovers += 1

threads = [threading.Thread(target=compute, args=(object(),)) for _ in range(n)]
began = time.monotonic()
for t in threads: t.start()
for t in threads: t.join()
elapsed = time.monotonic() - began
print(json.dumps([elapsed, max(0, handovers - n) / elapsed]))
"""
SCENARIO = "[scenario]\ntitle = Shape\nmodel = threads+gil\nswitch_interval = {}ms\n[task computes x {}]\n    cpu {}ms\n"


def there(n, interval):
    done = subprocess.run([sys.executable, "-c", PYTHON, str(n), str(interval / 1000), str(CPU)], capture_output=True, text=True, timeout=60,
                          start_new_session=True)  # as the run is: the kernel gives each session its share
    return json.loads(done.stdout)


def here(n, interval, folder):
    path = f"{folder}/shape.ini"
    with open(path, "w", encoding="utf-8") as f:
        f.write(SCENARIO.format(interval, n, round(CPU * 1000)))
    done = subprocess.run([convis, "run", path, "--json"], capture_output=True, text=True, timeout=60)
    result = json.loads(done.stdout)
    elapsed = result["elapsed_s"]
    return [elapsed, result["switches"]["by_cause"].get("gil", 0) / elapsed]


def within(a, b):
    return a <= FACTOR * b and b <= FACTOR * a


def compare(theirs, ours):
    """Pairs of (name, CPython's, ours) that must be alike."""
    def median(side, case, what):
        quickest = sorted(side[case])[:(len(side[case]) + 2) // 3]
        return statistics.median(one[what] for one in quickest)
    pairs = [(f"{n} threads against 1", median(theirs, (n, 5), 0) / median(theirs, (1, 5), 0), median(ours, (n, 5), 0) / median(ours, (1, 5), 0))
             for n in (2, 4)]
    pairs += [(f"hand-overs in a second, {n} threads, every {interval} ms", median(theirs, (n, interval), 1), median(ours, (n, interval), 1))
              for n, interval in CASES if n > 1]
    return pairs


if not getattr(sys, "_is_gil_enabled", lambda: True)():
    print("ok 1 - the shape of the GIL # SKIP this CPython has none\n1..1")
    sys.exit()
theirs, ours = {case: [] for case in CASES}, {case: [] for case in CASES}
with tempfile.TemporaryDirectory() as folder:
    for rounds in range(1, MOST_ROUNDS + 1):
        for case in CASES:
            theirs[case].append(there(*case))
            ours[case].append(here(*case, folder))
        if rounds >= ROUNDS and all(within(a, b) for _, a, b in compare(theirs, ours)):
            break
failed = 0
for i, (name, a, b) in enumerate(compare(theirs, ours), 1):
    failed += not within(a, b)
    print(f"{'ok' if within(a, b) else 'not ok'} {i} - {name}: CPython {a:.3g}, here {b:.3g}")
print(f"# {rounds} rounds\n1..{i}")
sys.exit(failed > 0)
