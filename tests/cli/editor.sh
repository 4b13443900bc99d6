#!/bin/bash
# The Vim syntax file knows every word of the language's tables, and Vim, where it is installed, colours a scenario with it.
. "$(dirname "$0")/lib"

syntax=share/vim/syntax/convis.vim
missing=
for topic in sections statements names functions; do
    # Each form: its words, without what stands for something else (capitals, single letters, text, args, old, new).
    for word in $("$convis" help --mdoc "$topic" | sed -n 's/^\.It Li "\(.*\)"$/\1/p' | sed 's/\\(dq//g; s/text\|args\|old\|new//g' | grep -oE '[a-z][a-z_]+' | sort -u); do
        grep -qE "[ (|]$word( |\$|\\\\|>)" $syntax || missing="$missing $topic:$word"
    done
done
ok "every word of the tables stands in the syntax file:$missing" test -z "$missing"

if command -v vim >/dev/null && vim --version | grep -q '+syntax'; then
    group() { # line column: the group of what stands there
        vim -u NONE -N -es -c 'set rtp^=share/vim' -c 'filetype on' -c 'runtime! ftdetect/*.vim' -c 'syntax on' -c "edit scenarios/stale-global.ini" \
            -c "call search('$1')" -c "redir! >$scratch/group" -c 'silent echo synIDattr(synID(line("."), col("."), 1), "name")' -c 'redir END' -c 'qa!'
        tr -d '\n' <"$scratch/group"
    }
    ok "await is coloured" test "$(group await)" = convisAwait
    ok "a section is coloured" test "$(group '\[shared')" = convisSection
    ok "a duration is coloured" test "$(group '1s$')" = convisNumber
else
    skip "Vim colours a scenario" "vim with +syntax is not installed"
fi
done_testing
