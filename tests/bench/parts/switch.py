"""A switch between coroutines, recorded, against CPython's."""
import os
import platform
import sys

from measure import CannotMeasure

ORDER = 20


def measure(b):
    tasks, turns, python_turns = 10, 5000 if b.short else 50000, 400 if b.short else 4000
    path = b.scenario("turns", f"[scenario]\ntitle = Turns\nmodel = async\n[task turn x {tasks}]\n    repeat {turns}:\n        await yield\n")
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    ours, theirs, our_cpu, their_cpu, lost, recorded = [], [], [], [], 0, 0
    for _ in range(b.rounds(51)):
        result = b.run(path, "async")
        awaits = result["switches"]["awaits"]
        if awaits < tasks * turns:
            raise CannotMeasure(f"{awaits} awaits counted, not {tasks * turns}")
        ours.append(result["elapsed_s"] * 1e9 / awaits)
        our_cpu.append(result["cpu_time_s"] * 1e9 / awaits)
        lost += result["events"]["lost"] + result["events"]["overwritten"]
        recorded += result["events"]["recorded"]
        wall, cpu = map(float, b.command(sys.executable, os.path.join(here, "sleep0.py"), str(tasks), str(python_turns)).split())
        theirs.append(wall)
        their_cpu.append(cpu)
    b.row("asyncio.sleep(0) : await yield, recorded", [t / o for t, o in zip(theirs, ours)], "×", 26.7, at_most=False)
    b.row("the same in CPU time", [t / o for t, o in zip(their_cpu, our_cpu)], "×", 26.7, at_most=False)
    b.row("await yield, recorded", ours, " ns")
    b.row("the same in CPU time", our_cpu, " ns")
    b.row(f"asyncio.sleep(0), CPython {platform.python_version()}", theirs, " ns")
    b.note(f"{recorded:,} records recorded, {lost:,} lost ({100 * lost / (recorded + lost):.0f} %). A reader that gets less of the second core loses "
           "more; what is lost is counted, and takes less time than what is recorded. Our run is two processes, CPython's is one: where "
           "others use the cores, the time that elapses burdens ours more, and the ratio in CPU time is the steadier one.")
