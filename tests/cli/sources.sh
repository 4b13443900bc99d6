#!/bin/bash
# Where the kernel's switches come from: each source agrees with getrusage for every thread and process, with all rights and with
# nobody's; a host that refuses one gets the next, with its name and why.
. "$(dirname "$0")/lib"

if ! command -v python3 >/dev/null 2>&1; then
    skip "sources" "no python3"
    done_testing
    exit 0
fi
cp "$(readlink -f "$convis")" "$scratch/convis"
chmod 755 "$scratch/convis"
scenario turns <<'INI'
[scenario]
title = Turns
model = threads
[task turn x 3]
    repeat 4:
        cpu 5ms
        await sleep 1ms
        await yield
INI
chmod 644 "$scratch/turns.ini"

# agrees: what the source told of every thread and process is what getrusage says, +-1; where it was lost, that is told
agrees='d["events"]["lost"] + d["events"]["kernel_lost"] > 0 or all(abs(t["seen"][k] - t[k]) <= 1 for t in d["tasks"] if "seen" in t for k in ("voluntary", "involuntary")) and
    (d["model"] == "async" or all("seen" in t for t in d["tasks"] if t["pid"])) and all(abs(d["switches"]["seen"][k] - d["switches"][k]) <= 1 + len(d["tasks"]) for k in ("voluntary", "involuntary"))'
# source NAME MODEL COMMAND…: a run with that source; COMMAND… runs the program
source_agrees() {
    local name=$1 model=$2
    shift 2
    timeout -k 2 30 "$@" run "$scratch/turns.ini" -m "$model" --switch-source "$name" --json >"$out" 2>"$err" </dev/null
    status=$?
    if json "d['switch_source']['name'] == '$name'" >/dev/null 2>&1; then
        ok "$who, $name, $model: exit 0" exits 0
        ok "$who, $name, $model: agrees with getrusage" json "$agrees"
        ok "$who, $name, $model: all switches of the kernel's are told" json 'd["switches"]["seen"]["voluntary"] >= (12 if "'"$model"'" != "async" else min(1, d["switches"]["voluntary"]))'
        ok "$who, $name, $model: our own yields are no preemptions" json \
            'd["switches"]["yields"] <= d["switches"]["involuntary"] and d["switches"]["by_cause"].get("quantum", 0) == d["switches"]["involuntary"] - d["switches"]["yields"]'
    else
        ok "$who, $name, $model: refused, and why" json "[s for s in d['switch_source']['sources'] if s['name'] == '$name' and s['state'] == 'refused' and s['why']]"
    fi
}
for name in perf rseq usage; do
    for model in async threads processes threads+gil; do
        who="we" source_agrees $name $model "$scratch/convis"
        if [ "$(id -u)" = 0 ]; then
            who="nobody" source_agrees $name $model "$tools/refuse" user "$scratch/convis"
        fi
    done
done

# Killed and crashed, a task has no last act: what is told of it agrees all the same.
for name in perf rseq usage; do
    for file in scenarios/deadlock.ini tests/runs/offload-crash.ini tests/runs/pool-deadlock.ini; do
        for model in async threads processes; do
            timeout -k 2 30 "$convis" run $file -m $model --switch-source $name --json >"$out" 2>"$err" </dev/null
            ok "$name, $model, $(basename $file .ini): agrees with getrusage" json "$agrees"
        done
    done
done

# How exact each is stands in the summary, and in its words.
for name in perf:exact "rseq:between two events" "usage:within an interval"; do
    run run "$scratch/turns.ini" --switch-source "${name%%:*}"
    if grep -q "kernel switches: ${name%%:*}" "$out"; then
        ok "${name%%:*} says how exact it is" wrote "kernel switches: ${name%%:*}, ${name#*:}"
    else
        skip "${name%%:*} says how exact it is" "refused here"
    fi
done

