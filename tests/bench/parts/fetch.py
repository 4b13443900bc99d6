"""10,000 fetches under async against a bare libuv program that does the same."""
ORDER = 40


def measure(b):
    count, delay = (500 if b.short else 10000), 100
    path = b.scenario("fetches", f"[scenario]\ntitle = Fetches\nmodel = async\ntimeout = 60s\n[task one x {count}]\n    await fetch {delay}ms\n")
    ours, theirs, our_cpu, their_cpu, lost = [], [], [], [], 0
    for _ in range(b.rounds(21)):
        result = b.run(path, "async")
        ours.append(result["elapsed_s"] * 1000)
        our_cpu.append(result["cpu_time_s"] * 1e6 / count)
        lost += result["events"]["lost"]
        elapsed, cpu = map(int, b.command(b.program("fetches"), b.convis, str(count), str(delay * 1000000)).split())
        theirs.append(elapsed / 1e6)
        their_cpu.append(cpu / 1e3 / count)
    b.row(f"{count:,} fetches of {delay} ms at once, recorded : bare libuv, elapsed", [o / t for o, t in zip(ours, theirs)], "×", 1.3)
    b.row("the same in CPU time", [o / t for o, t in zip(our_cpu, their_cpu)], "×", 1.3)
    b.row("async, elapsed", ours, " ms")
    b.row("bare libuv, elapsed", theirs, " ms")
    b.row("async, CPU time of a fetch", our_cpu, " µs")
    b.row("bare libuv, CPU time of a fetch", their_cpu, " µs")
    b.note(f"Both ask the same server, a process of its own, over a Unix socket, a connection each. {lost:,} records were lost. Elapsed includes the {delay} ms "
           "that every answer takes, and in ours starting the tasks.")
