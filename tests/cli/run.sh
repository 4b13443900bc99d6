#!/bin/bash
# `convis run`: what it prints, in which shape, and the exit status for each way a run can end.
. "$(dirname "$0")/lib"

run run scenarios/stale-global.ini
ok "a run whose expectations hold: exit 0" exits 0
ok "the scenario's output" test "$(grep -c '^Handled by: Bob' "$out")" = 2
ok "the finding" wrote "stale read"
ok "not a terminal: no progress on standard error" silent
ok "no control characters" bash -c "! LC_ALL=C grep -q '[[:cntrl:]]' <(tr -d '\n' <'$out')"
run run stale-global --ascii
ok "a shipped scenario by its name" exits 0
ok "--ascii: no byte beyond" bash -c "! LC_ALL=C grep -q '[^ -~]' '$out'"
run run scenarios/stale-global.ini -m stepped:async --json
ok "--json: standard error is empty" silent
ok "--json: one object" bash -c "head -c 1 '$out' | grep -q '{'"

if command -v python3 >/dev/null 2>&1; then
    for model in async threads threads+gil processes stepped:threads; do
        run run scenarios/stale-global.ini -m $model --json
        ok "--json is JSON under $model" json 'True'
        ok "every documented field, $model" json 'set("scenario title model gil seed outcome elapsed_s cpu_time_s cores_used cores_seen tasks switches loop_lag_s memory_per_task_bytes peak_tasks shared copies output findings expect events switch_source".split()) <= set(d)'
        ok "fields of a task, $model" json 'all(set("name state pid tid cpu_time_s voluntary involuntary awaits cores".split()) <= set(t) for t in d["tasks"]) and [t["name"] for t in d["tasks"]] == ["Alice", "Bob"]'
        ok "fields of the switches, $model" json 'set("voluntary involuntary awaits loop_iterations by_cause".split()) <= set(d["switches"])'
        ok "fields of an expectation, $model" json 'd["expect"] and all(set(e) >= {"line", "text", "holds"} and e["holds"] is True for e in d["expect"])'
        ok "the record's counts, $model" json 'd["events"]["recorded"] > 0 and d["events"]["lost"] == 0'
        ok "the model's name, $model" json "d['model'] == '$model' or d['model'] == '$model'.split('+')[0] and d['gil'] is ('+gil' in '$model')"
    done
    scenario opens <<'END'
[scenario]
model = threads+gil
[task t]
    pass
END
    sed 's/^model = threads+gil/gil = on/' "$scratch/opens.ini" >"$scratch/on.ini"
    for wanted in "opens threads False" "opens threads+gil True" "on threads True" "on async False" "on processes False"; do
        read -r name model gil <<<"$wanted"
        run run "$scratch/$name.ini" -m "$model" --json
        ok "the GIL of a scenario that opens under it, or has it on: $wanted" json "d['gil'] is $gil"
    done
    run run "$scratch/opens.ini" --json
    ok "it opens under the GIL" json "d['gil'] is True"
    run run scenarios/stale-global.ini --json
    ok "outcome and output" json 'd["outcome"] == "finished" and d["output"] == ["Handled by: Bob"] * 2 and d["shared"]["current_user"] == "Bob"'
    ok "the stale read has task and line" json '[(f["kind"], f["task"], f["line"]) for f in d["findings"]] == [("stale read", "Alice", 14)]'
    ok "one thread" json 'len({t["pid"] for t in d["tasks"]}) == 1 and len(d["tasks"]) == 2'
    ok "coroutines run in the loop's thread" json 'len({(t["pid"], t["tid"]) for t in d["tasks"]}) == 1 and d["tasks"][0]["pid"] == d["tasks"][0]["tid"] > 0'
    printf '[task a]\n    cpu 30ms\n[task b]\n    cpu 10ms\n    await sleep 30ms\n' >"$scratch/cpu.ini"
    for model in async threads stepped:async; do
        run run "$scratch/cpu.ini" -m $model --json
        ok "CPU time of each task, $model" json '[t["cpu_time_s"] >= s for t, s in zip(d["tasks"], (28e-3, 9e-3))] == [True] * 2 and (d["model"] == "threads" or sum(t["cpu_time_s"] for t in d["tasks"]) <= d["elapsed_s"])'
    done
    run run scenarios/stale-global.ini --json
    ok "awaits are counted" json 'd["switches"]["awaits"] == 2 and d["switches"]["by_cause"]["await sleep"] == 2'
    run run scenarios/stale-global.ini -m threads --json
    ok "two threads in one process" json 'len({t["pid"] for t in d["tasks"]}) == 1 and len({t["tid"] for t in d["tasks"]}) == 2'
    ok "a thread does not await, it blocks" json 'd["switches"]["awaits"] == 0 and d["switches"]["by_cause"]["block sleep"] == 2'
    run run scenarios/stale-global.ini -m processes --json
    ok "two processes" json 'len({t["pid"] for t in d["tasks"]}) == 2'
    ok "each has its own copy" json 'd["copies"]["current_user"] == [None, "Alice", "Bob"]'
    run run scenarios/own-copy.ini -m processes --json
    ok "copies of processes" json 'd["copies"]["x"] == [0, 1, 1, 1] and d["shared"]["y"] == 3 and d["shared"]["x"] == 0'
    scenario odd <<'INI'
