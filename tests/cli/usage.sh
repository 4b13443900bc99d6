#!/bin/bash
# The command line: what it takes, how it refuses, what it exits with.
. "$(dirname "$0")/lib"

run --version
ok "--version exits 0" exits 0
ok "--version names the program" wrote "convis"
run --help
ok "--help exits 0" exits 0
for word in "run" "check" "list" "--json" "--ascii" "--no-color"; do
    ok "--help names $word" wrote "$word"
done
run help
ok "help exits 0" exits 0
run help keys
ok "help keys exits 0" exits 0
ok "help keys says what Space does" wrote "Space"
run list
ok "list exits 0" exits 0
for f in scenarios/*.ini; do
    ok "list names $(basename "$f" .ini)" wrote "$(basename "$f" .ini)"
done

run
ok "no arguments: exit 2" exits 2
ok "no arguments: told on standard error" test -s "$err"
run --jsn run scenarios/two-sleeps.ini
ok "an unknown option: exit 2" exits 2
ok "an unknown option is named" said "--jsn"
ok "and the one that was meant" said "--json"
run runn scenarios/two-sleeps.ini
ok "an unknown command: exit 2" exits 2
run run
ok "run without a file: exit 2" exits 2
run run no-such-scenario
ok "a file that is not there: exit 2" exits 2
ok "a file that is not there is named" said "no-such-scenario"
run run scenarios
ok "a folder for a file: exit 2" exits 2
run run scenarios/two-sleeps.ini -m fibers
ok "an unknown model: exit 2" exits 2
ok "the models that there are" said "threads"
run run scenarios/cpu-bound.ini -p wrkers=2
ok "an unknown parameter: exit 2" exits 2
ok "the parameter that was meant" said "workers"
run run scenarios/cpu-bound.ini -p workers=1000
ok "a parameter out of its range: exit 2" exits 2
run run scenarios/who-switches.ini -m threads+gil
ok "a model that the scenario does not name is told or run, not misread" test "$status" -le 2
for model in async threads threads+gil processes; do
    run python scenarios/two-sleeps.ini -m $model
    ok "python under $model: exit 0" exits 0
done
ok "python under processes: a program of multiprocessing" wrote "import multiprocessing"
run python cpu-bound -m async -p workers=2
ok "python takes parameters" wrote "workers = 2"
run python two-sleeps -m stepped:async
ok "python in virtual time: exit 2" exits 2
ok "python in virtual time: said" said "virtual time"
ok "python in virtual time: nothing written" nothing_written
run python two-sleeps --json
ok "python has no JSON: exit 2" exits 2
run scenarios/two-sleeps.ini
ok "not a terminal: exit 3" exits 3
ok "not a terminal: names convis run" said "convis run"

run check scenarios/*.ini
ok "the shipped scenarios are right" exits 0
cat >"$scratch/wrong.ini" <<'INI'
[scenario]
title = Wrong
[task a]
    await sleep 1sec
    cuonter += 1
    print "{nobody}"
INI
run check "$scratch/wrong.ini"
ok "a wrong scenario: exit 2" exits 2
ok "a wrong scenario: place, line and column" said "wrong.ini:4:"
ok "a wrong scenario: the next error too" said "wrong.ini:6:"
ok "a wrong scenario: the cure" said "ms"
run run "$scratch/wrong.ini"
ok "a wrong scenario is not run" exits 2
ok "and nothing is written" nothing_written
run check scenarios/two-sleeps.ini "$scratch/wrong.ini"
ok "one wrong of two: exit 2" exits 2

head -c 20000 /proc/self/exe >"$scratch/random.ini"
run check "$scratch/random.ini"
ok "bytes that are no text: exit 2" exits 2
ok "bytes that are no text: diagnostics" said "random.ini:"
ok "diagnostics hold no control character" bash -c "! LC_ALL=C grep -q '[[:cntrl:]]' <(tr -d '\n' <'$err')"
: >"$scratch/empty.ini"
run check "$scratch/empty.ini"
ok "an empty file: exit 2" exits 2
head -c 3000000 /dev/zero | tr '\0' 'a' >"$scratch/large.ini"
run check "$scratch/large.ini"
ok "a file that is too large: exit 2" exits 2
ok "a file that is too large: the limit is told" said "large"
run check --json scenarios/two-sleeps.ini --
ok "-- ends the options" test "$status" -le 2
cp scenarios/two-sleeps.ini "$scratch/-odd.ini"
(cd "$scratch" && timeout 20 "$convis" check -- -odd.ini) >"$out" 2>"$err"
status=$?
ok "a name that begins with - after --" exits 0
done_testing
