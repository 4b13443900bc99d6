#!/bin/bash
# The Vim syntax file knows every word of the language's tables, and Vim, where it is installed, colours a scenario with it, word by word.
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

scenario coloured <<'END'
; a comment
# another
[scenario]
title = It takes 5ms; or not
models = async, threads+gil
[shared memory]
counter = 0
[sync]
seats = semaphore(2)
[task worker x 3]
    await sleep 1.5s # a remark
    atomic counter += 10
    if len(list#2) > 0x and not cas(counter, 0, 1): ; not#here
        print "the {counter} at {now}; \"x\" # 1"
    offload processes:
[expect threads]
counter in 1..3
never deadlock
[note when lost update]
END
syntax_groups() { # file: for each line of standard input, `LINE TEXT`, the group of the first character of TEXT there
    sed "s/'/''/g; s|^\([0-9]*\) \(.*\)|call add(g, synIDattr(synID(\1, match(getline(\1), '\\\\V\2') + 1, 1), 'name'))|" >"$scratch/ask.vim"
    { echo 'let g = []'; cat "$scratch/ask.vim"; echo "call writefile(g, '$scratch/groups')"; } >"$scratch/asks.vim"
    rm -f "$scratch/groups"
    timeout -k 2 30 vim -u NONE -i NONE -n -N -es -c 'set rtp^=share/vim' -c 'filetype on' -c 'runtime! ftdetect/*.vim' -c 'syntax on' -c "edit $1" \
        -c "source $scratch/asks.vim" -c 'qa!' </dev/null
    cat "$scratch/groups"
}
# Line, what stands there, its group.
cat >"$scratch/wanted" <<'END'
1 ;|convisComment
2 #|convisComment
3 [scenario|convisSection
4 title|convisSetting
5 threads|convisModel
5 gil|convisModel
6 [shared memory|convisSection
7 counter|
9 semaphore|convisKind
9 2|convisNumber
10 [task|convisSection
11 await|convisAwait
11 sleep|convisStatement
11 1.5s|convisNumber
11 # a|convisComment
12 atomic|convisAwait
12 +=|convisOperator
13 if|convisConditional
13 len|convisFunction
13 #2|
13 and|convisOperator
13 cas|convisFunction
13 ; not|convisComment
14 print|convisStatement
14 "the|convisString
14 {|convisHole
14 now|convisBuiltin
14 ; |convisString
14 \\"|convisEscape
14 # 1|convisString
15 offload|convisStatement
15 processes|convisModel
16 threads|convisModel
17 in|convisRepeat
18 never|convisBuiltin
18 deadlock|convisBuiltin
19 [note|convisSection
END
if command -v vim >/dev/null && vim --version | grep -q '+syntax'; then
    cut -d'|' -f1 "$scratch/wanted" | syntax_groups "$scratch/coloured.ini" >"$scratch/coloured" 2>"$err"
    ok "Vim colours each kind of word by its group" diff <(cat "$scratch/wanted") <(paste -d'|' <(cut -d'|' -f1 "$scratch/wanted") "$scratch/coloured")
    # Every word of the language's tables has a colour.
    for topic in statements names functions; do
        "$convis" help --mdoc "$topic" | sed -n 's/^\.It Li "\(.*\)"$/\1/p' | sed 's/\\(dq//g; s/text\|args\|old\|new//g' | grep -oE '[a-z][a-z_]+'
    done | sort -u | sed 's/^/    /' >"$scratch/all"
    { echo "[task t]"; cat "$scratch/all"; } >"$scratch/all.ini"
    sed 's/^ *//' "$scratch/all" | awk '{ print NR + 1, $1 }' | syntax_groups "$scratch/all.ini" >"$scratch/coloured" 2>"$err"
    plain() { paste -d' ' "$scratch/coloured" "$scratch/all" | grep '^ '; }
    ok "Vim colours every word of the language ($(wc -l <"$scratch/coloured"))" test -z "$(plain)" -a "$(wc -l <"$scratch/coloured")" = "$(wc -l <"$scratch/all")"
else
    skip "Vim colours a scenario" "vim with +syntax is not installed"
fi
done_testing