[scenario]
title = "Quotes" and \ and a bell
model = async
[task a]
    print "\"\\ \t \u{1b}[31m \u{7} \u{1f600} \u{2028}"
INI
    run run "$scratch/odd.ini" --json
    ok "JSON of text that needs escapes" json 'd["output"] and "\x1b" not in open(sys.argv[1]).read() and d["title"].startswith("\"Quotes\"")'
    run run "$scratch/odd.ini"
    ok "text: escapes are shown, not sent" bash -c "! grep -q $'\x1b' '$out' && ! grep -q $'\x07' '$out'"
    LC_ALL=C run run "$scratch/odd.ini" --json
    ok "JSON in ASCII alone where the locale is: the same text" json 'd["output"] == ["\"\\ \t \x1b[31m \x07 \U0001f600 \u2028"] and open(sys.argv[1]).read().isascii()'
else
    skip "--json is JSON" "no python3"
fi

# In a terminal without UTF-8, U+015B would end with the byte of a control sequence's beginning.
scenario abroad <<'INI'
[scenario]
title = Größe ś
[task a for v in "ś", "日本"]
    print "ś {v}"
    fail "ś"
[expect]
output == ["ś"]
INI
for options in "--ascii" "-m threads" "-m stepped:async -n 2"; do
    # shellcheck disable=SC2086
    LC_ALL=C run run "$scratch/abroad.ini" $options
    ok "no byte beyond ASCII where the locale is ASCII ($options)" bash -c "! LC_ALL=C grep -q '[^ -~]' '$out' '$err' && grep -qF 'u{15b}' '$out'"
done
LC_ALL=C run check <(printf '[scenario]\ntitle = x\n[task ś]\n')
ok "nor in a diagnostic" bash -c "test -s '$err' && ! LC_ALL=C grep -q '[^ -~]' '$err'"
LC_ALL=C run help
ok "nor in the help" bash -c "! LC_ALL=C grep -q '[^ -~]' '$out'"
LC_ALL=C run help keys
ok "nor in the keys" bash -c "! LC_ALL=C grep -q '[^ -~]' '$out'"
LC_ALL=C run list
ok "nor in the list" bash -c "! LC_ALL=C grep -q '[^ -~]' '$out'"

scenario unmet <<'INI'
[scenario]
title = Unmet
model = async
[shared]
x = 1
[task a]
    x = 2
[expect]
x == 3
INI
run run "$scratch/unmet.ini"
ok "an expectation fails: exit 1" exits 1
ok "and is told" wrote "x == 3"

scenario fails <<'INI'
[scenario]
title = A task that raises
[task a]
    fail "no more tea"
[task b]
    await sleep 10ms
    check 1 == 2
[expect]
failed == 2
INI
for model in async threads processes; do
    run run "$scratch/fails.ini" -m $model
    ok "failures that are expected, $model: exit 0" exits 0
    ok "the failure's words, $model" wrote "no more tea"
done

scenario crash <<'INI'
[scenario]
title = Crash
[task a]
    print "before"
    await sleep 50ms
    crash
[task b]
    await sleep 300ms
    print "survivor"
INI
for model in async threads; do
    run run "$scratch/crash.ini" -m $model
    ok "a crash under $model takes all along: not 0" test "$status" -ne 0
    ok "a crash under $model: SIGSEGV is named" grep -qF SIGSEGV "$out" "$err"
    ok "a crash under $model: what was printed before is there" wrote before
    ok "a crash under $model: nobody survives" bash -c "! grep -q survivor '$out'"
    ok "a crash under $model leaves nothing" none_left
done
run run "$scratch/crash.ini" -m processes
ok "a crash of a process: the others go on" wrote survivor
ok "a crash of a process leaves nothing" none_left

run run scenarios/gil.ini -m stepped:threads -n 3
ok "-n repeats" exits 0
run run scenarios/lost-update.ini -m stepped:threads -s 5 -p rounds=3 --json
cp "$out" "$scratch/first"
run run scenarios/lost-update.ini -m stepped:threads -s 5 -p rounds=3 --json
ok "a seed decides everything under stepped, to the byte" cmp -s "$out" "$scratch/first"
run run tests/runs/ids.ini -m stepped:processes --json
cp "$out" "$scratch/first"
run run tests/runs/ids.ini -m stepped:processes --json
ok "pid and tid too" cmp -s "$out" "$scratch/first"
done_testing
