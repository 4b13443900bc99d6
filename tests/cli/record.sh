#!/bin/bash
# Saved records: what `run --record` wrote is shown as the run itself would be; a damaged one is refused, and nothing of a stranger's
# reaches the terminal.
. "$(dirname "$0")/lib"
export HWLOC_SYNTHETIC="core:2 pu:1"
record=$scratch/record

# ── the same run ──
for model in stepped:async stepped:threads stepped:processes; do
    run run lost-update -m $model --record "$record" --json
    ok "$model: written: exit 0" exits 0
    cp "$out" "$scratch/sum"
    run run "$record" --json
    ok "$model: the sum of the record is that of the run" cmp "$out" "$scratch/sum"
    run run lost-update -m $model
    cp "$out" "$scratch/sum"
    run run "$record"
    ok "$model: output and summary too" cmp "$out" "$scratch/sum"
    for at in start 3% 50% finding end; do
        run render lost-update -m $model --at $at --size 120x36
        cp "$out" "$scratch/frame"
        run render "$record" --at $at --size 120x36
        ok "$model: the frame at $at" cmp "$out" "$scratch/frame"
    done
done
run run lost-update -m stepped:threads -p rounds=7 -s 5 --record "$record" --json
cp "$out" "$scratch/sum"
run run "$record" --json
ok "parameters and seed stand in it" cmp "$out" "$scratch/sum"
for model in async threads threads+gil processes; do
    run run why-gil -m $model --record "$record" --json
    cp "$out" "$scratch/sum"
    run run "$record" --json
    ok "$model, a real run: the same sum" cmp "$out" "$scratch/sum"
    run render "$record" --at 40% --format svg
    cp "$out" "$scratch/frame"
    run render "$record" --at 40% --format svg
    ok "$model: a frame" test -s "$out"
    ok "$model: and the same frame again" cmp "$out" "$scratch/frame"
done
HWLOC_SYNTHETIC="core:8 pu:1" run render "$record" --at 40% --format svg
ok "on another machine, too" cmp "$out" "$scratch/frame"

# ── what it does not take ──
for words in "render $record -m async" "run $record -p n=1" "run $record -n 2" "run $record --record $scratch/x" "check $record" "explore $record" \
    "compare $record" "python $record" "run lost-update -n 2 --record $scratch/x" "run lost-update --observer --record $scratch/x"; do
    # shellcheck disable=SC2086
    run $words
    ok "${words//$scratch\//}: exit 2" exits 2
    ok "${words//$scratch\//}: says so" said record
done
ok "nothing was written" test ! -e "$scratch/x"

# ── where it is written ──
echo precious >"$scratch/mine.txt"
run run stale-global --record "$scratch/mine.txt"
ok "what is no record is not overwritten" exits 3
ok "and that is said" said "'$scratch/mine.txt' is there, and no record"
ok "it is as it was" test "$(cat "$scratch/mine.txt")" = precious
run run stale-global --record "$record"
ok "a record is" exits 0
run run stale-global --record "$scratch/none/x"
ok "no such folder: exit 3" exits 3
ok "no such folder: nothing was run" nothing_written
run run stale-global --record /dev/full
ok "a full disk: exit 3" exits 3
ok "a full disk: said" said "cannot write '/dev/full': No space left on device"
run run lost-update -m stepped:threads --schedule "Z" --record "$scratch/x"
ok "a run that could not be leaves no record" test ! -e "$scratch/x"
ok "nor anything else" test -z "$(find "$scratch" -name '.convis-*')"

# ── a stranger's ──
run run lost-update -m stepped:async --record "$record"
size=$(stat -c %s "$record")
for n in 8 9 30 $((size / 2)) $((size - 1)); do
    head -c "$n" "$record" >"$scratch/short"
    run render "$scratch/short"
    ok "cut to $n of $size bytes: exit 2" exits 2
    ok "cut to $n of $size bytes: where" said "at byte $n"
    ok "cut to $n of $size bytes: nothing is drawn" nothing_written
done
for at in 8 12 400 $((size / 2)) $((size - 3)); do
    cp "$record" "$scratch/other"
    printf '\125' | dd of="$scratch/other" bs=1 seek="$at" conv=notrunc 2>/dev/null
    run run "$scratch/other"
    ok "byte $at changed: exit 2" exits 2
done
scenario escapes <<'INI'
[scenario]
title = T
[task t x 2]
    print "\u{1b}[31m\u{9b}2J {me}"
    mark m
INI
run run "$scratch/escapes.ini" -m stepped:threads --record "$record"
run run "$record"
ok "its texts: run" test -z "$(tr -d '\n\40-\176\200-\377' <"$out")"
run render "$record"
ok "its texts: render" test -z "$(tr -d '\n\40-\176\200-\377' <"$out")"
scenario many <<'INI'
[main]
    spawn f
[task f]
    pass
INI
run run "$scratch/many.ini" -m stepped:threads --max-tasks 200000 --record "$record"
run render "$record"
ok "very many tasks are taken only from who is allowed them: exit 2" exits 2
ok "very many tasks: said how" said "--max-tasks 200001"
run render "$record" --max-tasks 200001
ok "very many tasks: then they are" exits 0
done_testing
