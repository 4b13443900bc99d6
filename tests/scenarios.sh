#!/bin/bash
# Every shipped scenario is a test in every model it names, for real; and under the stepped engine, in virtual time: with three
# seeds under the rules of threads and processes, where nothing about the order is promised. Under those of async with seed 1
# alone, which is the loop's own order, first in first out: an expectation of async may rest on that order. All expectations
# must hold (exit 0). TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
convis=${CV_CONVIS:-build/convis}
n=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

run() { # name, arguments...
    local name=$1 status
    shift
    n=$((n + 1))
    timeout -k 2 60 "$convis" run "$@" >"$log" 2>"$log.err"
    status=$?
    if [ $status = 0 ]; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        echo "status $status: convis run $*"
        head -c 6000 "$log"
        head -c 2000 "$log.err"
    fi
    rm -f "$log.err"
}

for file in scenarios/*.ini; do
    name=$(basename "$file" .ini)
    models=$(sed -n 's/^ *models *= *//p' "$file" | sed 's/[ ]*[;#].*//' | tr ',' ' ' | head -n 1)
    for model in ${models:-async threads threads+gil processes}; do
        run "$name under $model" "$file" -m "$model" --json
        case "$model" in *+gil) continue ;; esac
        [ "$model" = async ] && seeds=1 || seeds="1 2 3"
        for seed in $seeds; do
            run "$name under stepped:$model, seed $seed" "$file" -m "stepped:$model" -s "$seed" --json
        done
    done
done
echo "1..$n"
