"""asyncio is the oracle for the order in which waiting tasks go on: random programs of conditions, events, barriers, locks,
semaphores and queues, from fixed seeds, written for both; what they print must be the same to the line, and so must what a
deadlock cuts off.

usage: sync_order.py CONVIS [SEEDS]. Prints TAP."""
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile

convis = sys.argv[1]
seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 240
BATCH = 20


class Program:
    """One random program, in both languages."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.puts = 0
        self.tasks = self.dice.randint(2, 5)
        self.parties = self.dice.randint(1, self.tasks)
        self.lines = [f"[sync]\nm = lock\nc = condition(m)\ne = event\nb = barrier({self.parties})\ns = semaphore(2)\nq = queue(2)\n"]
        self.python = ["import asyncio", "async def build(log):", "    m = asyncio.Lock()", "    c = asyncio.Condition(m)", "    e = asyncio.Event()",
                       f"    b = asyncio.Barrier({self.parties})", "    s = asyncio.Semaphore(2)", "    q = asyncio.Queue(2)"]
        for t in range(self.tasks):
            self.lines.append(f"[task t{t}]")
            self.python.append(f"    async def t{t}():")
            self.block(t, 1, self.dice.randint(3, 8))
        if self.dice.random() < 0.8:  # one that lets the others go on again and again, so that not all end in a deadlock
            self.pump()
        calls = ", ".join(f"t{t}()" for t in range(self.tasks))
        self.python.append(f"    return [{calls}]")

    def pump(self):
        self.lines.append(f"[task t{self.tasks}]")
        self.python.append(f"    async def t{self.tasks}():")
        self.tasks += 1
        for depth, ours, theirs in ((1, "repeat 40:", "for _ in range(40):"), (2, "await yield", "await asyncio.sleep(0)"), (2, "set e", "e.set()"),
                                    (2, "await with m:", "async with m:"), (3, "notify c", "c.notify()")):
            self.say(depth, ours, theirs)

    def say(self, depth, ours, theirs):
        self.lines.append("    " * depth + ours)
        self.python.append("    " * (depth + 1) + theirs)

    def block(self, t, depth, n):
        for i in range(n):
            what = self.dice.choice(["yield", "yield", "set", "clear", "event", "barrier", "with", "with", "permit", "put", "get", "repeat"])
            if what == "barrier" and self.parties > 2 or what == "get" and not self.puts or what == "put" and self.puts > 1:
                what = self.dice.choice(["yield", what, "permit"])
            self.puts += {"put": 1, "get": -1}.get(what, 0)
            if what == "yield":
                self.say(depth, "await yield", "await asyncio.sleep(0)")
            elif what == "set":
                self.say(depth, "set e", "e.set()")
            elif what == "clear":
                self.say(depth, "clear e", "e.clear()")
            elif what == "event":
                self.say(depth, "await wait e", "await e.wait()")
            elif what == "barrier":
                self.say(depth, "await barrier b", "await b.wait()")
            elif what == "put":
                self.say(depth, f"await put q, {t * 100 + i}", f"await q.put({t * 100 + i})")
            elif what == "get":
                self.say(depth, "await get q -> got", "got = await q.get()")
                self.say(depth, 'print "got {got}"', 'log(f"got {got}")')
            elif what == "permit":
                self.say(depth, "await with s:", "async with s:")
                self.say(depth + 1, "await yield", "await asyncio.sleep(0)")
            elif what == "repeat" and depth < 3:
                self.say(depth, "repeat 2:", "for _ in range(2):")
                self.block(t, depth + 1, 2)
            else:
                self.held(t, depth)
            self.say(depth, f'print "t{t}.{depth}.{i}"', f'log("t{t}.{depth}.{i}")')

    def held(self, t, depth):
        self.say(depth, "await with m:", "async with m:")
        for i in range(self.dice.randint(1, 3)):
            what = self.dice.choice(["yield", "notify", "notify", "notify_all", "wait"])
            ours = {"yield": "await yield", "notify": "notify c", "notify_all": "notify_all c", "wait": "await wait c"}[what]
            theirs = {"yield": "await asyncio.sleep(0)", "notify": "c.notify()", "notify_all": "c.notify_all()", "wait": "await c.wait()"}[what]
            self.say(depth + 1, ours, theirs)
            self.say(depth + 1, f'print "t{t} {what}"', f'log("t{t} {what}")')


def asyncio_prints(program):
    """Runs it until the loop has nothing ready: what was printed, and whether all tasks were done."""
    said, scope = [], {}
    exec("\n".join(program.python), scope)
    loop = asyncio.new_event_loop()
    done = []

    async def main():
        tasks = [loop.create_task(co) for co in await scope["build"](said.append)]
        await asyncio.gather(*tasks)
        done.append(True)

    first = loop.create_task(main())
    while loop._ready:
        loop.call_soon(loop.stop)
        loop.run_forever()
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False
    first._log_destroy_pending = False
    return said, bool(done)


def convis_prints(path, model):
    run = subprocess.run([convis, "run", path, "-m", model, "--json"], capture_output=True, text=True, timeout=60)
    try:
        there = json.loads(run.stdout)
        return there["output"], there["outcome"] == "finished"
    except ValueError:
        return [run.stdout + run.stderr], False


sys.unraisablehook = lambda _: None  # coroutines that a deadlock left behind
number = failures = deadlocks = 0
with tempfile.TemporaryDirectory() as folder:
    for first in range(0, seeds, BATCH):
        wrong = []
        for seed in range(first, min(first + BATCH, seeds)):
            program = Program(seed)
            path = os.path.join(folder, f"order{seed}.ini")
            with open(path, "w") as f:
                f.write("\n".join(program.lines) + "\n")
            expected = asyncio_prints(program)
            deadlocks += not expected[1]
            for model in ("stepped:async", "async") if seed % BATCH == 0 else ("stepped:async",):
                got = convis_prints(path, model)
                if got != expected:
                    wrong.append((seed, model, expected, got))
        number += 1
        print(f"{'not ok' if wrong else 'ok'} {number} - random programs {first} to {first + BATCH - 1}: the order of asyncio")
        for seed, model, expected, got in wrong[:2]:
            print(f"    seed {seed}, {model}\n    asyncio {expected}\n    convis  {got}")
        failures += bool(wrong)
number += 1
good = seeds // 10 < deadlocks < seeds * 9 // 10
print(f"{'ok' if good else 'not ok'} {number} - some of the programs end, some deadlock ({deadlocks} of {seeds})")
print(f"1..{number}")
sys.exit(failures > 0 or not good)
