"""A switch by the kernel: a bare futex ping-pong, the same while perf records it, and the same game played by a scenario."""
ORDER = 25


def measure(b):
    rounds, turns = b.rounds(31), 500 if b.short else 5000
    lines = [tuple(map(float, line.split())) for line in b.command(b.program("pingpong"), str(rounds)).splitlines()]
    bare, watched = [x for x, _ in lines], [y for _, y in lines]
    b.row("bare futex ping-pong, one core, a switch", bare, " ns")
    if all(watched):
        b.row("recorded by the kernel (perf) : bare", [y / x for x, y in lines], "×")
        b.row("what the kernel's record adds to a switch", [y - x for x, y in lines], " ns")
    else:
        b.absent("the kernel's record: perf is refused")
    path = b.scenario("pingpong", f"[scenario]\ntitle = Ping-pong\nmodel = threads\ncores = 1\ntimeout = 60s\n[sync]\nping = queue(1)\npong = queue(1)\n"
                      f"[task first]\n    repeat {turns}:\n        await put ping, 1\n        await get pong -> x\n"
                      f"[task second]\n    repeat {turns}:\n        await get ping -> x\n        await put pong, 1\n")
    for model, what in (("threads", "threads of a scenario, through two queues"), ("async", "coroutines of a scenario, through two queues")):
        values, ratios = [], []
        for i in range(min(rounds, 21)):
            result = b.run(path, model)
            switches = result["switches"]["awaits"] if model == "async" else sum(t["voluntary"] for t in result["tasks"])
            values.append(result["elapsed_s"] * 1e9 / max(1, switches))
            ratios.append(values[-1] / float(b.command(b.program("pingpong"), "1").split()[0]))
        b.row(f"{what}, recorded, a switch", values, " ns")
        b.row("the same : bare futex ping-pong", ratios, "×")
