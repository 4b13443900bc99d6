#!/bin/bash
# Every shipped scenario, and every file of tests/runs, is a test in every model it names, for real; and under the stepped engine, in virtual time: with three
# seeds under the rules of threads and processes, where nothing about the order is promised. Under those of async with seed 1
# alone, which is the loop's own order, first in first out: an expectation of async may rest on that order. All expectations
# must hold (exit 0), and what was written must be JSON with the documented fields. TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
convis=${CV_CONVIS:-build/convis}
n=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

run() { # name, arguments...
    local name=$1 status
    shift
    n=$((n + 1))
    local log=$logs/$n.json
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

for file in scenarios/*.ini tests/runs/*.ini; do
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
n=$((n + 1))
if ! command -v python3 >/dev/null 2>&1; then
    echo "ok $n - the JSON of all these runs # SKIP no python3"
elif python3 - "$logs" <<'PYTHON'
import glob, json, sys
fields = set("scenario title model gil seed outcome elapsed_s cpu_time_s cores_used cores_seen tasks switches loop_lag_s "
             "memory_per_task_bytes peak_tasks shared copies output findings expect events switch_source".split())
of = {"tasks": "name state pid tid cpu_time_s voluntary involuntary awaits cores", "findings": "kind task line text", "expect": "line text holds"}
wrong = 0
def refuse(word): raise ValueError(word + " is no JSON")
for path in sorted(glob.glob(sys.argv[1] + "/*.json")):
    try:
        d = json.load(open(path, encoding="utf-8"), parse_constant=refuse)
        missing = fields - set(d) or [(k, set(names.split()) - set(x)) for k, names in of.items() for x in d[k] if set(names.split()) - set(x)]
    except ValueError as e:
        missing = e
    if missing:
        wrong += 1
        print(path, missing)
sys.exit(wrong or not glob.glob(sys.argv[1] + "/*.json"))
PYTHON
then
    echo "ok $n - the JSON of all these runs"
else
    echo "not ok $n - the JSON of all these runs"
fi
echo "1..$n"
