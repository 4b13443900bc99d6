#!/bin/bash
# Each part of `make bench` still runs: one short round of each. The figures are not judged here.
. "$(dirname "$0")/lib"

page=$(cksum <BENCHMARKS.md)
for part in $(scripts/bench "${CV_CONVIS%/*}" list | sed 's/:.*//'); do
    SHORT=1 scripts/bench "${CV_CONVIS%/*}" "$part" >"$out" 2>"$err"
    status=$?
    ok "$part: measured" exits 0
    ok "$part: says a figure, or why there is none" grep -Eq 'rounds\)|^not measured: ' "$out"
done
ok "a short round writes nothing" test "$(cksum <BENCHMARKS.md)" = "$page"
scripts/bench "${CV_CONVIS%/*}" nonsense >"$out" 2>"$err"
status=$?
ok "no such part: exit 2" exits 2
ok "no such part: those there are" grep -q "switch" "$err"
ok "none is left" none_left
done_testing
