# The GIL: two threads that compute take turns, two that wait overlap. Prints what was measured, as JSON.
import json
import sys
import threading
import time

if not getattr(sys, "_is_gil_enabled", lambda: True)():
    print(json.dumps({"gil": False}))
    sys.exit()

CPU = 0.3
turns = []
finished = {}
began = time.monotonic()

def cruncher(name):
    end = time.thread_time() + CPU
    while time.thread_time() < end:
        turns.append(name)
    finished[name] = time.monotonic() - began

def reader(name):
    time.sleep(0.3)
    finished[name] = time.monotonic() - began

threads = [threading.Thread(target=cruncher, args=("cruncher#%d" % i,)) for i in range(2)]
threads += [threading.Thread(target=reader, args=("reader#%d" % i,)) for i in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps({
    "gil": True,
    "elapsed": time.monotonic() - began,
    "handovers": sum(a != b for a, b in zip(turns, turns[1:])),
    "finished": finished,
}))
