"""What a frame costs by the length of the record, beside a linear scan of the same slices.

Made-up runs of threads, a slice each event; frames held at random places, at every zoom, the zooms taking turns."""
import collections
import statistics

from measure import number, p99

ORDER = 60


def measure(b):
    lines, worst = [], {}
    sizes = ((20000, 40), (20000, 2000)) if b.short else ((100000, 40), (1000000, 40), (10000000, 40), (100000000, 40), (2000000, 100000))
    for slices, tasks in sizes:
        for shape in ("uniform", "bursty"):
            frames, record = collections.defaultdict(list), None
            for line in b.command(b.program("model"), str(slices), shape, str(b.rounds()), str(tasks), timeout=1800).splitlines():
                what, *words = line.split()
                if what == "record":
                    record = [float(w) for w in words]
                else:
                    frames[what, int(words[0])].append((int(words[1]) / 1e6, int(words[2]) / 1e6))
            zooms = sorted(column for what, column in frames if what == "frame")

            def cpu(what, column):
                return p99([f[1] for f in frames[what, column]])

            def wall(what, column):
                return p99([f[0] for f in frames[what, column]])
            bad = max(zooms, key=lambda z: cpu("frame", z))
            good = min(zooms, key=lambda z: cpu("frame", z))
            panes = max(zooms, key=lambda z: cpu("whole", z))
            scan = statistics.median(f[1] for f in frames["scan", bad])
            lines.append((f"{slices:,}", f"{tasks:,}", shape, number(record[1]), number(record[2]), f"{cpu('frame', good):.2f} ({span(good)})", f"{cpu('frame', bad):.2f} ({span(bad)})",
                          f"{wall('frame', bad):.2f}", f"{cpu('whole', panes):.2f}", f"{scan:.1f}", f"{scan / statistics.median(f[1] for f in frames['frame', bad]):.0f}×"))
            worst[slices, tasks, shape] = [f[1] for f in frames["frame", bad]], [f[0] for f in frames["frame", bad]], record
    for (slices, tasks, shape), (cpu_ms, wall_ms, record) in worst.items():
        if slices == max(s for s, _, _ in worst) or tasks == max(t for _, t, _ in worst):
            b.row(f"99 of 100 frames at the worst zoom, {slices:,} slices of {tasks:,} tasks, {shape}", cpu_ms, " ms", 16, of=p99)
            b.row("the same as time that elapses, others using the cores too", wall_ms, " ms", 16, of=p99)
        if slices == max(s for s, _, _ in worst):
            b.row(f"index, {shape}", [record[1]], " bytes a slice", 3)
            b.row(f"to tell the model an event, {shape}", [record[3]], " ns")
    b.table(("slices", "tasks", "", "index, bytes a slice", "all, bytes a slice", "best zoom, p99 in ms (a column)", "worst zoom, p99 in ms (a column)", "the same elapsed, ms",
             "all panes 200x60, worst zoom, p99 in ms", "linear scan at the worst zoom, ms", "scan : frame, medians"), lines)
    b.note("Milliseconds of CPU time but where it says elapsed. A frame: the timeline alone, 40 lanes (of 100,000: 40 of them and the sum of the rest) of more than 200 columns, columns not kept from an earlier frame. "
           "The linear scan only adds up the columns and draws nothing.")


def span(ns):
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= unit:
            return f"{ns / unit:.3g} {name}"
    return f"{ns} ns"
