#!/bin/bash
# The order of the course: every shipped scenario stands in it once, a cured one behind what it cures, and `convis list` follows it.
. "$(dirname "$0")/lib"

grep -v '^[;#]' scenarios/course | grep . >"$scratch/course"
ls scenarios/*.ini | xargs -n 1 basename -s .ini | sort >"$scratch/shipped"
ok "every scenario stands in the course exactly once" diff "$scratch/shipped" <(sort "$scratch/course")
behind() { # each NAME-cured, NAME-locked, … has NAME before it, and nothing between them but other cures
    awk '{ base = $0; if (sub(/-(cured|locked|ordered|waiter)$/, "", base) && base != last) { print $0 " stands behind " last; wrong = 1 } last = base }
        END { exit wrong }' "$scratch/course"
}
ok "a cured twin stands directly behind its lesson" behind

run list
ok "list: exit 0" exits 0
ok "list: in the order of the course" diff "$scratch/course" <(grep -v '^#' "$out" | cut -d' ' -f1)
ok "list: under the headings of its chapters" diff <(grep '^#' scenarios/course) <(grep '^#' "$out")

mkdir -p "$scratch/moved/bin" "$scratch/moved/share/convis/scenarios"
cp "$convis" "$scratch/moved/bin/"
cp scenarios/{gil,aba,pool}.ini "$scratch/moved/share/convis/scenarios/"
there=$scratch/moved/share/convis/scenarios
moved() {
    (cd / && "$scratch/moved/bin/convis" list >"$out" 2>"$err")
    status=$?
    sed '/^#/!s/ .*//' "$out" | tr '\n' ' ' >"$scratch/told"
}
moved
ok "without a course: by name" grep -qx "aba gil pool " "$scratch/told"
printf '; mine\n# A \e[2Jchapter\r\ngone\npool\r\npool\n../gil\n' >"$there/course"
moved
ok "what the course names is first, once; the rest comes last" grep -q "chapter pool # Others aba gil $" "$scratch/told"
ok "its headings are only text" test -z "$(grep -l $'\e' "$out")" -a "$(grep -c '^# A .*2Jchapter$' "$out")" = 1
done_testing
