"""Runs one program as `python3 PROGRAM` would, and tells what came of it.

usage: child.py PROGRAM REPORT: what the program prints goes to standard output, a line at a time whatever threads do, since that
is how the scenario prints; the report is JSON: its variables at the end, its CPU time, how it ended ("finished", "deadlock": the loop
waits and nothing will ever come, "failed")."""
import builtins
import json
import os
import resource
import runpy
import selectors
import sys
import threading
import traceback

program, report = sys.argv[1:]


class Deadlock(Exception):
    """asyncio would wait for ever: nothing is ready, no timer runs, no file but its own is watched, no worker is there to wake it."""


class Selector(selectors.DefaultSelector):
    def select(self, timeout=None):
        if timeout is None and len(self.get_map()) <= 1 and threading.active_count() == 1:
            raise Deadlock
        return super().select(timeout)


def line(*values, file=None, flush=True, **more):
    if file is not None:
        printed(*values, file=file, flush=flush, **more)
    else:
        os.write(1, (" ".join(map(str, values)) + "\n").encode())


def plain(value):
    """A value of the program for JSON; what it holds for all processes is looked at. KeyError: it is none."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, list):
        return [plain(v) for v in value]
    if hasattr(value, "get_lock"):
        return plain(value.value) if hasattr(value, "value") else value[:]
    if type(value).__name__ == "ListProxy":
        return value[:]
    raise KeyError(value)


printed, builtins.print = builtins.print, line
selectors.DefaultSelector = Selector
outcome, scope = "finished", {}
pid = os.getpid()
try:
    scope = runpy.run_path(program, run_name="__main__")
except Deadlock:
    outcome = "deadlock"
except Exception:
    if os.getpid() == pid:
        traceback.print_exc()
    outcome = "failed"
variables = {}
for name, value in scope.items():
    try:
        variables[name] = plain(value)
    except KeyError:
        if type(value).__name__ == "NamespaceProxy":
            variables.update(value._getvalue().__dict__)
cpu = sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
with open(report, "w") as f:
    json.dump({"outcome": outcome, "variables": variables, "cpu": cpu}, f)
