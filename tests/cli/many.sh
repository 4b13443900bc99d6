#!/bin/bash
# A hundred thousand coroutines at once, for real; and a frame of them: drawn at once.
. "$(dirname "$0")/lib"

scenario many <<'INI'
[scenario]
title = Many
model = async
[shared]
n = 0
[task waiter x 100000]
    await sleep 300ms
    n += 1
[expect]
n == 100000
INI
run run --json "$scratch/many.ini"
ok "exit 0: every one of them counted" exits 0
ok "a hundred thousand at once" json 'd["outcome"] == "finished" and d["peak_tasks"] >= 100000 and d["switches"]["by_cause"]["await sleep"] == 100000'
ok "each of them took little" json 'd["memory_per_task_bytes"] <= 1024'
run render "$scratch/many.ini" --at 150ms --size 120x36
ok "a frame of them" exits 0
ok "with its timeline" wrote "Timeline"
ok "none is left" none_left
done_testing