# perf refused, in each way a host has; rseq refused too.
for refusal in perf:"Operation not permitted" perf-EACCES:"Permission denied" perf-ENOSYS:"not implemented"; do
    if ! "$tools/refuse" "${refusal%%:*}" true 2>/dev/null; then
        skip "${refusal%%:*} refused" "no seccomp here"
        continue
    fi
    for model in async threads processes; do
        timeout 30 "$tools/refuse" "${refusal%%:*}" "$convis" run "$scratch/turns.ini" -m $model --json >"$out" 2>"$err"
        status=$?
        ok "${refusal%%:*}, $model: the run goes on" exits 0
        ok "${refusal%%:*}, $model: the next tier, and why" json 'd["switch_source"]["name"] in ("rseq", "usage") and "perf: perf_event_open: " in d["switch_source"]["why"]
            and "'"${refusal#*:}"'" in d["switch_source"]["why"] and d["switch_source"]["exact"] is False'
        ok "${refusal%%:*}, $model: agrees with getrusage" json "$agrees"
    done
    GLIBC_TUNABLES=glibc.pthread.rseq=0 timeout 30 "$tools/refuse" "${refusal%%:*}" "$convis" run "$scratch/turns.ini" --json >"$out" 2>"$err"
    status=$?
    ok "${refusal%%:*}, no rseq: the last tier, and why of both" json 'd["switch_source"]["name"] == "usage" and "perf: perf_event_open: " in d["switch_source"]["why"]
        and "rseq: the C library has not registered" in d["switch_source"]["why"]'
    ok "${refusal%%:*}, no rseq: agrees with getrusage" json "$agrees"
    "$tools/refuse" "${refusal%%:*}" "$convis" render "$scratch/turns.ini" --size 200x40 >"$out" 2>"$err"
    ok "${refusal%%:*}: on the screen" grep -qE '(rseq, between two events|usage, within an interval) \(perf: perf_event_open: ' "$out"
done

# A second convis that has used up the perf memory: the same user, two cores' worth of buffers, no memory of its own to lock.
if [ "$(id -u)" = 0 ] && "$tools/refuse" user true 2>/dev/null; then
    scenario long <<'INI'
[scenario]
title = Long
model = threads
[task t]
    await sleep 25s
INI
    chmod 644 "$scratch/long.ini"
    timeout -k 2 30 "$tools/refuse" user "$scratch/convis" run "$scratch/long.ini" >/dev/null 2>&1 &
    first=$!
    mapped() { grep -qs perf_event /proc/[0-9]*/maps 2>/dev/null && grep -ls 'anon_inode:\[perf_event\]' /proc/[0-9]*/maps 2>/dev/null | while read -r f; do
        [ "$(readlink "${f%/maps}/exe")" = "$scratch/convis" ] && echo yes; done | grep -q yes; }
    for _ in $(seq 250); do mapped && break; read -rt 0.02 <> <(:); done
    if mapped; then
        timeout 30 "$tools/refuse" user "$scratch/convis" run "$scratch/turns.ini" --json >"$out" 2>"$err"
        status=$?
        ok "the perf memory is used up: the run goes on" exits 0
        ok "the perf memory is used up: the next tier, or less of it" json \
            'd["switch_source"]["name"] == "perf" or "perf_event_mlock_kb and RLIMIT_MEMLOCK are used up" in d["switch_source"]["why"]'
        ok "the perf memory is used up: agrees with getrusage" json "$agrees"
    else
        skip "the perf memory used up" "nobody gets perf here"
    fi
    kill $first 2>/dev/null
    wait $first 2>/dev/null
else
    skip "the perf memory used up" "nobody cannot be become here"
fi

# No /proc/stat: how busy the cores are is not known, and said so; all else is.
if "$tools/refuse" procstat test ! -s /proc/stat 2>/dev/null; then
    timeout 30 "$tools/refuse" procstat "$convis" run "$scratch/turns.ini" --json >"$out" 2>"$err"
    status=$?
    ok "no /proc/stat: exit 0" exits 0
    ok "no /proc/stat: agrees with getrusage" json "$agrees"
    "$tools/refuse" procstat "$convis" render "$scratch/turns.ini" --size 120x36 >"$out" 2>"$err"
    status=$?
    ok "no /proc/stat: a frame" exits 0
    ok "no /proc/stat: said in the pane" wrote "/proc/stat"
else
    skip "no /proc/stat" "no mount namespace here"
fi

# One core.
for name in perf rseq usage; do
    timeout 30 "$tools/refuse" cores "$convis" run "$scratch/turns.ini" --switch-source $name --json >"$out" 2>"$err"
    status=$?
    ok "one core, $name: exit 0" exits 0
    ok "one core, $name: one is seen, nothing moves" json 'len(d["cores_seen"]) == 1 and d["switches"]["moves"] == 0 and d["cores_used"] <= 1.01'
    ok "one core, $name: they are in each other's way" json 'd["switches"]["involuntary"] > 0'
    ok "one core, $name: agrees with getrusage" json "$agrees"
done
ok "nothing is left" none_left
done_testing
