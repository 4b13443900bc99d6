"""Random scenarios, translated by `convis python` and run by CPython's asyncio, print the same lines in the same order, and end
in the same way. asyncio runs in virtual time: its selector does not wait, it moves the loop's clock. So hundreds of programs run
in one process, and none depends on how busy the machine is. Each is run by the stepped engine, in its virtual time too; those
that have no timers by the real loop as well.

usage: translated.py CONVIS [PROGRAMS [FIRST SEED]]. Prints TAP."""
import asyncio
import builtins
import contextlib
import io
import json
import os
import random
import re
import selectors
import subprocess
import sys
import tempfile
import time

convis = sys.argv[1]
programs = int(sys.argv[2]) if len(sys.argv) > 2 else 300
first_seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
BATCH = 30


# ── asyncio in virtual time ─────────────────────────────────────────────────────────────────────────
class Deadlock(Exception):
    """Nothing is ready and no timer runs."""


class Selector(selectors.DefaultSelector):
    loop = None

    def select(self, timeout=None):
        if timeout is None:
            raise Deadlock
        self.loop.now += max(timeout, 0)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    now = 0.0

    def __init__(self):
        selector = Selector()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-9
        self.set_exception_handler(lambda loop, context: None)

    def time(self):
        return self.now


class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self):
        return Loop()


def like_ours(line):
    line = re.sub(r"\[[^\[\]]*\]", lambda m: m[0].replace("'", '"'), line)
    for theirs, ours in ("None", "none"), ("True", "true"), ("False", "false"):
        line = re.sub(rf"\b{theirs}\b", ours, line)
    return line


def cpython(text):
    """What the program prints, and whether it came to its end."""
    said = []
    scope = {"__name__": "__main__", "print": lambda value: said.append(like_ours(str(value)))}
    try:
        exec(compile(text, "scenario.py", "exec"), scope)
        return said, "finished"
    except Deadlock:
        return said, "deadlock"
    except RuntimeError as error: # the main task failed: it said so, and that is the end
        return said, "finished" if str(error) == "on purpose" else repr(error)
    except Exception as error:
        return said, repr(error)


