#!/bin/bash
# Completions: bash, zsh and fish at a terminal complete with what `convis completion` writes, and offer every command and option of
# the program's own tables, no more and no less.
. "$(dirname "$0")/lib"

words=$("$convis" help commands | sed -n 's/^  convis \([a-z]*\) .*/\1/p' | sort)
options=$("$convis" help options | sed -nE 's/^  (-., |)(--[a-z-]*).*/\2/p' | sort -u)
topics=$("$convis" help | sed -n '/^Topics/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p' | sort)
lessons=$("$convis" list | grep -v '^#' | cut -d' ' -f1 | grep . | sort)
ok "there are commands, options, topics and lessons" test "$(wc -w <<<"$words")" -ge 8 -a "$(wc -w <<<"$options")" -ge 12 -a "$(wc -w <<<"$topics")" -ge 10 -a "$(wc -w <<<"$lessons")" -ge 60

mkdir "$scratch/bin" "$scratch/here"
ln -s "$convis" "$scratch/bin/convis"
touch "$scratch/here/my-own.ini" "$scratch/here/played.txt"
tab() { # a line, of which the last word is to be completed
    (cd "$scratch/here" && PATH=$scratch/bin:$PATH timeout -k 2 30 python3 "$OLDPWD/tests/cli/tab.py" "$shell" "$file" "$scratch" "$1") >"$out" 2>"$err"
    status=$?
}
becomes() { [ "$(sed -n '1s/ *$//p' "$out")" = "$1" ] || { echo "the line is: $(head -n 1 "$out")"; return 1; }; }
offers() { diff <(sort -u <<<"$1") <(sed '1d; s/=$//; s/ *$//' "$out" | grep -E -- "${2:-.}" | sort -u); }
has() { sed 1d "$out" | grep -qx -- "$1"; }

for shell in bash zsh fish; do
    run completion $shell
    ok "completion $shell: exit 0" exits 0
    mkdir "$scratch/$shell"
    case $shell in zsh) file=$scratch/zsh/_convis ;; *) file=$scratch/$shell/convis ;; esac
    cp "$out" "$file"
    if ! command -v $shell >/dev/null; then
        skip "$shell completes" "$shell is not installed"
        continue
    fi
    ok "$shell: can read it" $shell -n "$file"
    tab "convis exp"
    ok "$shell: a command" becomes "convis explore"
    tab "convis stale-global-c"
    ok "$shell: a scenario" becomes "convis stale-global-cured"
    tab "convis run two-s"
    ok "$shell: a scenario after a command" becomes "convis run two-sleeps"
    tab "convis explore my-"
    ok "$shell: a file" becomes "convis explore my-own.ini"
    tab "convis verify pl"
    ok "$shell: a transcript" becomes "convis verify played.txt"
    tab "convis run --switch-s"
    ok "$shell: an option" test "$(sed -n '1s/[= ]*$//p' "$out")" = "convis run --switch-source"
    tab "convis run -m stepped:t"
    ok "$shell: a model" becomes "convis run -m stepped:threads"
    tab "convis render --theme=colour"
    ok "$shell: a value behind =" becomes "convis render --theme=colour-blind"
    tab "convis run --transcript pl"
    ok "$shell: a file that an option takes" becomes "convis run --transcript played.txt"
    tab "convis completion z"
    ok "$shell: a shell" becomes "convis completion zsh"
    tab "convis help "
    ok "$shell: the topics are those of the program" offers "$topics"
    tab "convis run --"
    ok "$shell: the options are those of the program" offers "$options" '^--'
    tab "convis "
    ok "$shell: commands, lessons and files" offers "$words
$lessons
my-own.ini" '^[a-z-]*(\.ini)?$'
done
run completion tcsh
ok "completion: another shell: exit 2" exits 2
done_testing
