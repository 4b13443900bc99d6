#!/bin/bash
# The user's configuration: what is wrong in it is told with its place, all of it, and nothing is run.
. "$(dirname "$0")/lib"

mkdir -p "$scratch/xdg/convis"
file=$scratch/xdg/convis/config.ini
export XDG_CONFIG_HOME=$scratch/xdg
wrong() { # what, the lines of the file on standard input, what must be said…
    local what=$1 word
    shift
    cat >"$file"
    run stale-global
    ok "$what: exit 2" exits 2
    for word; do ok "$what: $word" said "$word"; done
}

wrong "names" "config.ini:1:2: error: no such section: 'scren'" "did you mean 'screen'?" "config.ini:4:1: error: no such setting of [screen]: 'them'" \
    "did you mean 'theme'?" "config.ini:5:9: error: no such theme: 'blue'" "there are dark, light" "config.ini:6:9: error: no such choice: 'maybe'" \
    "config.ini:8:8: error: no such pane: 'Kores'" "did you mean 'Cores'?" <<'EOF'
[scren]
theme = light
[screen]
them = light
theme = blue
color = maybe
[panes]
hide = Kores
EOF
wrong "keys" "config.ini:2:1: error: no such action: 'holdd'" "did you mean 'hold'?" "config.ini:3:8: error: no such key: 'F99'" \
    "a key is one ASCII character" "config.ini:4:14: error: an action has two keys at most" "config.ini:5:9: error: this key is that of another action" \
    "give 'quit' another key too" <<'EOF'
[keys]
holdd = x
hold = F99
live = l L   x
rerun = q
EOF
wrong "form" "config.ini:1:1: error: a setting stands in a section" "config.ini:3:1: error: a setting is written as name = value" \
    "config.ini:5:61: error: no pane would be left" "config.ini:6:1: error: a section is written as [screen]" <<'EOF'
theme = light
[screen]
theme light
[panes]
hide = Cores, Timeline, Switches, Shared, Code,     Output, Output
[keys
EOF
wrong "not text" "config.ini:2:" "\\x" <<<$'[screen]\n\e[2J\xff = \e]0;x\a'
ok "no escape sequence goes to the terminal" test -z "$(grep -l $'\e' "$err")"

head -c 70000 /dev/zero | tr '\0' ';' >"$file"
run stale-global
ok "too large: exit 2" exits 2
ok "too large: said" said "larger than"
printf '[screen]\ntheme = light ; in daylight\n# keys change places\n[keys]\nlive = r\nrerun = l\n' >"$file"
run stale-global
ok "a right one: the next mistake is told" said "not a terminal"
rm -r "$scratch/xdg"
run stale-global
ok "none: no mistake" said "not a terminal"
done_testing