# ── random scenarios ────────────────────────────────────────────────────────────────────────────────
class Scenario:
    """Tasks that share variables and objects. Sleeps are powers of two of 10 ms, each used once, so that no two timers are ever due
    together; everything else takes no time at all in asyncio, and microseconds here."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.marks = 0
        self.power = 0
        self.timers = self.dice.random() < 0.6
        self.lines = ["[scenario]", "[params]", "n = 3 in 1..9", "pause = 10ms", "[shared]", "x = 1", "y = 5", "seen = []", "pair = [0, 7]",
                      "flag = false", "who = none", "[sync]", "m = lock", "k = lock", "s = semaphore(2)", "q = queue(2)", "jobs = queue", "e = event",
                      "c = condition(m)"]
        self.children = self.dice.randint(1, 3)
        for child in range(self.children):
            self.task(f"child{child}(a, b)", ["a", "b"], 2, child)
        self.explicit = self.dice.random() < 0.4
        headers = [self.header(t) for t in range(self.dice.randint(2, 4))]
        for t, (header, locals_) in enumerate(headers):
            if not self.explicit:
                self.task(header, locals_, 4, self.children)
        self.helper()
        if self.explicit:
            self.task(None, [], 6, self.children)

    def text(self):
        return "\n".join(self.lines) + "\n"

    def header(self, t):
        kind = self.dice.choice(["one", "many", "names", "numbers"])
        return {"one": (f"task{t}", []), "many": (f"task{t} x {self.dice.choice(['2', '3', 'n'])}", []),
                "names": (f'task{t} for user in "Ann", "Bob {t}"', ["user"]), "numbers": (f"task{t} for v in 3, -4", ["v"])}[kind]

    def helper(self):
        """Gives everybody what they may wait for, a while, so that not all end in a deadlock."""
        if self.dice.random() < 0.15 or self.explicit:
            return
        self.lines += ["[task helper]", "    repeat 60:", "        await yield", "        set e", "        await put jobs, 0", "        await with m:", "            notify c"]

    def task(self, header, locals_, size, children):
        self.lines.append(f"[task {header}]" if header else "[main]")
        self.many = header is not None and ("x" in header.split() or " for " in header)
        self.spawned = header is not None and "(" in header
        self.locals = list(locals_)
        self.handles = False
        self.kids = children
        self.block(1, size, "", 0)
        self.say(1)

    def say(self, depth):
        self.marks += 1
        self.put(depth, f'print "{{name}} {self.marks}: {{{self.expression(2)}}} {self.braces()}"')

    def put(self, depth, line):
        self.lines.append("    " * depth + line)

    def braces(self):
        return self.dice.choice(["", "{x}", "{pair}", "{len(seen)}", "{{braces}}", "\\\\ and ' here", "{me}", "{flag} {who}", "{x - (y - 1)}", '{pause / 2ms}'])

    # ── expressions: of numbers only, so that none fails ──
    def number(self):
        names = ["x", "y", "n", "me", "pair[0]", "pair[-1]", "len(pair)"] + [name for name in self.locals if name not in ("user",)]
        return self.dice.choice(names + [str(self.dice.randint(0, 9))])

    def expression(self, depth):
        if depth == 0 or self.dice.random() < 0.25:
            return self.number()
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        kind = self.dice.choice(["+", "-", "*", "/", "%", "(", "-", "neg", "min", "max", "and", "not"])
        if kind in "/%":
            return f"({a}) {kind} (({b}) % 5 - 6)" if self.dice.random() < 0.5 else f"{a} {kind} 3"
        if kind == "(":
            return f"({a} {self.dice.choice('+-')} {b}) * {self.number()}"
        if kind == "neg":
            return f"-({a})" if self.dice.random() < 0.5 else f"-{self.number()}"
        if kind in ("min", "max"):
            return f"{kind}({a}, {b})"
        if kind == "and":
            return f"(({self.condition(depth - 1)}) + {b})"
        if kind == "not":
            return f"(not {self.number()} or {self.number()} > 2) + {b}"
        return f"{a} {kind} {b}"

    def condition(self, depth=1):
        a, b = self.expression(depth), self.expression(depth)
        plain = f"{a} {self.dice.choice(['==', '!=', '<', '<=', '>', '>='])} {b}"
        return self.dice.choice([plain, f"not {plain}", f"{plain} and flag", f"flag or {plain}", f"({plain}) == flag", "who != none and not flag",
                                 f"{a} > 0 and {b} < 4 or not flag", f"not ({a} > 1 and {b} < 9)"])

    # ── statements ──
    def block(self, depth, size, held, loops):
        before = len(self.lines)
        for _ in range(self.dice.randint(1, size)):
            kinds = ["yield", "yield", "assign", "assign", "augment", "say", "if", "loop", "list", "lock", "permit", "queue", "event", "condition", "cas", "spawn", "join",
                     "sleep", "leave", "fail", "group"]
            getattr(self, "st_" + self.dice.choice(kinds))(depth, size, held, loops)
        if len(self.lines) == before:
            self.put(depth, "pass")

    def st_yield(self, depth, size, held, loops):
        self.put(depth, self.dice.choice(["await yield", "await sleep 0s"]))

    def st_say(self, depth, size, held, loops):
        self.say(depth)

    def st_assign(self, depth, size, held, loops):
        kind = self.dice.choice(["x", "y", "local", "pair", "flag", "who", "atomic"])
        value = f"({self.expression(2)}) % 100"
        if kind == "local":
            name = f"v{self.dice.randint(1, 3)}"
            self.put(depth, f"{name} = {value}")
            if depth == 1 and name not in self.locals:
                self.locals.append(name)
        else:
            self.put(depth, {"x": f"x = {value}", "y": f"y = {value}", "pair": f"pair[{self.dice.choice(['0', '1', 'me % 2'])}] = {value}",
                             "flag": f"flag = {self.condition()}", "who": self.dice.choice(["who = name", "who = none", 'who = "x{x}"']),
                             "atomic": f"atomic x += {self.number()} % 7"}[kind])

    def st_augment(self, depth, size, held, loops):
        target = self.dice.choice(["x", "y", "pair[1]"] + [name for name in self.locals if name.startswith("v")])
        self.put(depth, f"{target} {self.dice.choice(['+=', '-='])} ({self.expression(1)}) % 50")
        if self.dice.random() < 0.3:
            self.put(depth, f"{target} {self.dice.choice(['/= 3', '%= 17', '*= -1'])}")

    def st_list(self, depth, size, held, loops):
        self.put(depth, self.dice.choice([f"append seen, {self.number()}", "append seen, name", "own = pair", "append seen, none"]))
        if self.lines[-1].strip() == "own = pair":
            self.put(depth, f"own[0] += {self.number()} % 9")
            self.put(depth, 'print "{name} {own} {pair}"')

    def st_if(self, depth, size, held, loops):
        if depth > 3:
            return
        self.put(depth, f"if {self.condition()}:")
        self.block(depth + 1, 2, held, loops)
        if self.dice.random() < 0.4:
            self.put(depth, f"elif {self.condition()}:")
            self.block(depth + 1, 2, held, loops)
        if self.dice.random() < 0.5:
            self.put(depth, "else:")
            self.block(depth + 1, 1, held, loops)

    def st_loop(self, depth, size, held, loops):
        if loops > 1 or depth > 3:
            return
        kind = self.dice.choice(["repeat", "for", "while"])
        if kind == "while":
            self.put(depth, f"w{loops} = 0")
            self.put(depth, f"while w{loops} < 3 and {self.dice.choice(['true', 'not flag', 'x < 90'])}:")
            self.put(depth + 1, f"w{loops} += 1")
        elif kind == "for":
            self.put(depth, f"for i{loops} in {self.dice.choice(['0..2', '1..n', '-1..1', 'x % 3..2', 'n..n + 1', '0..len(pair) - 1'])}:")
            self.put(depth + 1, f"append seen, i{loops}")
        else:
            self.put(depth, f"repeat {self.dice.choice(['2', 'n', 'y % 3'])}:")
        self.block(depth + 1, 2, held, loops + 1)
        if self.dice.random() < 0.3:
            self.put(depth + 1, f"if {self.condition()}:")
            self.put(depth + 2, self.dice.choice(["break", "continue"]))

    def st_leave(self, depth, size, held, loops):
        if depth > 1 and self.dice.random() < 0.2:
            self.put(depth, f"if {self.condition()}:")
            self.put(depth + 1, "return")

    def st_fail(self, depth, size, held, loops):
        if self.dice.random() < 0.1:
            self.put(depth, f"if {self.condition()}:")
            self.put(depth + 1, 'fail "on purpose"')

    def st_lock(self, depth, size, held, loops):
        name = self.dice.choice("mk")
        if name in held or depth > 3 or (held and self.dice.random() < 0.7):
            return
        if self.dice.random() < 0.3:
            self.put(depth, f"await lock {name}")
            self.put(depth, "await yield")
            self.put(depth, f"unlock {name}")
            return
        self.put(depth, f"await with {name}:")
        self.block(depth + 1, 2, held + name, loops)

    def st_permit(self, depth, size, held, loops):
        if "s" in held or depth > 3:
            return
        if self.dice.random() < 0.3:
            self.put(depth, "await acquire s")
            self.put(depth, "await yield")
            self.put(depth, "release s")
            return
        self.put(depth, "await with s:")
        self.block(depth + 1, 2, held + "s", loops)

    def st_queue(self, depth, size, held, loops):
        if held:
            return
        name = self.dice.choice(["q", "jobs", "jobs"])
        self.put(depth, f"await put {name}, {self.dice.choice([self.number(), 'name', 'none'])}")
        if self.dice.random() < 0.85:
            if self.dice.random() < 0.5:
                self.put(depth, "await yield")
            self.put(depth, f"await get {name} -> got")
            self.put(depth, 'print "{name} got {got}"')

    def st_event(self, depth, size, held, loops):
        if not held:
            self.put(depth, self.dice.choice(["set e", "set e", "clear e", "await wait e"]))

    def st_condition(self, depth, size, held, loops):
        if held:
            return
        self.put(depth, "await with m:")
        self.put(depth + 1, self.dice.choice(["notify c", "notify_all c", "await wait c", "notify c"]))
        self.put(depth + 1, 'print "{name} on"')

    def st_cas(self, depth, size, held, loops):
        self.put(depth, f"if {self.dice.choice([f'cas(x, {self.number()}, 3)', 'cas(pair[0], x, y)', 'cas(flag, false, true)'])}:")
        self.say(depth + 1)

    def st_sleep(self, depth, size, held, loops):
        if not self.timers or loops or self.spawned or self.power > 11:
            return
        if self.many:
            if "me" not in "".join(self.lines[-1:]) and self.power < 10:
                self.put(depth, f"if me < 2:")
                self.put(depth + 1, f"await {self.dice.choice(['sleep', 'fetch'])} {10 * 2 ** self.power}ms * (1 + me)")
                self.power += 2
            return
        how = self.dice.choice([f"{10 * 2 ** self.power}ms", f"pause * {2 ** self.power}", f"2 * pause * {2 ** self.power} - {10 * 2 ** self.power}ms"])
        if self.dice.random() < 0.3:
            self.put(depth, f"long = {how}")
            how = "long"
        self.put(depth, f"await {self.dice.choice(['sleep', 'fetch'])} {how}")
        self.power += 1

    def st_spawn(self, depth, size, held, loops):
        if not self.kids:
            return
        child = f"child{self.dice.randint(0, self.kids - 1)}({self.number()}, {self.number()})"
        if depth == 1 and not self.handles:
            self.put(depth, f"spawn {child} -> h")
            self.handles = True
        else:
            self.put(depth, f"spawn {child}")

    def st_join(self, depth, size, held, loops):
        if held:
            return
        if self.handles and self.dice.random() < 0.6:
            self.put(depth, "await join h")
        elif self.kids:  # one at least that is not done: gather() of tasks that all are gives others a turn
            self.put(depth, f"spawn child0({self.number()}, 1)")
            self.put(depth, "await join all")

    def st_group(self, depth, size, held, loops):
        if not self.kids or held:
            return
        self.put(depth, f"for g in {self.dice.choice(['0..1', '1..n'])}:" if self.dice.random() < 0.5 else "repeat n:")
        self.put(depth + 1, f"spawn child{self.kids - 1}({'g' if self.lines[-1].strip().startswith('for') else '4'}, x)")
        self.put(depth, "await join all")


# ── holding ─────────────────────────────────────────────────────────────────────────────────────────
def convis_prints(path, model):
    run = subprocess.run([convis, "run", path, "-m", model, "--json", "--timeout", "80000s"], capture_output=True, text=True, timeout=60)
    try:
        there = json.loads(run.stdout)
        return there["output"], there["outcome"]
    except ValueError:
        return [run.stdout + run.stderr], "nothing"


def held(seed, folder):
    """What is wrong with one program, or nothing; and how it ended."""
    scenario = Scenario(seed)
    path = os.path.join(folder, f"random{seed}.ini")
    with open(path, "w") as f:
        f.write(scenario.text())
    written = subprocess.run([convis, "python", path, "-m", "async"], capture_output=True, text=True)
    if written.returncode:
        return [scenario.text(), written.stderr], "nothing"
    expected = cpython(written.stdout)
    wrong = []
    for model in ("stepped:async",) if scenario.power else ("stepped:async", "async"):
        got = convis_prints(path, model)
        if got != expected:
            wrong += [f"seed {seed}, {model}", scenario.text(), written.stdout, f"CPython {expected}", f"convis  {got}"]
    return wrong, expected[1]


asyncio.set_event_loop_policy(Policy())
sys.unraisablehook = lambda _: None  # coroutines that a deadlock left behind
number = failures = 0
ends = {}
with tempfile.TemporaryDirectory() as folder:
    for first in range(first_seed, first_seed + programs, BATCH):
        last = min(first + BATCH, first_seed + programs) - 1
        wrong = []
        for seed in range(first, last + 1):
            told, end = held(seed, folder)
            ends[end] = ends.get(end, 0) + 1
            wrong.append(told)
        wrong = [told for told in wrong if told]
        number += 1
        print(f"{'not ok' if wrong else 'ok'} {number} - random programs {first} to {last}: CPython prints the same")
        for told in wrong[:1]:
            print("    " + "\n".join(told).replace("\n", "\n    "))
        failures += bool(wrong)
number += 1
good = ends.get("finished", 0) > programs // 3 and ends.get("deadlock", 0) > programs // 50
print(f"{'ok' if good else 'not ok'} {number} - most of them end, some deadlock: {ends}")
print(f"1..{number}")
sys.exit(failures > 0 or not good)
