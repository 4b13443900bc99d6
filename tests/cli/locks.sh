#!/bin/bash
# Runs that cannot go on: deadlocks are named under every model, within a second; a timeout ends what is left; locks of the dead.
. "$(dirname "$0")/lib"

scenario embrace <<'INI'
[scenario]
title = Embrace
timeout = 20s
[sync]
left = lock
right = lock
[task one]
    await lock left
    await sleep 50ms
    await lock right
[task two]
    await lock right
    await sleep 50ms
    await lock left
INI
scenario expected <<'INI'
[scenario]
title = Embrace, expected
timeout = 20s
[sync]
m = lock
[task one]
    await lock m
    await lock m
[expect]
deadlock
INI
scenario blocked_loop <<'INI'
[scenario]
title = A plain lock in a coroutine
model = async
models = async
timeout = 20s
[sync]
m = lock
[task holder]
    await lock m
    await sleep 50ms
    unlock m
[task greedy]
    await yield
    lock m
    unlock m
INI
scenario ends_holding <<'INI'
[scenario]
title = Ends with the lock
timeout = 20s
[sync]
m = lock
[task owner]
    await lock m
[task heir]
    await sleep 50ms
    await lock m
    print "never"
INI
scenario others <<'INI'
[scenario]
title = Others go on
timeout = 20s
[sync]
m = lock
[task stuck]
    await lock m
    await lock m
[task worker]
    repeat 10:
        await sleep 30ms
    print "worked"
INI
scenario endless <<'INI'
[scenario]
title = Endless
timeout = 500ms
[task a]
    await sleep 100s
[task b]
    await sleep 100s
INI
scenario spinner <<'INI'
[scenario]
title = Spinner
timeout = 700ms
[task a]
    cpu 1000s
INI

seconds() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { print b - a }'; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
names() { for word in "$@"; do grep -qF -- "$word" "$out" "$err" || { echo "nothing about $word"; return 1; }; done; }

for model in async threads threads+gil processes stepped:async stepped:threads stepped:processes; do
    from=$(date +%s.%N)
    run run "$scratch/embrace.ini" -m $model
    took=$(seconds "$from")
    ok "deadlock under $model: exit 1" exits 1
    ok "deadlock under $model: who waits for what that who holds" names deadlock one two left right
    ok "deadlock under $model: found within a second of happening ($took s)" less "$took" 2
    ok "deadlock under $model: nothing is left" none_left
    run run "$scratch/expected.ini" -m $model
    ok "a deadlock of one that is expected, $model: exit 0" exits 0
    run run "$scratch/ends_holding.ini" -m $model
    ok "a lock whose owner ended, $model: exit 1" exits 1
    ok "a lock whose owner ended, $model: owner, heir and lock are named" names owner heir m
    ok "a lock whose owner ended, $model: nobody gets it" bash -c "! grep -q '^never' '$out'"
    run run "$scratch/others.ini" -m $model
    ok "a deadlock beside others, $model: the others go on" wrote "worked"
    ok "a deadlock beside others, $model: exit 1" exits 1
done
run run "$scratch/blocked_loop.ini"
ok "a plain lock under async: a deadlock, not a hang" exits 1
ok "a plain lock under async: named" names deadlock holder greedy

for model in async threads processes; do
    from=$(date +%s.%N)
    run run "$scratch/endless.ini" -m $model
    took=$(seconds "$from")
    ok "timeout under $model: exit 1" exits 1
    ok "timeout under $model: said" names "timeout"
    ok "timeout under $model: in time ($took s)" less "$took" 3
    run run "$scratch/spinner.ini" -m $model
    ok "timeout of a computing task under $model: exit 1" exits 1
    ok "timeout under $model leaves nothing" none_left
done
# Whoever is woken for a permit and comes too late sleeps anew, and each time is told: causes and the kernel's count agree.
run run scenarios/starvation.ini -m threads --json
ok "the starving writer: exit 0" exits 0
ok "every sleep in the kernel has its cause" json "sum(n for cause, n in d['switches']['by_cause'].items() if cause.startswith('block')) >= 0.8 * sum(t['voluntary'] for t in d['tasks'])"
done_testing
