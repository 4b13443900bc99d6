#!/bin/bash
# The examples of convis-scenario(5) are taken out of the page and run, under every model they name, for real and in virtual time: all
# they expect holds. Every statement of the language stands in one of them, in the page's list,
# and among the wrong files.
. "$(dirname "$0")/lib"

# Each literal block that has a task becomes a file; what it is in roff becomes what the reader sees.
awk -v to="$scratch" '
    /^\.Bd -literal/ { on = 1; text = ""; next }
    /^\.Ed/ { if (on && text ~ /\n\[(task|main)/) { n++; printf "%s", text > (to "/example" n ".ini") } on = 0; next }
    on { gsub(/\\\(dq/, "\""); gsub(/\\-/, "-"); gsub(/\\&/, ""); gsub(/\\e/, "\\"); text = text $0 "\n" }' man/convis-scenario.5
examples=("$scratch"/example*.ini)
ok "there are examples" test ${#examples[@]} -ge 8

for file in "${examples[@]}"; do
    title=$(sed -n 's/^title = //p' "$file")
    name="$(basename "$file" .ini)${title:+, $title}"
    ok "$name: expects something" grep -q '^\[expect' "$file"
    models=$(sed -n 's/^models *= *//p' "$file" | sed 's/ *;.*//' | tr ',' ' ')
    for model in ${models:-async threads processes}; do
        run run "$file" -m "$model"
        ok "$name: $model" exits 0
        run run "$file" -m "stepped:$model"
        ok "$name: stepped:$model" exits 0
    done
done

words() { "$convis" help --mdoc statements | sed -n 's/^\.It Li "\(.*\)"$/\1/p' | sed 's/\[await\] //; s/\\&//; s/ .*//; s/:$//; s/^x$/=/'; }
ok "there are statements" test "$(words | wc -l)" -ge 35
for word in $(words | sort -u); do
    used() { grep -qE "^ +(await )?([a-z_]+ )?$word( |:|\$)" "${examples[@]}"; }
    ok "an example of $word" used
    listed() { sed -n '/^\.Ss Statements/,/^\.Ss Expressions/p' man/convis-scenario.5 | grep -qE "[ \"]$word([: \"]|\$)"; }
    ok "in the list: $word" listed
done

# And every statement is written wrongly in one of tests/lang, where its diagnostic is held to the word.
awk 'FNR == 1 { split("", line) } { line[FNR] = $0 }
    /^; expect error / { split($4, at, ":"); print line[at[1]] }' tests/lang/*.ini >"$scratch/wrong"
unseen=
for word in $(words | grep -v '^=$' | sort -u); do
    grep -qE "^\s*(await )?$word( |:|\$)" "$scratch/wrong" || unseen+=" $word"
done
ok "a wrong file for each:$unseen" test -z "$unseen"
done_testing
