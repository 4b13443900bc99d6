#!/bin/bash
# Every shipped scenario, and every file of tests/runs, is a test in every model it names, for real; and under the stepped engine, in virtual time: with three
# seeds under the rules of threads and processes, where nothing about the order is promised. Under those of async with seed 1
# alone, which is the loop's own order, first in first out: an expectation of async may rest on that order. All expectations
# must hold (exit 0), and what was written must be JSON with the documented fields. Two run side by side: most of them wait. TAP.
#
# What is said to come sometimes, or never, is judged in virtual time, over as many seeds as it takes a coin to show both its sides;
# what a lesson shows must be found there, and its cured twin must be silent, there and for real (tests/runs/read.py). Under a
# sanitizer one seed is enough, and what chance brings is not waited for.
set -u
cd "$(dirname "$0")/.." || exit 1
export convis=${CV_CONVIS:-build/convis}

if [ "${1:-}" = --one ]; then # LOG NAME ARGUMENTS, separated by |: one run, its line of TAP to LOG.tap
    IFS='|' read -r log name arguments <<<"$2"
    read -ra arguments <<<"$arguments"
    timeout -k 2 60 "$convis" run "${arguments[@]}" --json >"$log.json" 2>"$log.err"
    status=$?
    if [ $status = 0 ]; then
        echo "ok - $name" >"$log.tap"
    else
        { echo "not ok - $name"; echo "status $status: convis run ${arguments[*]}"; head -c 6000 "$log.json"; head -c 2000 "$log.err"; } >"$log.tap"
    fi
    exit 0
fi

# What is smaller where its size would only cost time: in virtual time, and under a sanitizer, for which a thread is no light thing.
smaller() {
    case "$1" in
    ten-thousand) echo "-p connections=${2:-300}" ;;
    memory) echo "-p tasks=${2:-100}" ;;
    create-cost) echo "-p births=${2:-50}" ;;
    switch-cost) echo "-p turns=200" ;;
    io-bound) echo "-p requests=50" ;;
    why-gil*) echo "-p uses=20" ;;
    lost-update*) echo "-p rounds=3" ;;
    esac
}

# The order of steps in which something comes that chance alone would not bring about in a few runs.
schedule() {
    case "$1/$2" in
    starvation/threads | starvation/processes) echo B1,C2,A38,B37 ;;
    esac
}

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
n=0
job() { # name, arguments...
    local name=$1
    shift
    n=$((n + 1))
    printf '%s|%s|%s\n' "$logs/$(printf %04d $n)" "$name" "$*"
}

jobs() {
    for file in scenarios/*.ini tests/runs/*.ini; do
        name=$(basename "$file" .ini)
        models=$(sed -n 's/^ *models *= *//p' "$file" | sed 's/[ ]*[;#].*//' | tr ',' ' ' | head -n 1)
        for model in ${models:-async threads threads+gil processes}; do
            size=
            [ -z "${SANITIZE:-}" ] || size=$(smaller "$name" 30)
            # shellcheck disable=SC2086
            job "$name under $model" "$file" -m "$model" $size
            case "$model" in *+gil) continue ;; esac
            [ "$model" = async ] || [ -n "${SANITIZE:-}" ] && seeds=1 || seeds="1 2 3"
            for seed in $seeds; do
                job "$name under stepped:$model, seed $seed" "$file" -m "stepped:$model" -s "$seed" $(smaller "$name")
            done
            order=$(schedule "$name" "$model")
            if [ -n "$order" ]; then
                job "$name under stepped:$model, as scheduled" "$file" -m "stepped:$model" --schedule "$order"
            elif [ "$model" != async ] && [ -z "${SANITIZE:-}" ] && grep -Eq '^(sometimes|never) ' "$file"; then
                job "$name under stepped:$model: what comes sometimes, what never" "$file" -m "stepped:$model" -n 40 $(smaller "$name")
            fi
        done
    done
}

jobs | xargs -d '\n' -n 1 -P 2 "$0" --one
n=0
for tap in "$logs"/*.tap; do
    n=$((n + 1))
    sed "1s/ - / $n - /" "$tap"
done
n=$((n + 1))
if ! command -v python3 >/dev/null 2>&1; then
    echo "ok $n - the JSON of all these runs # SKIP no python3"
elif python3 tests/runs/read.py "$logs"; then
    echo "ok $n - the JSON of all these runs"
else
    echo "not ok $n - the JSON of all these runs"
fi
echo "1..$n"
