"""What the viewer takes of a core, and the bytes it draws.

Two live runs and one that is over, each on a screen of 200x60, at the same time."""
from measure import CannotMeasure
from screen import Screen, read_all

ORDER = 90


def measure(b):
    busy = b.scenario("busy", "[scenario]\ntitle = Busy\nmodel = async\ntimeout = 300s\n[shared]\nn = 0\n[task work x 8]\n    repeat 1000000:\n"
                      "        cpu 200us\n        n += 1\n        await sleep 10ms\n")
    over = b.scenario("over", "[scenario]\ntitle = Over\nmodel = async\n[task work x 8]\n    await sleep 10ms\n    print \"done\"\n")
    screens = {"live, async": Screen([b.convis, busy], 200, 60), "live, threads": Screen([b.convis, busy, "-m", "threads"], 200, 60),
               "run over, nothing changes": Screen([b.convis, over], 200, 60)}
    shares = {name: [] for name in screens}
    try:
        for name, s in screens.items():
            if s.wait_for(["Timeline"], 10) is None:
                raise CannotMeasure(f"viewer, {name}: nothing drawn; it said {s.text[-300:]!r}")
        read_all(screens.values(), 0.5 if b.short else 3)
        drawn, rounds = {name: s.bytes for name, s in screens.items()}, b.rounds()
        for _ in range(rounds):
            before = {name: s.cpu_ns() for name, s in screens.items()}
            read_all(screens.values(), 1)
            for name, s in screens.items():
                if s.ended:
                    raise CannotMeasure(f"viewer, {name}: gone")
                shares[name].append((s.cpu_ns() - before[name]) / 1e7)
        for name, s in screens.items():
            b.row(f"viewer's share of a core, 200x60, {name}", shares[name], " %", 1 if "over" in name else 5)
            b.note(f"The viewer, {name}: {(s.bytes - drawn[name]) / rounds:,.0f} bytes drawn a second.")
    except OSError as e:
        raise CannotMeasure(f"viewer: {e}") from e
    finally:
        for s in screens.values():
            s.end()
