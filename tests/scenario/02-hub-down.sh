#!/bin/bash
# Goal: a record saved while the hub is down is shown as saved here only, and
# goes up when the hub is back; both agents run, the clinic's is stopped and
# killed in between.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
at clinic init >/dev/null
join clinic C01
start_agent clinic
clinic=$agent
at clinic sync --wait >/dev/null
stop_agent "$hub"

encounter='{"state":"signed","unknown":true,"description":"路人","type":"emergency","visit_at":"2026-05-04T09:00:00+08:00","diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}],"subjective":"咳嗽"}'
doctor=$(at clinic list staff --json | python3 -c 'import json, sys
staff = [json.loads(line) for line in sys.stdin] # all: it is not cut off
print(next(r["ref"] for r in staff if r.get("home_org_id") == "ref:C01"))')
ref=$(echo "$encounter" | at clinic add encounter - --by "$doctor" --org C01 --no-input --json | field ref)
expect 4 at clinic sync
[ "$(at clinic status --json | field saved_here)" = 1 ] || fail "not shown as saved here"

# A killed agent loses nothing and is no obstacle for the next one.
kill -KILL "$clinic"
wait "$clinic" 2>/dev/null || true
start_agent clinic
clinic=$agent
[ "$(at clinic status --json | field saved_here)" = 1 ] || fail "lost by a kill"

start_agent hub --config "$work/hub.conf"
hub=$agent
[ "$(at clinic sync --wait --json | field state)" = done ] || fail "sync"
[ "$(at clinic status --json | field saved_here)" = 0 ] || fail "still here only"
at hub show encounter "$ref" | grep -q 咳嗽 || fail "not at the hub"
stop_agent "$clinic"
stop_agent "$hub"
echo "hub down: good"
