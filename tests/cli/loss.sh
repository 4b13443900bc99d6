#!/bin/bash
# Loss cannot be missed: issued = recorded + overwritten + lost at the end of every run, a tiny ring and a reader that stands still
# are told, counts stay exact. The memory for what is looked at is bounded, and what went is told too.
. "$(dirname "$0")/lib"

if ! command -v python3 >/dev/null 2>&1; then
    skip "loss" "no python3"
    done_testing
    exit 0
fi
accounts='d["events"]["issued"] == d["events"]["recorded"] + d["events"]["overwritten"] + d["events"]["lost"] and d["events"]["unaccounted"] == 0'
kernels='all(abs(d["switches"]["seen"][k] - d["switches"][k]) <= 1 + len(d["tasks"]) for k in ("voluntary", "involuntary"))'

scenario busy <<'INI'
[scenario]
title = Busy
[shared]
n = 0
[task busy x 3]
    repeat 20000:
        n += 1
    await sleep 1ms
    print "{name} is done"
INI
for model in async threads threads+gil processes stepped:threads; do
    run run "$scratch/busy.ini" -m $model --json
    ok "all is accounted for, $model" json "$accounts"
    [ $model = stepped:threads ] && continue # virtual time waits for the reader
    run run "$scratch/busy.ini" -m $model --ring 16 --json
    ok "a tiny ring, $model: exit 0" exits 0
    ok "a tiny ring, $model: all is accounted for, much is lost" json "$accounts"' and d["events"]["lost"] > d["events"]["recorded"]'
    ok "a tiny ring, $model: every task is there, and how often it waited" json 'len(d["tasks"]) == 3 and all(t["state"] == "done" for t in d["tasks"]) and
        sum(d["switches"]["by_cause"].get(c, 0) for c in ("await sleep", "block sleep")) == 3'
    ok "a tiny ring, $model: the kernel's counts all the same" json "$kernels or '$model' == 'async'"
done
run run "$scratch/busy.ini" -m threads --ring 16
ok "a tiny ring: said in the summary" grep -qE '^‼ [0-9]+ of [0-9]+ records were lost' "$out"
run render "$scratch/busy.ini" -m threads --ring 16 --size 100x30
ok "a tiny ring: first on the status line" grep -qE '^ ‼ [0-9]+ of [0-9]+ records lost' "$out"
ok "a tiny ring: over the lanes" grep -qE '^┃ +[^▸]*\?\?' "$out"
for n in 0 8 100 33554432 x; do
    run run "$scratch/busy.ini" --ring $n
    ok "--ring $n: exit 2" exits 2
done

# The reader stands still until the run is over: its own rings and the kernel's buffers run over.
scenario stalled <<'INI'
[scenario]
title = Stalled
timeout = 60s
[shared]
n = 0
[task busy x 3]
    repeat 400000:
        n += 1
[task turns x 2]
    repeat 8000:
        sleep 10us
INI
for model in async threads processes; do
    "$convis" run "$scratch/stalled.ini" -m $model --ring 1024 --json >"$out" 2>"$err" </dev/null &
    parent=$!
    runner=
    for _ in $(seq 500); do # begun, and with a few records behind it
        runner=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null | tr ' ' '\n' | while read -r c; do
            grep -qz -- --runner "/proc/$c/cmdline" 2>/dev/null && echo "$c"; done)
        [ -n "$runner" ] && cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$runner" '$5 == group { used += $14 + $15 } END { exit used == 0 }' && break
        read -rt 0.01 <> <(:)
    done
    kill -STOP $parent
    for _ in $(seq 2500); do
        [ "$(awk '{print $3}' "/proc/$runner/stat" 2>/dev/null || echo Z)" = Z ] && break
        read -rt 0.02 <> <(:)
    done
    kill -CONT $parent
    wait $parent
    status=$?
    ok "a reader that stood still, $model: exit 0" exits 0
    ok "a reader that stood still, $model: all is accounted for, and lost is lost" json "$accounts"' and d["events"]["lost"] > 0'
    ok "a reader that stood still, $model: the kernel's losses are told or there are none" json \
        "d['events']['kernel_lost'] > 0 or d['switch_source']['name'] != 'perf' or $kernels"
done

# The history: bounded, counts exact.
scenario past <<'INI'
[scenario]
title = Past
[shared]
n = 0
[task busy x 2]
    repeat 60000:
        n += 1
        await yield
INI
run run "$scratch/past.ini" -m async --history 256k --json
ok "a small history: exit 0" exits 0
ok "a small history: all was accounted for and counted" json "$accounts"' and d["switches"]["awaits"] == 120000'
run render "$scratch/past.ini" -m async --history 256k --at 1us --size 120x36
ok "a small history: what went is said to be gone" wrote "gone: older than what the history holds"
for size in 0 1k 12q -1; do
    run run "$scratch/past.ini" --history $size
    ok "--history $size: exit 2" exits 2
done

# What the viewer holds of a long run is no more than that and what it needs besides.
scenario long <<'INI'
[scenario]
title = Long
model = async
[task turn x 4]
    repeat 1000000:
        await yield
INI
held() { # most anonymous memory, in KiB, while it runs with that history
    local most=0 now pid
    "$convis" run "$scratch/long.ini" --history "$1" >"$out" 2>"$err" </dev/null &
    pid=$!
    while now=$(awk '/^RssAnon/ {print $2}' /proc/$pid/status 2>/dev/null) && [ -n "$now" ]; do
        [ "$now" -gt "$most" ] && most=$now
        read -rt 0.02 <> <(:)
    done
    wait $pid
    echo "$most"
}
for history in 8 64; do
    most=$(held ${history}M)
    ok "a history of $history MiB: that, and 64 MiB for all else, are enough ($most KiB)" test "$most" -le $(((history + 64) * 1024))
done
ok "nothing is left" none_left
done_testing
