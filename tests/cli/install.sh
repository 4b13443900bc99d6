#!/bin/bash
# make install and uninstall: with DESTDIR and PREFIX, what is installed runs by itself, and nothing is left.
. "$(dirname "$0")/lib"

build=$(dirname "$convis")
make_it() { make --no-print-directory O="$(realpath --relative-to=. "$build")" PREFIX=/opt/cv DESTDIR="$scratch/stage" -o convis -o "$build/convis" "$@"; }

ok "make install" make_it install
here=$scratch/stage/opt/cv
ok "the program" test -x "$here/bin/convis"
ok "both pages of the manual" test -s "$here/share/man/man1/convis.1" -a -s "$here/share/man/man5/convis-scenario.5"
ok "completions" test -s "$here/share/bash-completion/completions/convis" -a -s "$here/share/zsh/site-functions/_convis" -a -s "$here/share/fish/vendor_completions.d/convis.fish"
ok "colours for Vim" test -s "$here/share/vim/vimfiles/syntax/convis.vim" -a -s "$here/share/vim/vimfiles/ftdetect/convis.vim"
ok "all scenarios" test "$(ls "$here/share/convis/scenarios" | wc -l)" = "$(ls scenarios | wc -l)"
ok "and the order they are taught in" test -s "$here/share/convis/scenarios/course"

run_installed() {
    (cd / && timeout -k 2 30 "$here/bin/convis" "$@" >"$out" 2>"$err" </dev/null)
    status=$?
}
run_installed list
ok "it finds its scenarios: exit 0" exits 0
ok "it finds its scenarios" wrote stale-global
run_installed run stale-global -m stepped:async
ok "a scenario by its bare name: exit 0" exits 0
ok "a scenario by its bare name" wrote "Handled by: Bob"

touch "$here/share/convis/scenarios/mine.ini"
ok "make uninstall" make_it uninstall
ok "what another put there stays" test -e "$here/share/convis/scenarios/mine.ini"
rm "$here/share/convis/scenarios/mine.ini"
make_it uninstall >/dev/null 2>&1
left() { find "$scratch/stage" -type f -o -type l; find "$scratch/stage" -name convis; }
ok "nothing of ours is left" test -z "$(left)"
done_testing
