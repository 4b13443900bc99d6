#!/bin/bash
# Findings in any schedule: what a lesson shows is found by `convis explore`, its cured twin has none in any schedule, and each schedule
# named for a finding shows it when the stepped engine plays it, with as many preemptions as were said.
. "$(dirname "$0")/lib"

# looked RULES KINDS FILE [ARGUMENT…]: which kinds are found ("-": none), of all traces; each schedule is played.
looked() {
    python3 - "$convis" "$@" <<'PY'
import json, subprocess, sys
convis, rules, want, name, more = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
r = subprocess.run([convis, "explore", name, "-m", rules, "--only", "findings", "--json", "--timeout", "20s", *more], capture_output=True)
assert r.stdout, r.stderr
e = json.loads(r.stdout)
assert e["findings_complete"] and e["judged"] == e["traces"] + e["deadlocks"], (e["judged"], e["traces"], e["deadlocks"])
kinds = sorted({f["kind"] for f in e["findings"]})
assert kinds == ([] if want == "-" else sorted(want.split(","))), kinds
for f in e["findings"]:
    assert 0 < f["traces"] <= e["judged"] and f["text"], f
    r = subprocess.run([convis, "run", name, "-m", "stepped:" + rules, "--schedule", f["schedule"], "--json", *more], capture_output=True)
    assert r.stdout, (f, r.stderr)
    run = json.loads(r.stdout)
    assert any((g["kind"], g["line"], g["text"]) == (f["kind"], f["line"], f["text"]) for g in run["findings"]), (f, run["findings"])
    assert run["preemptions"] == f["preemptions"], (run["preemptions"], f)
print(len(e["findings"]), "findings in", e["judged"], "traces")
PY
}
lessons=scenarios
ok "lost update" looked threads "lost update,stale read,data race" $lessons/lost-update.ini -p rounds=2
ok "lost update, locked" looked threads - $lessons/lost-update-locked.ini -p rounds=2
ok "lost update, in memory of all processes" looked processes "lost update,data race" $lessons/lost-update.ini -p rounds=1
ok "own copies" looked processes - $lessons/own-copy.ini
ok "lost update across an await" looked async "lost update" $lessons/await-lost-update.ini
ok "lost update across an await, locked" looked async - $lessons/await-lost-update-locked.ini
ok "stale read" looked async "stale read" $lessons/stale-global.ini
ok "stale read, cured" looked async - $lessons/stale-global-cured.ini
ok "stale guard" looked threads "stale guard,data race,lost update" $lessons/check-then-act.ini
ok "stale guard, locked" looked threads - $lessons/check-then-act-locked.ini
ok "deadlock" looked threads deadlock $lessons/deadlock.ini
ok "deadlock, cured" looked threads - $lessons/deadlock-cured.ini

scenario unlocked <<'INI'
[shared]
x = 0
[sync]
m = lock
[task a x 2]
    with m:
        x += 1
[task b]
    x += 1
INI
run explore "$scratch/unlocked.ini" -m threads --only findings --json
ok "a lock that one forgets" wrote '"kind": "unlocked access"'

# Lines of [expect] that speak of findings are decided by traces; where these are too many, that is said and nothing is claimed.
scenario lines <<'INI'
[params]
rounds = 1 in 1..1000
[shared]
x = 0
[task t x 2]
    repeat rounds:
        x += 1
[expect]
sometimes lost_updates == 1
never stale_reads > 0
lost_updates == 0
INI
run explore "$scratch/lines.ini" -m threads
ok "it comes" wrote "sometimes lost_updates == 1  (line 9; it comes)"
ok "it never comes" wrote "never stale_reads > 0  (line 10; in no schedule)"
ok "it can fail" wrote "line 11 can fail: lost_updates == 0"
ok "and so it ends" exits 1
run explore "$scratch/lines.ini" -m async --json
ok "under async there is no await between" exits 1 # the sometimes never comes
ok "nothing found, in JSON" wrote '"findings": [ ],'
sed -i 's/^\[expect\]/[sync]\nm = lock\n[expect]/; s/^    repeat rounds:/    with m:/; /sometimes/d; s/x += 1/repeat rounds:\n            x += 1/' "$scratch/lines.ini"
run explore "$scratch/lines.ini" -m threads -p rounds=3
ok "under the lock it cannot" exits 0
ok "and is said to hold" wrote "lost_updates == 0  (line 13; in every schedule)"
ok "no finding in any" wrote "Findings: none in any schedule, of the kinds looked for (convis(1))."
scenario many <<'INI'
[shared]
x = 0
[sync]
m = lock
[task t x 2]
    repeat 100:
        with m:
            x += 1
[expect]
lost_updates == 0
INI
run explore "$scratch/many.ini" -m threads --only states,findings --timeout 2s
ok "too many traces: not decided" wrote "lost_updates == 0  (line 10; not decided: not every trace was judged)"
ok "and that is no success" exits 1
done_testing
