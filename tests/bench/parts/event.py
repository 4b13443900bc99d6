"""An event against a bare read of the clock."""
ORDER = 10


def measure(b):
    lines = b.command(b.program("emit"), str(b.rounds(1001))).splitlines()
    rounds = [tuple(map(float, line.split())) for line in lines if not line.startswith("#")]
    clock = next((f" ({line[9:]})" for line in lines if line.startswith("# clock: ")), "")
    b.row("event without values : bare clock read", [e0 / c for c, _, e0, _ in rounds], "×", 1.05)
    b.row("event with two values : bare clock read", [e1 / c for c, _, _, e1 in rounds], "×")
    b.row("storing the clock, 16 bytes each : bare clock read", [s / c for c, s, _, _ in rounds], "×")
    b.row("bare clock read" + clock, [c for c, *_ in rounds], " ns")
    b.note("The rounds are short, 2,400 events each: one that was interrupted stands at an end of the range.")
