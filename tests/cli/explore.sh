#!/bin/bash
# `convis explore`: what it tells, in words and in JSON; that each schedule it names leads, in the stepped engine, to what it says.
. "$(dirname "$0")/lib"

scenario lost <<'INI'
[scenario]
model = threads
models = async, threads, processes
[params]
rounds = 2 in 1..1000
[shared]
counter = 0
[task adder x 2]
    repeat rounds:
        counter += 1
    print "{counter}"
[expect threads]
counter == 2 * rounds
sometimes counter == 2
INI
run explore "$scratch/lost.ini" -p rounds=1
ok "exit 1 where something can fail" exits 1
ok "nothing on standard error" silent
ok "the line" wrote "line 13 can fail"
ok "the least, and that it is" wrote "1 preemption, 8 steps, proven to be the least:  A1 B4 A3"
ok "who is who" wrote "A = adder#0, B = adder#1"
run explore "$scratch/lost.ini" -m async
ok "exit 0 where nothing can" exits 0
run explore tests/runs/offload-crash.ini -m async --only states
ok "a broken pool: a state is the same by every way to it" exits 1
ok "a broken pool: all of them" wrote "states; complete"
{ cat "$scratch/lost.ini"; printf '[goal threads]\ncounter == 1\n'; } >"$scratch/goal.ini"
run explore "$scratch/goal.ini" -p rounds=1
ok "a goal: the shortest way to it" wrote "goal: 1 preemption, "
run explore "$scratch/goal.ini" -p rounds=3
ok "a goal that no schedule reaches: said" wrote "goal: no schedule reaches it"
run explore "$scratch/goal.ini" -p rounds=1 -m async
ok "the goal of another model: nothing is said" [ -z "$(grep -a '^goal:' "$out")" ]
run explore "$scratch/lost.ini" -m processes --json
ok "own copies" wrote '"copies": { "counter": [0, 2, 2] }'
run explore "$scratch/lost.ini" -p rounds=60 --only schedules,states --max-memory 8M
ok "what is too much is incomplete" wrote "incomplete: "
ok "and what was found by then is told" wrote "can fail"
run explore "$scratch/lost.ini" --bounds --json
ok "traces by preemptions" wrote '"bounds": ['
run explore "$scratch/lost.ini" --only nonsense
ok "a part that there is not" exits 2
timeout -s INT 2 "$convis" explore "$scratch/lost.ini" -p rounds=1000 --max-memory 2G >"$out" 2>"$err" </dev/null
ok "stopped, it tells what it knows" wrote "it was stopped"

# What the runs did beside what they may do.
run run "$scratch/lost.ini" -p rounds=1 -n 3 -m stepped:threads
ok "run -n: a probability beside the runs" wrote "probability on a random walk"
run run "$scratch/lost.ini" -p rounds=1 -n 3 -m stepped:threads --json
sums() { python3 -c 'import json,sys
t = json.load(open(sys.argv[1]))
assert abs(sum(o["probability"] for o in t["outcomes"] + t["never_came"]) - 1) < 1e-12, t' "$out"; }
ok "run -n --json: with those that never came they are one" sums

scenario endless <<'INI'
[shared]
x = 0
[task t]
    while true:
        x += 1
[expect]
x >= 0
INI
run explore "$scratch/endless.ini" -m threads --max-memory 8M --timeout 2s
ok "without end nothing is proven" exits 1
never_says_always() { ! grep -q "in every schedule" "$out"; }
ok "and not claimed" never_says_always

# Every schedule that is reported, played: the same outcome, values and output.
replays() { # model, file…
    local model=$1
    shift
    python3 - "$convis" "$model" "$@" <<'PY'
import json, subprocess, sys
convis, model, files = sys.argv[1], sys.argv[2], sys.argv[3:]
played = 0
for name in files:
    e = json.loads(subprocess.run([convis, "explore", name, "-m", model, "--json", "--timeout", "4s", "--max-memory", "64M"], capture_output=True).stdout)
    for v in e["violations"]:
        if not v["schedule"]:
            continue
        r = subprocess.run([convis, "run", name, "-m", "stepped:" + model, "--schedule", v["schedule"], "--json"], capture_output=True)
        assert r.stdout, (name, model, v, r.stderr)
        run = json.loads(r.stdout)
        like = [o for o in e["outcomes"] if o["outcome"] == run["outcome"] and o["output"] == run["output"] and
                len(o["failed"]) == sum(t["state"] == "failed" for t in run["tasks"]) and all(run["shared"][k] == x for k, x in o["shared"].items())]
        assert like and any(o["fails"] for o in like), (name, model, v, run)
        if v["kind"] == "expect":
            assert [x for x in run["expect"] if x["line"] == v["line"]][0]["holds"] is False, (name, v, run["expect"])
        played += 1
assert played, "nothing was played"
print(played, "schedules played")
PY
}
n=0
while IFS= read -r line; do
    case $line in
    "==") n=$((n + 1)); exec 3>"$scratch/p$n.ini" ;;
    *) printf '%s\n' "$line" >&3 ;;
    esac
done <<'INI'
==
[sync]
a = lock
b = lock
[task p]
    with a:
        with b:
            print "p"
[task q]
    with b:
        with a:
            print "q"
==
[shared]
x = 0
a = [0, 0, 0]
[sync]
s = semaphore(2)
q = queue(1)
[task p x 3]
    acquire s
    x += 1
    a[me] = x
    release s
[task r]
    put q, 1
    put q, x
[task u]
    get q -> t
    get q -> t
    print "{t}"
[expect]
x == 3
a[2] != 1
output != ["1"]
==
[shared]
g = 0
[task t x 3]
    g = me
    await yield
    check g == me
==
[shared]
x = 0
[sync]
m = lock
c = condition(m)
e = event
[task w]
    with m:
        if x == 0:
            wait c
        x -= 1
    set e
[task n]
    with m:
        x += 1
        notify c
[task z]
    wait e
    print "{x}"
    cpu 2ms
[expect]
output == ["1"]
==
[shared]
x = 0
[main]
    spawn f(1) -> a
    spawn f(2) -> b
    join a
    y = x
    join b
    print "{y} {x}"
[task f(k)]
    x = x + k
    cpu 1ms
[expect]
output == ["1 3"]
INI
ok "threads: schedules lead to what is said" replays threads "$scratch"/p[1-5].ini
ok "async: schedules lead to what is said" replays async "$scratch"/p[3].ini scenarios/stale-global.ini scenarios/await-lost-update.ini

# Counts on and on without a visible step, never the same again: neither the search nor the judging of findings goes along for ever.
cat >"$scratch"/on.ini <<'INI'
[shared]
x = 0
[task a]
    x = 1
    i = 0
    while true:
        i += 1
[task b]
    x = 2
INI
for m in threads async; do
    timeout -s KILL 100 "$convis" explore "$scratch"/on.ini -m $m >"$scratch"/on.out 2>&1
    ok "$m: on and on ends, incomplete (status $?)" grep -q "incomplete: a task computes on and on without a visible step" "$scratch"/on.out
done
done_testing
