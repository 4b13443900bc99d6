#!/bin/bash
# What is found: each kind where it happens, and nothing on the cured twin. Real runs only where nothing depends on luck;
# the others in virtual time, under three seeds.
. "$(dirname "$0")/lib"

found() { wrote '"outcome": "' && [ "$(kinds)" = "$1" ]; }
kinds() { sed -n 's/^ *{ *"kind": "\([^"]*\)".*/\1/p' "$out" | sort -u | paste -sd, -; }
# finds MODEL FILE [kind,kind…]: exactly these kinds, in this order of the alphabet
finds() {
    local file=$2
    [ -e "$file" ] || file=$scratch/$file
    run run "$file" -m "$1" -s "${4:-1}" --json
    ok "$(basename "$2" .ini) under $1, seed ${4:-1}: ${3:-nothing}" found "${3:-}"
}
stepped() { for seed in 1 2 3; do finds "stepped:$1" "$2" "${3:-}" $seed; done; }

# ── shipped scenarios, and their cures ──
finds stepped:async scenarios/await-lost-update.ini "lost update"
stepped threads scenarios/await-lost-update.ini "data race,lost update"
stepped threads scenarios/lost-update.ini "data race,lost update,stale read"
stepped processes scenarios/lost-update.ini "data race,lost update,stale read"
finds stepped:async scenarios/stale-global.ini "stale read"
finds stepped:async scenarios/frozen-loop.ini "loop blocked"
for model in async threads processes; do
    [ $model = processes ] || stepped $model scenarios/await-lost-update-locked.ini
    stepped $model scenarios/lost-update-locked.ini
    finds $model scenarios/lost-update-locked.ini
    stepped $model scenarios/pool.ini
    stepped $model scenarios/shared-list.ini
    stepped $model scenarios/own-locals.ini
done
stepped processes scenarios/own-copy.ini
stepped processes scenarios/stale-global.ini

# ── what is sick, and its cure ──
scenario seats <<'INI'
[shared memory]
seats = 1
[task buyer x 3]
    if seats > 0:
        await sleep 10ms
        seats = 0
INI
scenario seats_locked <<'INI'
[shared memory]
seats = 1
[sync]
m = lock
[task buyer x 3]
    await with m:
        if seats > 0:
            await sleep 10ms
            seats = 0
INI
finds stepped:async seats.ini "stale guard"
stepped threads seats.ini "data race,stale guard"
finds async seats.ini "stale guard"
for model in async threads processes; do
    stepped $model seats_locked.ini
    finds $model seats_locked.ini
done

# The lock is held over the wait, and one does not take it.
scenario unlocked <<'INI'
[shared memory]
total = 0
[sync]
m = lock
[task good x 2]
    await with m:
        t = total
        await sleep 20ms
        total = t + 1
[task other]
    await sleep 10ms
    total = 100
INI
scenario all_locked <<'INI'
[shared memory]
total = 0
[sync]
m = lock
[task good x 2]
    await with m:
        t = total
        await sleep 20ms
        total = t + 1
[task other]
    await sleep 10ms
    await with m:
        total = 100
INI
finds async unlocked.ini "lost update,unlocked access"
stepped threads unlocked.ini "data race,lost update,unlocked access"
for model in async threads processes; do
    stepped $model all_locked.ini
    finds $model all_locked.ini
done

# Ordered by other means than a lock: an event, a queue, a variable that is spun on, a lock made of cas.
scenario ordered <<'INI'
[shared memory]
by_event = 0
by_queue = 0
by_spin = 0
by_cas = 0
ready = false
latch = 0
[sync]
e = event
q = queue(1)
[task writer]
    by_event = 1
    set e
    by_queue = 1
    put q, 1
    by_spin = 1
    ready = true
[task reader]
    await wait e
    check by_event == 1
    await get q -> x
    check by_queue == 1
    spin until ready
    check by_spin == 1
[task counter x 3]
    repeat 10:
        spin until cas(latch, 0, 1)
        by_cas += 1
        latch = 0
[expect]
failed == 0
by_cas == 30
INI
for model in threads processes; do
    stepped $model ordered.ini
    finds $model ordered.ini
done

scenario unawaited <<'INI'
[main]
    spawn child -> h
    await sleep 10ms
[task child()]
    await sleep 30ms
    print "never said"
INI
scenario awaited <<'INI'
[main]
    spawn child -> h
    await sleep 10ms
    await join h
[task child()]
    await sleep 30ms
    print "said"
INI
finds async unawaited.ini "never awaited"
finds stepped:async unawaited.ini "never awaited"
finds threads unawaited.ini
for model in async threads processes; do finds $model awaited.ini; done

# Whoever had the lock has it again before the one that was woken gets to it.
scenario starved <<'INI'
[scenario]
schedule = A60
[sync]
m = lock
[task greedy]
    repeat 20:
        lock m
        sleep 10ms
        unlock m
[task meek]
    lock m
    unlock m
INI
scenario shared_out <<'INI'
[sync]
m = lock
[task greedy x 3]
    repeat 20:
        await with m:
            await sleep 10ms
INI
scenario convoy <<'INI'
[shared memory]
n = 0
[sync]
m = lock
[task w x 4]
    repeat 10:
        await with m:
            n += 1
            await sleep 1ms
INI
scenario no_convoy <<'INI'
[shared memory]
n = 0
[sync]
m = lock
[task w x 40]
    await with m:
        n += 1
        await sleep 1ms
INI
finds stepped:threads starved.ini starvation
finds async convoy.ini convoy
finds stepped:async convoy.ini convoy
for model in async threads processes; do stepped $model no_convoy.ini; done
finds async no_convoy.ini
finds async shared_out.ini convoy

scenario busy <<'INI'
[scenario]
timeout = 1s
[shared memory]
n = 0
[task busy]
    n = 1
    while true:
        cpu 10ms
INI
for model in threads async stepped:threads stepped:async; do finds $model busy.ini "no visible step"; done

# Round and round in what is local: found out at once, however long the timeout is, and the others go on; what comes to an end is let go on to it.
scenario round <<'INI'
[scenario]
timeout = 600s
[task round]
    print "begins"
    i = 7
    while i > 0:
        i = (i * 5) % 23
        l = [i, 1]
        text = "{l}"
[task other x 2]
    sleep 1s
    print "other"
INI
scenario long <<'INI'
[shared memory]
n = 0
[task long]
    i = 0
    k = 0
    repeat 200000:
        k = 1 - k
        i = (i + 1) % 2
    n = i
INI
round() { wrote "still computing: round (no visible step since line" && wrote ", nor will there be one)" && wrote "\"output\": [$1]"; }
for model in threads processes; do
    stepped $model round.ini "no visible step"
    ok "the others go on" round '"begins", "other", "other"'
done
finds stepped:async round.ini "loop blocked,no visible step"
ok "the loop is held" round '"begins"'
stepped threads long.ini
done_testing
