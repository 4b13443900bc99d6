#!/bin/bash
# `convis compare`: every model the scenario names is really run, one after the other, and stands in one table.
. "$(dirname "$0")/lib"

scenario three <<'INI'
[scenario]
title = Three
models = async, threads, processes
[params]
n = 3
[shared]
x = 0
[task one x 2]
    repeat n:
        x += 1
        await yield
    await sleep 20ms
[expect async]
x == 2 * n
[expect processes]
copies(x) == [0, n, n]
INI
run compare "$scratch/three.ini"
ok "exit 0" exits 0
ok "nothing on standard error" silent
ok "the title" wrote "Three"
models_in_order() { grep -Eq '^ +async +threads +processes$' "$out"; }
ok "a column a model, those that are named" models_in_order
for row in elapsed "CPU time" "cores used" threads switches "CPU time a switch" "memory a task" "loop lag" findings "expectations hold"; do
    ok "a row: $row" grep -q "^$row  " "$out"
done
ok "threads of its own: none, two more" grep -Eq '^threads +1 +3 +3$' "$out"
ok "causes below the switches" grep -Eq '^  await yield +6 +· +·$' "$out"
ok "sleeps by await, by block" grep -Eq '^  block sleep +· +2 +2$' "$out"
ok "bars" wrote "████"
ok "results" grep -Eq '^  processes +finished; x = 0 \| 3 \| 3' "$out"
ok "none is left" none_left

run compare "$scratch/three.ini" --ascii -p n=5
ok "a parameter: exit 0" exits 0
ascii_only() { ! LC_ALL=C grep -q '[^ -~]' "$out"; }
ok "--ascii: nothing else" ascii_only
ok "a parameter reaches all" grep -Eq '^  processes +finished; x = 0 \| 5 \| 5' "$out"

run compare "$scratch/three.ini" --json -s 7
ok "--json: exit 0" exits 0
ok "--json: an array in order" json '[r["model"] for r in d] == ["async", "threads", "processes"]'
ok "--json: each is what run --json prints" json 'all(r["outcome"] == "finished" and r["seed"] == 7 and r["elapsed_s"] > 0.02 for r in d)'

sed 's/^copies.*/copies(x) == [1, 1, 1]/' "$scratch/three.ini" >"$scratch/wrong.ini"
run compare "$scratch/wrong.ini"
ok "an expectation that fails: exit 1" exits 1
ok "an expectation that fails: said where" wrote "does not hold: line"

run compare "$scratch/three.ini" -m threads
ok "a model on the command line means nothing: exit 2" exits 2
run compare
ok "no file: exit 2" exits 2
done_testing
