#!/bin/bash
# The table of what the notes say: each claim names a scenario and figures that there are and stands in docs/claims.md; a wrong one is
# told; the generator works, on scenarios that take no time. And the terms of the help name lessons that there are. The figures
# themselves are no test: `make claims` measures them.
. "$(dirname "$0")/lib"

lessons() { # the names in brackets, all of them shipped?
    local name missing=
    for name in $("$convis" help --mdoc terms | tr '\n' ' ' | grep -o '\[[a-z, \\-]*\]' | tr -d '[]\\,'); do
        [ -f "scenarios/$name.ini" ] || missing="$missing $name"
    done
    [ -z "$missing" ] || { echo "no such lesson:$missing"; return 1; }
}
ok "the terms' lessons are there" lessons
ok "most terms have one" test "$("$convis" help --mdoc terms | grep -c '\[')" -ge 25

if ! command -v python3 >/dev/null 2>&1; then
    skip "the claims" "no python3"
    done_testing
    exit 0
fi
build=$(dirname "$convis")
ok "every claim has its scenario, its figures, its place in the page" scripts/claims "$build" --check

mkdir -p "$scratch/tree/tests"
cp -R scripts scenarios docs "$scratch/tree/"
cp -R tests/bench "$scratch/tree/tests/"
sed -i 's/"own-copy"/"own-cop"/; s/"copies.x"/"copies.z"/; s/"stale-global"/"gone"/' "$scratch/tree/scripts/claims"
sed -i 's/"len shared.items"/"len shared.item"/' "$scratch/tree/scripts/claims"
sed -i '/^### 17/d' "$scratch/tree/docs/claims.md"
noticed() {
    local said word
    said=$("$scratch/tree/scripts/claims" "$build" --check) && return 1
    for word in "no scenario own-cop" "no scenario gone" "shared-list has no len shared.item" "17: docs/claims.md" "other claims"; do
        grep -q "$word" <<<"$said" || { echo "not told: $word"; echo "$said"; return 1; }
    done
}
ok "what is wrong with them is told" noticed

ROUNDS=1 scripts/claims "$build" ipc shared-list >"$out" 2>"$err"
status=$?
ok "claims: exit 0" exits 0
ok "two claims" test "$(grep -c '^### ' "$out")" = 2
ok "with figures of each model" grep -q '^| entries of 12 | 12 | 12 | 12 | 0 |$' "$out"
ok "a verdict by its rule" grep -q '^true: true if threads have all 12' "$out"
ok "and the other" grep -q '^true: true if the word came by the queue' "$out"
ROUNDS=1 scripts/claims "$build" nonsense >"$out" 2>"$err"
status=$?
ok "no such claim: exit 1" exits 1
done_testing
