#!/bin/bash
# Beginning: `convis new` writes a scenario that is right and runs.
. "$(dirname "$0")/lib"

run new "$scratch/first"
ok "new: exit 0" exits 0
ok "new: says what it wrote" wrote "first.ini is written"
cp "$scratch/first.ini" "$scratch/kept"
for model in async threads threads+gil processes stepped:async; do
    run run "$scratch/first.ini" -m $model
    ok "new: runs under $model, and all it expects holds" exits 0
done
ok "new: its title is its name" grep -qx "title = first" "$scratch/first.ini"
run new "$scratch/first.ini"
ok "new: nothing is overwritten: exit 2" exits 2
ok "new: said" said "there already"
ok "new: the file is as it was" cmp "$scratch/first.ini" "$scratch/kept"
run new "$scratch/no/such/folder"
ok "new: no such folder: exit 3" exits 3
run new "$scratch/.ini"
ok "new: no name: exit 2" exits 2
(cd "$scratch" && "$convis" new $'esc\e[2J' >"$out" 2>"$err")
ok "new: a name with an escape sequence is text" test -z "$(grep -l $'\e' "$out" "$scratch"/esc*.ini)"
done_testing
