"""What the observer costs: a run without a record, with the tasks' events, with the kernel's switches too."""
import json
import statistics

from measure import CannotMeasure

ORDER = 30


def observed(b, path, *words):
    text = b.command(b.convis, "run", path, "--observer", "-n", str(b.rounds(21)), "--json", *words, timeout=900)
    try:
        return json.loads(text)
    except ValueError as e:
        raise CannotMeasure(f"run --observer: {e}: {text[:200]}") from e


def ratios(b, what, result, way, limit=None):
    one = result["ways"][way]
    b.row(f"{what} : without a record, CPU time", one["cpu_time_ratios"], "×", limit)
    b.row("the same, elapsed", one["elapsed_ratios"], "×")


def measure(b):
    turns = 1000 if b.short else 20000
    apart = b.scenario("apart", f"[scenario]\ntitle = A microsecond apart\nmodel = async\n[task turn x 4]\n    x = 0\n    repeat {turns}:\n"
                       "        repeat 55:\n            x += 1\n        await yield\n")
    result = observed(b, apart)
    b.row("CPU time between two events of that run", [result["cpu_ns_a_record"]], " ns")
    ratios(b, "tasks' events, a microsecond apart", result, 1, 1.02)
    ratios(b, "and the kernel's", result, 2)
    switching = b.scenario("switching", f"[scenario]\ntitle = Switching\n[task turn x 2]\n    repeat {turns // 10}:\n        sleep 20us\n")
    for source in "perf", "rseq", "usage":
        result = observed(b, switching, "-m", "threads", "--switch-source", source)
        if result["switch_source"] != source:
            b.note(f"{source} is refused here.")
            continue
        ratios(b, f"threads that sleep 20 µs at a time, told by {source}", result, 2)
        more = max(0, result["watched_switch_ns"] - result["switch_ns"])
        b.row(f"what {source} adds to a switch of {result['switch_ns'] / 1000:.2f} µs", [more], " ns")
