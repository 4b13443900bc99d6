#!/bin/bash
# Beginning: `convis new` writes a scenario that is right and runs; completions tell every command and option of today.
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

words=$("$convis" help commands | sed -n 's/^  convis \([a-z]*\) .*/\1/p' | tr '\n' ' ')
options=$("$convis" help options | sed -n 's/.*--\([a-z-]*\).*/\1/p' | sort -u | tr '\n' ' ')
ok "there are commands and options" test "$(wc -w <<<"$words")" -ge 8 -a "$(wc -w <<<"$options")" -ge 12
for shell in bash zsh fish; do
    run completion $shell
    ok "completion $shell: exit 0" exits 0
    cp "$out" "$scratch/completion.$shell"
    missing=
    for w in $words; do grep -qw -- "$w" "$out" || missing="$missing $w"; done
    for w in $options; do
        case $shell in fish) grep -q -- "-l $w " "$out" || missing="$missing $w" ;; *) grep -q -- "--$w" "$out" || missing="$missing --$w" ;; esac
    done
    ok "completion $shell: every command and option" test -z "$missing"
    if command -v $shell >/dev/null; then
        ok "completion $shell: the shell can read it" $shell -n "$scratch/completion.$shell"
    else
        skip "completion $shell: the shell can read it" "$shell is not installed"
    fi
done
run completion tcsh
ok "completion: another shell: exit 2" exits 2

# bash itself completes with it. The program must be `convis` on the path.
mkdir "$scratch/bin"
ln -s "$convis" "$scratch/bin/convis"
complete_words() { # words of the command line, the last one to be completed
    PATH=$scratch/bin:$PATH bash -c '
        . "$0"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _convis convis "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' "$scratch/completion.bash" "$@" >"$out"
}
complete_words convis sta
ok "bash: the name of a scenario" grep -qx stale-global "$out"
complete_words convis co
ok "bash: a command" grep -qx compare "$out"
complete_words convis run --sw
ok "bash: an option" grep -qx -- --switch-source "$out"
complete_words convis run -m stepped:t
ok "bash: a model" grep -qx stepped:threads "$out"
complete_words convis help sta
ok "bash: a topic" grep -qx states "$out"
complete_words convis run "$scratch/fir"
ok "bash: a file" grep -qx "$scratch/first.ini" "$out"
done_testing
