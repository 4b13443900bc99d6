"""What the parts of the bench share: rows with median and range, commands, scenarios, and the section of a part in BENCHMARKS.md.

A part is a file in tests/bench/parts: its docstring's first line is the section's title, ORDER its place in the page, and
`measure(b)` measures, in rounds that take turns, and says rows and notes. A part that only some machines can measure calls b.absent()."""
import json
import os
import platform
import re
import statistics
import subprocess

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(HOME, "BENCHMARKS.md")
HEAD = """# Benchmarks

Made by `make bench`; one section alone by `make bench PART=name`, which leaves the others as they are. Every figure is the
median of at least 11 rounds that took turns in one run, with their range: on a machine that others use too, read the ratios.
"""


class CannotMeasure(Exception):
    pass


def p99(values):
    """What 99 of 100 do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]


def number(v):
    return f"{v:,.0f}" if abs(v) >= 1000 else f"{v:.3g}"


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), model)
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / (1 << 20)
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, CPython {platform.python_version()}"


class Bench:
    """One part being measured. short: one quick round, to see that it still runs; nothing is written then."""

    def __init__(self, name, build, folder, short):
        self.name, self.build, self.folder, self.short = name, build, folder, short
        self.convis = os.environ.get("CONVIS", os.path.join(build, "convis"))
        self.rows, self.notes, self.tables = [], [], []

    def rounds(self, least=11):
        return 1 if self.short else max(11, least, int(os.environ.get("ROUNDS", "11")))

    def row(self, what, values, unit, limit=None, at_most=True, of=statistics.median):
        """One line of the table: values of all rounds, and what must be reached by the median (or what else `of` makes of them)."""
        median = of(values)
        reached = "" if limit is None else "yes" if (median <= limit if at_most else median >= limit) else "**no**"
        wanted = "" if limit is None else f"{'≤' if at_most else '≥'} {limit:g}{unit}"
        self.rows.append((what, f"{number(median)}{unit}", f"{number(min(values))} … {number(max(values))}", str(len(values)), wanted, reached))
        print(f"{what}: {number(median)}{unit} ({number(min(values))} … {number(max(values))}; {len(values)} rounds)"
              + (f"  wanted {wanted}: {reached.strip('*')}" if wanted else ""), flush=True)

    def note(self, text):
        self.notes.append(text)

    def table(self, heads, lines):
        """A table of the part's own, under its rows."""
        text = "| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|\n" + "".join("| " + " | ".join(line) + " |\n" for line in lines)
        self.tables.append(text)
        print(text, end="", flush=True)

    def absent(self, what):
        """Not measured here, and said so: what is missing."""
        self.note(f"Not measured here: {what}.")
        print(f"not measured: {what}", flush=True)

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def command(self, *argv, timeout=300, env=None):
        try: # a session of its own, as a run has: the kernel gives each its share of the cores
            done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                                  start_new_session=True)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise CannotMeasure(str(e)) from e
        if done.returncode not in (0, 1):
            raise CannotMeasure(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def scenario(self, name, text):
        path = os.path.join(self.folder, name + ".ini")
        with open(path, "w") as f:
            f.write(text)
        return path

    def run(self, path, model, *more):
        out = self.command(self.convis, "run", path, "-m", model, "--json", *more)
        try:
            result = json.loads(out)
        except ValueError as e:
            raise CannotMeasure(f"run --json of {os.path.basename(path)}: {e}: {out[:200]}") from e
        if result["outcome"] != "finished":
            raise CannotMeasure(f"{os.path.basename(path)}: {result['outcome']}")
        return result

    # ── the page ──
    def section(self, title):
        commit = subprocess.run(["git", "-C", HOME, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        text = f"## {title}\n\n`make bench PART={self.name}`{', at ' + commit if commit else ''}, on {machine()}.\n"
        if self.rows:
            text += "\n| what | median | range | rounds | wanted | reached |\n|---|---|---|---|---|---|\n"
            text += "".join("| " + " | ".join(r) + " |\n" for r in self.rows)
        return text + "".join("\n" + t for t in self.tables) + "".join("\n" + n + "\n" for n in self.notes)


def write(name, order, text):
    """Puts a part's section into the page, in its place; the others stay as they are."""
    sections = {}
    if os.path.exists(PAGE):
        with open(PAGE) as f:
            for number_, part, body in re.findall(r"<!-- part (\d+) (\w+) -->\n(.*?)<!-- end -->\n", f.read(), re.S):
                sections[part] = (int(number_), body)
    sections[name] = (order, text)
    with open(PAGE + ".new", "w") as f:
        f.write(HEAD)
        for part, (number_, body) in sorted(sections.items(), key=lambda item: (item[1][0], item[0])):
            f.write(f"\n<!-- part {number_} {part} -->\n{body}<!-- end -->\n")
    os.replace(PAGE + ".new", PAGE)
