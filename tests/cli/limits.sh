#!/bin/bash
# A stranger's scenario takes no more than its share: what a run may take is stated, told when it is reached, and raised by options.
. "$(dirname "$0")/lib"

scenario bomb <<'S'
[scenario]
timeout = 20s
[main]
    spawn b()
    await sleep 300ms
[task b()]
    spawn b()
    spawn b()
    await sleep 100ms
S
for model in async threads processes stepped:threads; do
    run run "$scratch/bomb.ini" -m $model --max-tasks 50 --timeout 5s
    ok "a fork bomb ends, $model" test "$status" -le 1
    ok "a fork bomb is told its limit, $model" wrote "there are 50 tasks, as many as a run may have at once under ${model#stepped:} (--max-tasks)"
    ok "a fork bomb leaves nothing, $model" none_left
done

scenario many <<'S'
[main]
    repeat 100:
        spawn t()
    await join all
[task t()]
    await sleep 500ms
S
for model in async threads processes; do
    run run "$scratch/many.ini" -m $model --max-tasks 30 --json
    ok "more tasks than may be at once, $model" json 'd["peak_tasks"] <= 31 and d["tasks"][0]["state"] == "failed"'
    run run "$scratch/many.ini" -m $model --max-tasks 100 --json
    ok "as many as may be, $model" json 'all(t["state"] == "done" for t in d["tasks"])'
done
scenario ten_million <<'S'
[main]
    repeat 10000000:
        spawn t()
[task t()]
    await sleep 100s
S
run run "$scratch/ten_million.ini" -m async
ok "ten million tasks end in a word" wrote "100000 tasks were started, as many as a run may start in all (--max-tasks)"
printf '[task t x 10000000]\n    pass\n' | scenario instances
run run "$scratch/instances.ini"
ok "ten million instances: exit 2" exits 2
ok "ten million instances: said" said "the number of tasks must be from 0 to 100000"

scenario alloc <<'S'
[task t]
    alloc 1000000000000
S
scenario allocs <<'S'
[task t x 4]
    while true:
        alloc 1000000
S
scenario lists <<'S'
[task t]
    a = [0] * 60000
    b = a + [1]
S
for model in async threads processes stepped:processes; do
    run run "$scratch/alloc.ini" -m $model
    ok "alloc of a terabyte, $model" wrote "a run may take 1 GiB in all (--max-memory)"
    run run "$scratch/allocs.ini" -m $model --max-memory 64M
    ok "alloc without end, $model" wrote "alloc of 1000000 bytes: a run may take 64 MiB in all (--max-memory)"
    run run "$scratch/lists.ini" -m $model --max-memory 1M
    ok "lists count too, $model" wrote "the lists of this task would hold more than it may"
    run run "$scratch/lists.ini" -m $model --json
    ok "lists within the limit, $model" json 'd["tasks"][0]["state"] == "done"'
done
# What ends gives back what its lists took.
scenario again <<'S'
[main]
    repeat 50:
        spawn t() -> h
        await join h
[task t()]
    a = [0] * 10000
S
for model in async threads processes; do
    run run "$scratch/again.ini" -m $model --max-memory 1M --json
    ok "lists are given back, $model" json 'all(t["state"] == "done" for t in d["tasks"])'
done

scenario print <<'S'
[task t]
    while true:
        print "0123456789012345678901234567890123456789"
S
for model in async threads processes stepped:async; do
    run run "$scratch/print.ini" -m $model --max-output 64k
    ok "printing without end, $model" wrote "print: a run may print 64 KiB in all (--max-output)"
    ok "printing without end is cut where it was said, $model" test "$(grep -c '^0123' "$out")" = 1598
done
run run "$scratch/print.ini" -m async
ok "printing without end, nothing asked for" wrote "print: a run may print 16 MiB in all (--max-output)"

scenario long <<'S'
[task t]
    while true:
        cpu 1ms
S
run run "$scratch/long.ini" -m threads --timeout 100ms
ok "--timeout ends what does not end: exit 1" exits 1
ok "--timeout ends what does not end: said" wrote timeout
printf '[scenario]\ntimeout = 3600s\n[task t]\n    pass\n' | scenario hours
run check "$scratch/hours.ini"
ok "a scenario cannot ask for hours" said "timeout must be from 1ms to 600s"

for wrong in "--max-tasks 0" "--max-tasks x" "--max-memory 0" "--max-memory 5X" "--max-output -1" "--timeout 5" "--max-memory 99999999999T"; do
    # shellcheck disable=SC2086
    run run "$scratch/long.ini" $wrong
    ok "$wrong: exit 2" exits 2
    ok "$wrong: said" said "${wrong%% *} takes"
done
run help options
tr -s ' \n' ' ' <"$out" >"$scratch/flat" && mv "$scratch/flat" "$out"
for stated in "100000 coroutines" "20000 threads" "2000 processes" "(1G)" "(16M)"; do ok "stated: $stated" wrote "$stated"; done
done_testing
