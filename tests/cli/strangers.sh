#!/bin/bash
# Text of strangers: whatever stands in titles, names, values, prints, notes, file names and arguments, no command sends a terminal
# anything but text and newlines (and colours, where they are asked for); JSON and SVG are whole.
. "$(dirname "$0")/lib"
if ! command -v python3 >/dev/null; then
    skip "text of strangers" "no python3"
    done_testing
    exit 0
fi

cat >"$scratch/look.py" <<'PYTHON'
"""look.py KIND FILE…: are they fit for a terminal, and what KIND says they are?"""
import json, re, sys, xml.dom.minidom
kind, *files = sys.argv[1:]
for name in files:
    data = open(name, "rb").read()
    text = data.decode("utf-8")
    if kind == "ansi":
        text = re.sub("\x1b\\[[0-9;]*m", "", text)
    bad = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]", text)
    if bad:
        sys.exit(f"{name} has {bad[0]!r}: {text[max(0, bad.start() - 40):bad.end() + 40]!r}")
    if kind == "json" and data and not name.endswith("err"):
        json.loads(text)
    if kind == "svg" and data and not name.endswith("err"):
        xml.dom.minidom.parseString(data)
PYTHON
decent() { python3 "$scratch/look.py" "$1" "$out" "$err"; }

# A scenario that has a text wherever there may be one; within strings as an escape or as it is.
full() { # text, text within strings
    cat <<INI
; $1
[scenario]
title = $1
about = $1
[params]
rounds = 2 in 1..9
[shared]
x = 0
s = "$2"
[task w for who in "$2", "b"]
    repeat rounds:
        x += 1
    s = who
    print "$2 {who} {s}"
    mark here  ; $1
[goal]
x < 4
[expect]
x == 5
output == ["$2"]
[note at start]
$1
[note when w reaches here]
$1
[note at end]
$1
[predict]
question = $1
a = $1
b = x
answer = a
because = $1
INI
}
commands() { # name of the file, what: every command with it
    local f=$scratch/$1 what=$2 format
    run run "$f" -m stepped:threads --transcript "$scratch/t"
    ok "$what: run" decent text
    ok "$what: it did run" exits 1
    run verify "$scratch/t"
    ok "$what: verify" decent text
    run run "$f" -m stepped:processes --json
    ok "$what: run --json" decent json
    run run "$f" -m stepped:threads -n 2
    ok "$what: several runs" decent text
    run run "$f" -m stepped:threads -n 2 --json
    ok "$what: several runs, --json" decent json
    run compare "$f" -m stepped:async
    ok "$what: compare" decent text
    run explore "$f"
    ok "$what: explore" decent text
    run explore "$f" --json
    ok "$what: explore --json" decent json
    run python "$f"
    ok "$what: python" decent text
    for format in text ansi svg; do
        run render "$f" -m stepped:threads --format $format
        ok "$what: render as $format" decent $format
        run render "$f" -m stepped:threads --format $format --present --at note
        ok "$what: a note as $format" decent $format
    done
}
nasty=$'‮abc⁦‏\u061c a\u200bb\u200d\u2028\u2029\ufeff \u00ad\U000e0041 \u009b31m\u0085 <&>]]>--> 日本\u0301\u0301'
full T '\u{1b}[31m\u{7}\u{9b}2J\u{202e}\u{7f}\u{e0041}\u{200b}' >"$scratch/escaped.ini"
commands escaped.ini "escapes in strings"
full "$nasty" $'\u202ea\u2066\u200b\ufeff \u009b31m <&>]]>' >"$scratch/raw.ini"
run check "$scratch/raw.ini"
ok "marks of direction: check" decent text
ok "marks of direction: are right" exits 0
commands raw.ini "marks of direction"

names=($'\e[31m\a\u009b2J‮\u200b\xff\xc0\x80\ta\rb\nc')
for i in "${!names[@]}"; do
    full T x >"$scratch/${names[i]}.ini"
    commands "${names[i]}.ini" "file name $i"
    printf '[tusk]\n%s\n' "${names[i]}" >"$scratch/${names[i]}.ini"
    run check "$scratch/${names[i]}.ini"
    ok "file name $i: its mistakes" decent text
    ok "file name $i: there are some" exits 2
done
for i in "${!names[@]}"; do
    t=${names[i]}
    for words in "run $t" "check $t" "verify $t" "help $t" "explore $t" "python $t" "$t" "completion $t" "--$t" "-$t" \
        "run lost-update -m $t" "run lost-update -p $t" "run lost-update -p rounds=$t" "run lost-update -n $t" "run lost-update --timeout $t" \
        "run lost-update -m stepped:threads --schedule $t" "run lost-update -m stepped:threads --schedule @$t" "render lost-update --at $t" \
        "render lost-update --size $t" "render lost-update --theme $t" "render lost-update --format $t" "explore lost-update --only $t" \
        "run lost-update --switch-source $t"; do
        IFS=' ' read -rd '' -a arguments <<<"$words"
        arguments[-1]=${arguments[-1]%$'\n'}
        run "${arguments[@]}"
        decent text >"$scratch/why" || break
    done
    ok "argument $i: nothing of it reaches the terminal (${#words})" decent text
    mkdir -p "$scratch/xdg/convis"
    for line in "[$t]" $'[screen]\n'"$t = 1" $'[screen]\n'"theme = $t" $'[panes]\n'"hide = $t" $'[keys]\n'"hold = $t" $'[keys]\n'"$t = h"; do
        printf '%s\n' "$line" >"$scratch/xdg/convis/config.ini"
        XDG_CONFIG_HOME=$scratch/xdg run stale-global
        decent text >"$scratch/why" || break
    done
    ok "configuration $i: nor of this" decent text
    printf 'convis transcript 1\nscenario: x\nrules: stepped:threads\nseed: 1\nparameter: %s\nschedule: %s\ntext of the scenario:\n| %s\n' "$t" "$t" "$t" >"$scratch/t"
    run verify "$scratch/t"
    ok "transcript $i: nor of this" decent text
done
done_testing
