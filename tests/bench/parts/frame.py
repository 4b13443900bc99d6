"""The first frame after the start, against a program that does nothing."""
import os

from measure import HOME, CannotMeasure
from screen import Screen

ORDER = 80


def measure(b):
    path = os.path.join(HOME, "scenarios", "stale-global.ini")
    first, nothing = [], []
    for _ in range(b.rounds()):
        s = Screen([b.convis, path], 80, 24)
        seconds = s.wait_for(["Timeline", "Two users"], 10)
        shown = s.text
        s.end()
        if seconds is None:
            raise CannotMeasure(f"no first frame within 10 s; it drew {shown[-300:]!r}")
        first.append(seconds * 1000)
        s = Screen(["/bin/echo", "nothing"], 80, 24)
        seconds = s.wait_for(["nothing"], 10)
        s.end()
        nothing.append(seconds * 1000)
    b.row("first frame after the start, 80x24", first, " ms", 50)
    b.row("the same of /bin/echo", nothing, " ms")
