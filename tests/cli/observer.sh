#!/bin/bash
# `convis run --observer`: what watching costs, told as ratios of rounds that take turns.
. "$(dirname "$0")/lib"

scenario work <<'INI'
[scenario]
title = Work
model = async
[task t x 2]
    repeat 20:
        cpu 100us
        await yield
INI
run run --observer -n 3 "$scratch/work.ini"
ok "exit 0" exits 0
ok "three ways" test "$(grep -cE "^(no record|tasks' events|and the kernel's) " "$out")" = 3
ok "the tier is named" grep -Eq 'kernel switches: (perf|rseq|usage)' "$out"
run run --observer -n 3 "$scratch/work.ini" -m threads --json
ok "--json: exit 0" exits 0
ok "--json: the three ways, 4 ms of CPU time each" json \
    '[w["way"] for w in d["ways"]] == ["off", "user", "user_and_kernel"] and all(0.004 <= w["cpu_time_s"] < 1 for w in d["ways"])'
ok "--json: ratios to the run without a record" json 'd["ways"][0]["elapsed_ratio"] == 1 and all(w["cpu_time_ratio"] > 0.5 for w in d["ways"])'
ok "--json: what was recorded, nothing lost" json 'd["records"] >= 80 and d["lost"] == 0'
ok "--json: what a record and a switch cost here" json '0 < d["clock_ns"] <= d["event_ns"] * 2 and 0 < d["switch_ns"] < 1e6 and 0 < d["watched_switch_ns"] < 1e6'
run run --observer -n 1 "$scratch/work.ini" -m threads --switch-source usage
ok "usage adds nothing to a switch: /proc is read by us" wrote "told by usage it takes 0.00"
run run --observer "$scratch/work.ini" -m stepped:async
ok "virtual time is refused: exit 2" exits 2
ok "none is left" none_left
done_testing
