#!/bin/bash
# Puzzles: the goal of each lesson that has one is reached by a schedule; what was played is written down and checked; and a transcript
# that says what is not so is refused, whatever a stranger wrote into it.
. "$(dirname "$0")/lib"

solve() { # scenario, model, schedule, more arguments
    local name=$1 model=$2 schedule=$3
    shift 3
    run run "scenarios/$name.ini" -m "stepped:$model" --schedule "$schedule" --transcript "$scratch/t" "$@"
    ok "$name under $model: $schedule reaches the goal" grep -q '^reached: yes$' "$scratch/t"
    ok "$name under $model: the summary says so" wrote "goal reached: "
    run verify "$scratch/t"
    ok "$name under $model: the transcript is right" exits 0
}
solve lost-update threads "A B2 A" -p rounds=3
solve lost-update processes "A B2 A" -p rounds=3
solve await-lost-update async "A3"
solve await-lost-update threads "A2 B2"
solve stale-global async "A4"
solve stale-global threads "B A"
solve deadlock async "A3"
solve deadlock threads "A2 B2"
solve deadlock processes "A2 B2"
solve philosophers async "A3"
solve philosophers threads "A2 B2 C2"
solve check-then-act async "A3"
solve check-then-act threads "A2 B2"
solve bounded-buffer async "B7"
solve bounded-buffer threads "A3 B6 C5"
solve missed-wakeup async "A3"
solve missed-wakeup threads "A2 B"
solve aba async "A4"
solve aba threads "A3"
solve peterson-broken threads "A B A2 B2" -p rounds=2
solve livelock async "A4"

# ── the transcript ──
run run scenarios/lost-update.ini -m stepped:threads --schedule "A B2 A" -p rounds=3 --transcript "$scratch/right"
cp "$scratch/right" "$scratch/again"
run run scenarios/lost-update.ini -m stepped:threads --schedule "A B2 A" -p rounds=3 --transcript "$scratch/again"
ok "the same string, the same transcript" cmp "$scratch/right" "$scratch/again"
run verify "$scratch/right"
ok "a right one: exit 0" exits 0
ok "a right one: with how many preemptions" wrote "the goal is reached with 2 preemptions"
ok "a right one: against the proven minimum" wrote "the fewest possible, proven: 1"

tamper() { # what, sed script, the words
    sed "$2" "$scratch/right" >"$scratch/bad"
    run verify "$scratch/bad"
    ok "$1: exit 1" exits 1
    ok "$1: said" wrote "$3"
}
tamper "another result" 's/^result: .*/result: finished; counter = 2/' "line 12 says 'result: finished; counter = 2', but it is "
tamper "fewer preemptions" 's/^preemptions: .*/preemptions: 0/' "line 10 says 'preemptions: 0'"
tamper "a goal that was not reached" 's/^schedule: .*/schedule: A6 B6/; s/^result: .*/result: x/' "not right: line 9 says 'reached: yes', but it is 'reached: no'"
tamper "an easier goal" 's/^| counter < 2 \* rounds/| counter < 200 * rounds/' "not right: "
tamper "an easier scenario" 's/^|         counter += 1/|         atomic counter += 1/' "not right: "
tamper "an impossible schedule" 's/^schedule: .*/schedule: A B2 A C/' "its schedule is impossible"
tamper "a schedule that is none" 's/^schedule: .*/schedule: A B2 $(id)/' "its schedule is none"
tamper "another model" 's/^rules: .*/rules: threads/' "its rules are not those of a stepped model"
tamper "no text" '/^|/d; /^text of/d' "is missing"
tamper "another version" 's/^convis transcript 1/convis transcript 2/' "it does not begin with 'convis transcript 1'"
tamper "a scenario that cannot be read" 's/^| \[task.*/| [tusk]/' "the scenario in it cannot be read"
tamper "a name that leads elsewhere" 's/^scenario: .*/scenario: ..\/..\/etc\/passwd/' "the scenario's name is none"
printf 'convis transcript 1\nscenario: \033[31mx\n' >"$scratch/bad"
run verify "$scratch/bad"
ok "an escape sequence in it does not reach the terminal" bash -c "! grep -q $'\033' '$out' '$err'"
head -c 100000 /dev/urandom >"$scratch/bad"
run verify "$scratch/bad"
ok "noise: exit 1" exits 1
: >"$scratch/bad"
run verify "$scratch/bad"
ok "nothing: exit 1" exits 1
run verify "$scratch/nowhere"
ok "no such file: exit 2" exits 2
head -c 5000000 /dev/zero | tr '\0' A >"$scratch/bad"
run verify "$scratch/bad"
ok "too large: exit 2" exits 2

# A goal that was honestly not reached is told, and is not right either.
run run scenarios/lost-update.ini -m stepped:threads --schedule "A6 B6" -p rounds=3 --transcript "$scratch/not"
run verify "$scratch/not"
ok "not reached: exit 1" exits 1
ok "not reached: said" wrote "all that it says is true, but the goal was not reached"
run run scenarios/lost-update.ini --transcript "$scratch/x"
ok "--transcript of a real run: exit 2" exits 2

# ── the same string, the same run ──
for model in async threads processes; do
    run run scenarios/bounded-buffer.ini -m stepped:$model --schedule "B2" --json
    cp "$out" "$scratch/one"
    run run scenarios/bounded-buffer.ini -m stepped:$model --schedule "B2" --json
    ok "the same string, the same JSON, $model" cmp <(sed '/"pid"/d' "$scratch/one") <(sed '/"pid"/d' "$out")
done
cat >"$scratch/goal.ini" <<'INI'
[shared]
x = 0
[task t x 2]
    x += 1
[goal threads]
x == 1
not deadlock
[goal async]
x == 2
INI
run run "$scratch/goal.ini" -m stepped:threads --schedule "A B" --json
ok "goals are those of the model" bash -c "grep -c '\"holds\": true' '$out' | grep -qx 2"
run run "$scratch/goal.ini" -m stepped:threads --schedule "A B" --transcript "$scratch/t"
run verify "$scratch/t"
ok "a scenario that is not shipped: its text is its own" wrote "no scenario of this name is shipped"
printf '[task t]\n    pass\n[goal]\nnobody == 1\n' >"$scratch/wrong.ini"
run check "$scratch/wrong.ini"
ok "a wrong goal has a place" said "wrong.ini:4:1: error: "
done_testing
