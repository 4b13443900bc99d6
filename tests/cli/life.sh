#!/bin/bash
# From life to the stage: the order in which a real run did its steps, written as a schedule, gives in virtual time the same values, the
# same output line by line, the same ends of all tasks, and the same lost updates and stale reads. Which order a real run takes is not
# asserted: whatever it was, it is the one that is played.
. "$(dirname "$0")/lib"

if ! command -v python3 >/dev/null 2>&1; then
    skip "a real run as a schedule" "no python3"
    done_testing
    exit
fi

same() { # the real run's JSON, the played one's
    python3 - "$1" "$2" <<'PY'
import json, sys
def digest(path):
    j = json.load(open(path))
    kinds = ["lost update", "stale read"]
    if j["scenario"] != "livelock": # there both write at the same instant: who was first in two places no clock of two cores says
        kinds.append("stale guard")
    found = sorted((f["kind"], f["task"], f["line"]) for f in j["findings"] if f["kind"] in kinds)
    if len(j["findings"]) >= 1000: # no more are listed, and which are the first of them is the clocks' to say
        found = sorted(set(found))
    return {"shared": j["shared"], "copies": j["copies"], "output": j["output"], "outcome": j["outcome"],
            "tasks": sorted((t["name"], t["state"]) for t in j["tasks"]),
            "findings": found}
a, b = digest(sys.argv[1]), digest(sys.argv[2])
for key in a:
    if a[key] != b[key]:
        print(key, "was", a[key], "and is", b[key])
sys.exit(a != b)
PY
}

replay() { # file, model, more arguments
    local file=$1 model=$2
    shift 2
    run run "$file" -m "$model" --as-schedule "$scratch/schedule" --json "$@"
    cp "$out" "$scratch/real"
    ok "$(basename "$file" .ini), $model: the real run has an order" test -s "$scratch/schedule" -a ! -s "$err"
    run run "$file" -m "stepped:$model" --schedule "@$scratch/schedule" --json "$@"
    ok "$(basename "$file" .ini), $model: played, it is the same run" same "$scratch/real" "$out"
}

for model in threads processes; do
    for name in stale-global deadlock philosophers check-then-act bounded-buffer missed-wakeup aba barrier own-copy livelock who-switches \
        peterson ipc thundering-herd pool check-then-act-locked; do
        replay "scenarios/$name.ini" $model
    done
    for name in barrier barrier-wrong-count condition event event-cleared missed-notify notify-all; do
        replay "tests/runs/$name.ini" $model
    done
    replay scenarios/lost-update.ini $model -p rounds=20000
    replay scenarios/lost-update-locked.ini $model -p rounds=500
done
replay scenarios/why-gil.ini threads
replay scenarios/lost-update.ini threads+gil

# Spawned by many at once, joined one by one; lists that grow, are assigned and indexed.
cat >"$scratch/spawn.ini" <<'INI'
[shared memory]
l = []
n = 0
[sync]
m = lock
[task leaf(k)]
    append l, k
    n += k
    with m:
        if len(l) > 6:
            l = [k, k]
    atomic n += 1
[task branch x 3]
    spawn leaf(me) -> a
    spawn leaf(me + 10) -> b
    join a
    cpu 1ms
    join b
    sleep 1ms
INI
for i in 1 2 3; do
    replay "$scratch/spawn.ini" threads
    replay "$scratch/spawn.ini" processes
done

run run scenarios/two-sleeps.ini -m async --as-schedule "$scratch/x"
ok "a loop's order is not taken over: exit 3" exits 3
ok "a loop's order is not taken over: said" said "only a real run of threads or processes"
run run scenarios/two-sleeps.ini -m threads --as-schedule "$scratch/nowhere/x"
ok "a file that cannot be written: exit 3" exits 3
run run scenarios/two-sleeps.ini -m stepped:threads --schedule "@$scratch/nowhere/x"
ok "a schedule's file that is not there: exit 2" exits 2
ok "a schedule's file that is not there: said" said "cannot read"
printf 'A B\nA\tB\n' >"$scratch/lines"
run run tests/pty/step.ini -m stepped:threads --schedule "@$scratch/lines"
ok "a schedule in a file may have lines" exits 0
done_testing
