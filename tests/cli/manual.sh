#!/bin/bash
# The manual's tables are the program's own, every key, option and command of today stands in it, and help tells the same.
. "$(dirname "$0")/lib"

cp man/convis.1 "$scratch/convis.1"
ok "the tables of convis.1 are up to date" scripts/man-tables "$convis" "$scratch/convis.1" --check
sed -i 's/^the version$/a stale line/' "$scratch/convis.1"
stale() { ! scripts/man-tables "$convis" "$scratch/convis.1" --check; }
ok "a stale table is noticed" stale
scripts/man-tables "$convis" "$scratch/convis.1"
ok "and written anew" cmp "$scratch/convis.1" man/convis.1

# Every topic of the help prints a table, as text and as mdoc; every one but the index of them stands in a manual page.
topics=$("$convis" help | sed -n '/^Topics/,/^$/s/^  \([a-z]*\)  .*/\1/p')
ok "there are topics" test "$(wc -w <<<"$topics")" -ge 10
for topic in $topics; do
    run help "$topic"
    ok "help $topic: exit 0" exits 0
    ok "help $topic: a table" test "$(wc -l <"$out")" -ge 3
    case $topic in
    sections | statements | names | functions) # convis-scenario(5) tells each with its example (unit/lang_compile holds it to the table)
        ;;
    *) ok "help $topic: a table of the manual" grep -qx "\.\\\\\" table $topic" man/convis.1 ;;
    esac
done
run help nonsense
ok "an unknown topic: exit 2" exits 2

# The README's scenario is one, and its picture is there.
sed -n '/^```ini$/,/^```$/p' README.md | sed '1d;$d' >"$scratch/readme.ini"
run check "$scratch/readme.ini"
ok "the README's scenario is right" exits 0
run run "$scratch/readme.ini" -m stepped:async
ok "its expectations hold" exits 0
ok "and there are some" wrote "output =="
for picture in $(sed -n 's/^!\[.*\](\(.*\))$/\1/p' README.md); do
    ok "the README's picture: $picture" grep -q "^<svg" "$picture"
done
done_testing
