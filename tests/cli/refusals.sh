#!/bin/bash
# Bad days: output that cannot be written, no more processes (kernel events refused: sources.sh). Each is said; nothing is left behind.
. "$(dirname "$0")/lib"

if [ -w /dev/full ]; then
    for command in "run scenarios/stale-global.ini -m stepped:async" "run scenarios/stale-global.ini -m stepped:async --json" list --help --version "help keys"; do
        # shellcheck disable=SC2086
        timeout 30 "$convis" $command >/dev/full 2>"$err"
        status=$?
        ok "a full disk: exit 3 ($command)" exits 3
        ok "a full disk: said ($command)" test -s "$err"
    done
else
    skip "a full disk" "no /dev/full"
fi
for command in "run scenarios/stale-global.ini -m stepped:async" "run scenarios/stale-global.ini -m stepped:async --json" list; do
    # The reader is gone before the writer begins: the fifo's other end is closed by then.
    mkfifo "$scratch/fifo"
    (exec 3<"$scratch/fifo"; exec 3<&-; : >"$scratch/closed") &
    # shellcheck disable=SC2086
    (exec 4>"$scratch/fifo"; while [ ! -e "$scratch/closed" ]; do :; done; exec timeout 30 "$convis" $command >&4 2>"$err")
    status=$?
    wait
    rm -f "$scratch/fifo" "$scratch/closed"
    ok "a closed pipe: exit 3 ($command)" exits 3
done

run run scenarios/two-sleeps.ini -m threads --switch-source usage
ok "--switch-source usage: exit 0" exits 0
ok "the tier is named" wrote usage
run run scenarios/two-sleeps.ini --switch-source telepathy
ok "an unknown source: exit 2" exits 2
ok "the sources that there are" said usage

# Descriptors, address space and files refused: every one with the limit's name.
refused() { # limit's name, its words for refuse...
    local name=$1 model
    shift
    for model in async threads processes stepped:threads; do
        timeout -k 2 30 "$tools/refuse" "$@" "$convis" run scenarios/two-sleeps.ini -m $model 2>&1 >/dev/null </dev/null | cat >"$err"
        status=${PIPESTATUS[0]}
        ok "refused ($*), $model: exit 3" exits 3
        ok "refused ($*), $model: the limit's name" said "$name is $2"
        ok "refused ($*), $model: nothing is left" none_left
    done
}
if "$tools/refuse" files 64 true 2>/dev/null; then
    refused RLIMIT_NOFILE files 8
    refused RLIMIT_NOFILE files 10
    refused RLIMIT_NOFILE files 13
    refused RLIMIT_AS memory 30000000
    refused RLIMIT_FSIZE size 4096
else
    skip "limits refused" "limits cannot be set"
fi

# Processes refused. The program and the scenario must be readable by nobody.
cp "$(readlink -f "$convis")" "$scratch/convis"
chmod 755 "$scratch/convis"
scenario crowd <<'INI'
[scenario]
title = A crowd
[task member x 200]
    await sleep 5s
INI
chmod 644 "$scratch/crowd.ini"
others=$(find /proc -maxdepth 1 -name '[0-9]*' -user nobody 2>/dev/null | wc -l)
if [ "$(id -u)" = 0 ] && [ "$others" = 0 ] && "$tools/refuse" nproc 1 true 2>/dev/null; then
    for limit in 0 1 2 3 8 40; do
        for model in async threads processes; do
            [ $model = async ] && [ $limit -gt 3 ] && continue
            timeout -k 2 30 "$tools/refuse" nproc $limit "$scratch/convis" run "$scratch/crowd.ini" -m $model >"$out" 2>"$err"
            status=$?
            if [ $model = async ] && [ $status = 0 ]; then
                ok "$limit processes allowed are enough for $model" none_left
                continue
            fi
            ok "at most $limit processes, $model: exit 3" exits 3
            ok "at most $limit processes, $model: the limit's name" grep -qE 'RLIMIT_NPROC' "$err"
            ok "at most $limit processes, $model: nothing is left" none_left
        done
    done
elif [ "$(id -u)" != 0 ] && "$tools/refuse" nproc 1 true 2>/dev/null; then
    timeout 30 "$tools/refuse" nproc 1 "$scratch/convis" run "$scratch/crowd.ini" -m threads >"$out" 2>"$err"
    status=$?
    ok "no more processes: exit 3" exits 3
    ok "no more processes: the limit's name" grep -qE 'RLIMIT_NPROC' "$err"
    ok "no more processes: nothing is left" none_left
else
    skip "processes refused" "nobody runs processes here, or limits cannot be set"
fi
done_testing
