#!/bin/bash
# `convis render`: frames without a terminal: instants, sizes, forms, and under a stepped model the same picture every time.
. "$(dirname "$0")/lib"
export HWLOC_SYNTHETIC="core:2 pu:1"

scenario story <<'INI'
[scenario]
title = A title
about = What it is about.
models = async, threads
[shared]
current = none
[task greet for who in "Alice", "Bob"]
    current = who
    mark written
    await sleep 400ms
    print "to {current}"
[note when Bob reaches written]
Bob has written over it.
[note at end]
That was the end.
INI
draw() { run render "$scratch/story.ini" -m stepped:async --size 80x24 "$@"; }

draw --at 200ms
ok "exit 0" exits 0
ok "the rows that were asked for" test "$(wc -l <"$out")" = 24
ok "the title, what it is about" wrote "A title"
ok "the note of that instant" wrote "▸ Bob has written over it."
cp "$out" "$scratch/first"
draw --at 200ms
ok "the same again" cmp "$out" "$scratch/first"
draw --at 50% # 400 ms and the few steps
ok "a share of the run" wrote "200 ms"
cp "$out" "$scratch/first"
draw --at nothing,50%,end
ok "the first that there is" cmp "$out" "$scratch/first"
draw --at finding
ok "the first finding" wrote "⚠ Alice"
draw --at note
ok "the first note" wrote "▸ Bob has written over it."
draw --at written
ok "a mark" grep -Eq "[0-9.]+ µs" "$out"
ok "and what was not yet" test "$(grep -c 'Bob has written' "$out")" = 0
draw
ok "the end when nothing is said" wrote "▸ That was the end."
cp "$out" "$scratch/first"
draw --at 9s
ok "later than the end: the end" cmp "$out" "$scratch/first"
draw --at elsewhere
ok "a mark that nobody reached: exit 2" exits 2
ok "a mark that nobody reached: said" said "no such instant"
for wrong in , 5sec 101% "a b" ""; do
    draw --at "$wrong"
    ok "--at '$wrong': exit 2" exits 2
done
run render "$scratch/story.ini" -m stepped:async --size 80x24,120x36 --at 200ms
ok "several sizes: their rows" test "$(wc -l <"$out")" = 60
run render "$scratch/story.ini" -m stepped:async --size 80x24,120x36 --format svg
ok "several sizes in one SVG: exit 2" exits 2
for wrong in 80 80x 0x5 80x24, 1001x5 80x24x3; do
    run render "$scratch/story.ini" --size "$wrong"
    ok "--size $wrong: exit 2" exits 2
done
draw --span 5ms --at 200ms
ok "the width of the timeline" wrote "5.00 ms wide"
draw --span 0s
ok "--span 0s: exit 2" exits 2
draw --at 200ms --ascii
ascii_only() { ! LC_ALL=C grep -q '[^ -~]' "$out"; }
ok "--ascii: nothing else" ascii_only
cat >>"$scratch/story.ini" <<'INI'
[predict]
question = Who is greeted?
a = each by name
b = Bob twice
answer = b
because = Bob wrote last.
INI
draw --present
ok "--present: the question" wrote "Who is greeted?"
ok "--present: and no answer" test "$(grep -c 'Bob wrote last' "$out")" = 0
draw --present --at note
ok "--present: a note" wrote "Bob has written over it."
ok "--present: with few panes" test "$(grep -c 'Timeline' "$out"):$(grep -c 'Switches' "$out")" = 1:0
draw --present --at end
ok "--present: the answer" wrote "✓ b   Bob twice"
draw --format svg
ok "SVG" grep -q "^<svg" "$out"
draw --format ansi
ok "ANSI" grep -q $'\033\\[' "$out"
ok "in colours" grep -q '38;5' "$out"
draw --format ansi --no-color
ok "--no-color: none" test "$(grep -c '[34]8;' "$out")" = 0
export NO_COLOR=1
draw --format ansi
unset NO_COLOR
ok "nor with NO_COLOR" test "$(grep -c '[34]8;' "$out")" = 0
ok "none is left" none_left
done_testing
