#!/bin/bash
# Building: make again does nothing, one changed file is compiled alone, a header by whoever includes it; clang builds it too, outside
# the tree, from sources it leaves as they are.
. "$(dirname "$0")/lib"

build=$(realpath --relative-to=. "$(dirname "$convis")")
again() { make --no-print-directory O="$build" SANITIZE= "$@"; }
compiled() { again -n -W "$1" "$build/convis" | grep -c '  CC '; }
up_to_date() { again -q "$1" || { again -n "$1" | head -20; return 1; }; }

if [ -e "$build/obj/src/main.o" ]; then
    ok "make again: all is up to date" up_to_date all
    ok "make again: the unit tests are up to date" up_to_date unit
    ok "one file was changed: it is compiled" test "$(compiled src/app/list.c)" = 1
    n=$(compiled include/convis/topo.h)
    includes=$(grep -l 'include/convis/topo\.h' "$build"/obj/src/*.d "$build"/obj/src/*/*.d | wc -l)
    ok "a header was changed: who includes it is compiled ($n)" test "$n" = "$includes" -a "$n" -gt 2 -a "$n" -lt "$(ls src/*/*.c | wc -l)"
else
    skip "make again" "$build was not built here"
fi

if command -v clang >/dev/null; then
    mkdir "$scratch/tree"
    cp -R Makefile mk include src scenarios "$scratch/tree/"
    before=$(cd "$scratch/tree" && find . | sort)
    outside() { make --no-print-directory -j2 -C "$scratch/tree" O="$scratch/built" CC=clang CFLAGS=-O0 SANITIZE= "$@"; }
    ok "clang builds it, outside the tree" outside
    ok "it is clang's" grep -qa 'clang version' "$scratch/built/convis"
    convis=$scratch/built/convis run run "$scratch/tree/scenarios/stale-global.ini" -m stepped:async
    ok "and runs" exits 0
    ok "the tree is as it was" test "$before" = "$(cd "$scratch/tree" && find . | sort)"
    ok "again: all is up to date there" outside -q
else
    skip "clang builds it, outside the tree" "clang is not installed"
fi
done_testing
