#!/bin/bash
# Goal: whoever may open agent.sock may send anything through it: garbage, half
# lines, requests beyond the limit, forty clients at once, clients that never
# read what they asked for. The agent answers the others, keeps its memory and
# its store, and ends when told.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# Sanitizers keep freed memory back, and would be measured instead.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=64

at clinic init >/dev/null 2>&1
start_agent clinic
at clinic import "$data/residents.ndjson" --source his >/dev/null
at clinic status --json | python3 -c 'import json, sys
s = json.load(sys.stdin)
print(s["changes"], s["refused"], s["drafts"])' >"$work/before"
for i in 1 2; do
	(cd /; timeout 120 python3 \
		"$YIZHAN_SOURCE_ROOT/tests/scenario/bad_requests.py" \
		"$work/clinic") || fail "round $i"
	[ "$i" -eq 2 ] || first=$(awk '/RssAnon/ {print $2}' "/proc/$agent/status")
done
last=$(awk '/RssAnon/ {print $2}' "/proc/$agent/status")
echo "RssAnon $first KiB after one round, $last KiB after two"
[ "$last" -lt $((first + 32768)) ] || fail "the agent grows"
kill -0 "$agent" || fail "the agent is gone"
at clinic status --json | python3 -c 'import json, sys
s = json.load(sys.stdin)
print(s["changes"], s["refused"], s["drafts"])' | diff "$work/before" - ||
	fail "something was stored"
at clinic verify >/dev/null

# Clients that wait for nothing hold up no end.
python3 -c 'import os, socket, sys, time
os.chdir(sys.argv[1])
held = []
for i in range(8):
    s = socket.socket(socket.AF_UNIX)
    s.connect("agent.sock")
    s.sendall(b"{\"op\":\"export\"}\n")
    held.append(s)
print("ready", flush=True)
time.sleep(60)' "$work/clinic" >"$work/ready" &
holder=$!
started+=("$holder")
for i in $(seq 100); do
	grep -q ready "$work/ready" && break
	sleep 0.1
done
stop_agent "$agent"
kill "$holder"
at clinic verify >/dev/null
echo "bad requests: good"
