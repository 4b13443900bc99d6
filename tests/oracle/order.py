"""Random programs of locks, semaphores, queues, yields, spawns and joins, each written twice: as a scenario and for asyncio. What
they append to `order` says in which order the loop let them go. No timers: two that are due together have no promised order."""
import random

HEAD_SCENARIO = ["[shared]", "order = []", "[sync]", "m = lock", "s = semaphore(2)", "q = queue(1)", "r = queue(2)"]
HEAD_PYTHON = ["import asyncio", "order = []", "async def join_all(kids):", "    kids = [k for k in kids if not k.done()]",
               "    if kids: await asyncio.gather(*kids)"]


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.scenario = list(HEAD_SCENARIO)
        self.python = list(HEAD_PYTHON)
        self.number = 0

    def both(self, indent, scenario, python):
        self.scenario.append(indent + scenario)
        self.python.append(indent + python)

    def note(self, indent):
        self.number += 1
        self.both(indent, f"append order, {self.number}", f"order.append({self.number})")

    def turn(self, indent):
        self.both(indent, self.random.choice(["await yield", "await sleep 0s"]), "await asyncio.sleep(0)")

    def pass_through(self, indent, me):
        q = self.random.choice("qr")
        self.both(indent, f"await put {q}, {me}", f"await {q}.put({me})")
        self.note(indent)
        if self.random.random() < .5:
            self.turn(indent)
        self.both(indent, f"await get {q} -> v", f"v = await {q}.get()")
        self.both(indent, "append order, v + 1000", "order.append(v + 1000)")

    def child(self, indent, me):
        c = self.random.randint(0, 2)
        self.scenario.append(f"{indent}spawn c{c}({me}) -> h")
        self.python += [f"{indent}h = asyncio.create_task(c{c}({me}))", f"{indent}kids.append(h)"]
        self.note(indent)
        if self.random.random() < .5:
            self.turn(indent)
        if self.random.random() < .7:
            self.both(indent, "await join h", "await h")

    def block(self, indent, depth, held, me):
        for _ in range(self.random.randint(1, 4)):
            kind = self.random.choice(["turn", "lock", "semaphore", "queue", "repeat", "child", "join all"])
            if kind == "turn":
                self.turn(indent)
            elif kind == "lock" and depth < 3 and not held:
                self.both(indent, "await with m:", "async with m:")
                self.block(indent + "    ", depth + 1, held + "m", me)
            elif kind == "semaphore" and depth < 3 and "s" not in held:
                self.both(indent, "await with s:", "async with s:")
                self.block(indent + "    ", depth + 1, held + "s", me)
            elif kind == "queue" and not held:
                self.pass_through(indent, me)
            elif kind == "repeat" and depth < 2:
                n = self.random.randint(2, 3)
                self.both(indent, f"repeat {n}:", f"for _ in range({n}):")
                self.block(indent + "    ", depth + 1, held, me)
            elif kind == "child" and not held:
                self.child(indent, me)
            elif kind == "join all" and not held:
                self.both(indent, "await join all", "await join_all(kids)")
            self.note(indent)


def program(seed):
    """The same program as the text of a scenario and as a Python program that prints `order`."""
    w = Writer(seed)
    for c in range(3):
        w.both("", f"[task c{c}(n)]", f"async def c{c}(n):")
        for _ in range(w.random.randint(1, 3)):
            if w.random.random() < .5:
                w.turn("    ")
            else:
                w.both("    ", "await with s:", "async with s:")
                w.turn("        ")
            w.note("    ")
    tasks = w.random.randint(2, 5)
    for t in range(tasks):
        w.both("", f"[task t{t}]", f"async def t{t}():")
        w.python.append("    kids = []")
        w.block("    ", 0, "", t)
        w.note("    ")
    w.python += ["async def main():", "    global m, s, q, r",
                 "    m, s, q, r = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Queue(1), asyncio.Queue(2)",
                 f"    await asyncio.gather({', '.join(f't{t}()' for t in range(tasks))})", "asyncio.run(main())", "print(order)"]
    return "\n".join(w.scenario) + "\n", "\n".join(w.python) + "\n"
