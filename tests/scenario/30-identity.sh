#!/bin/bash
# Goal: who may say what. A node is withdrawn in the middle of a long session:
# the session ends at once, the node is told, what it hands over afterwards is
# held apart and listed, and nobody else notices but by the new list. Keys
# that are known by one name are refused under another. A change for an org
# outside its node's certificate is kept apart and listed.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# lines ORG FIRST LAST: residents of that org, one a number.
lines() {
	python3 - "$@" <<-'PYTHON'
		import hashlib, json, sys
		org, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		for n in range(first, last + 1):
		    print(json.dumps({"kind": "resident", "ref": f"{org}-{n}",
		        "by": "ref:S1", "at": "2026-05-01T10:00:00+08:00",
		        "org_id": "ref:" + org, "name": f"张{n}", "sex": "1",
		        "birth_date": "1980-01-01", "no_id_reason": "lost",
		        "managing_org_id": "ref:" + org,
		        "address": hashlib.sha256(f"{n}{org}".encode()).hexdigest()}))
	PYTHON
}

# held_of ORG: how many residents of an org the hub merged.
held_of() {
	at hub export --kind resident | grep -c "\"ref\":\"$1-" || true
}

# enrol NAME ORG: like join, and the node is called NAME.
enrol() {
	local code

	code=$(at hub hub invite --org "$2" --name "$1" 2>/dev/null)
	at "$1" join "$code" --hub "127.0.0.1:$port" >/dev/null
}

# site NAME MEMBER: what the hub knows of a node.
site() {
	at hub sites --json | python3 -c 'import json, sys
for row in map(json.loads, sys.stdin):
    if row["name"] == sys.argv[1]:
        print(row[sys.argv[2]])' "$1" "$2"
}

new_hub
at found init --name found >/dev/null
cp -r "$work/found" "$work/other" # the same keys, in no group yet
enrol found V0003
enrol lost V0001
enrol good V0002

# --- the same keys under another name

code=$(at hub hub invite --org V0002 --name other 2>/dev/null)
at found sync >/dev/null
expect 1 at other join "$code" --hub "127.0.0.1:$port"
[ "$(site other node)" = "" ] || fail "a second name for one node's keys"
[ "$(site found orgs)" = "['V0003']" ] || fail "the node's orgs were changed"

# --- an org outside the certificate: written before it joined, when any org
# will do

at astray init --name astray >/dev/null
lines V0002 31 32 | at astray import - >/dev/null
lines V0004 1 1 | at astray import - >/dev/null
enrol astray V0004
expect 6 at astray sync >/dev/null
[ "$(held_of V0004)" = 1 ] || fail "its own org's change is missing"
[ "$(held_of V0002)" = 0 ] || fail "a change for another's org was merged"
[ "$(at hub questions --json | grep -c '"org_outside"')" = 2 ] ||
	fail "changes for another's org are not listed"
[ "$(at astray status --json | field refused)" = 2 ] || fail "not told"

# --- withdrawn in the middle of a session

# A link that lets some 8 KiB a second through, upwards, and nothing at all
# once there is a file `stop`.
cat >"$work/slow.py" <<'PYTHON'
import os, socket, sys, threading, time
to = ("127.0.0.1", int(sys.argv[1]))
door = socket.create_server(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)
def move(a, b, size, pause):
    try:
        while data := a.recv(size):
            while pause and os.path.exists(sys.argv[2]):
                time.sleep(0.1)
            b.sendall(data)
            time.sleep(pause)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
while True:
    near = door.accept()[0]
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    far = socket.create_connection(to)
    threading.Thread(target=move, args=(near, far, 400, 0.05), daemon=True).start()
    threading.Thread(target=move, args=(far, near, 65536, 0), daemon=True).start()
PYTHON
python3 "$work/slow.py" "$port" "$work/stop" >"$work/slow.port" &
slow=$!
started+=("$slow")
lines V0001 1 3000 >"$work/lost.ndjson"
at lost import "$work/lost.ndjson" >/dev/null
lines V0002 1 20 | at good import - >/dev/null
at good sync >/dev/null
until [ -s "$work/slow.port" ]; do sleep 0.1; done
printf '[agent]\nparent = 127.0.0.1:%s\n' "$(cat "$work/slow.port")" \
	>"$work/lost/yizhan.conf"
at lost sync --json >"$work/lost.json" 2>"$work/lost.err" &
session=$!
until [ "$(site lost changes_taken)" -gt 0 ]; do
	kill -0 "$session" 2>/dev/null || fail "the session was too short"
	sleep 0.1
done

touch "$work/stop" # no batch that comes in is to end it
expect 2 at hub hub revoke nobody --reason "a slip of the hand"
expect 2 at hub hub revoke lost
expect 77 at good hub revoke lost --reason "not the hub"
summary=$(at hub hub revoke lost --reason "笔记本被盗" --json)
[ "$(echo "$summary" | field state)" = withdrawn ] || fail "$summary"
epoch=$(echo "$summary" | field list_epoch)
got=0
wait "$session" || got=$?
[ "$got" = 77 ] || fail "the session ended with $got"
until grep -q 'peer="lost" .*error=not_allowed reason=revoked said_by=us' \
	"$work/hub.log"; do
	kill -0 "$hub" 2>/dev/null || fail "the hub ended"
	sleep 0.1 # it stays a while, so that its last words arrive
done
grep -q administrator "$work/lost.err" || fail "no mend: $(cat "$work/lost.err")"
merged=$(held_of V0001)
status=$(at lost status --json)
[ "$(echo "$status" | field withdrawn)" = true ] || fail "not told: $status"
[ "$(echo "$status" | field saved_here)" -gt 1000 ] ||
	fail "it was not cut while much was unsent: $status"
[ "$merged" -gt 0 ] && [ "$merged" -lt 2000 ] || fail "$merged were merged"
again=$(at hub hub revoke lost --reason "once more" --json)
[ "$(echo "$again" | field state)" = already ] || fail "$again"
[ "$(echo "$again" | field reason)" = "笔记本被盗" ] || fail "$again"
[ "$(echo "$again" | field list_epoch)" = "$epoch" ] || fail "$again"

# --- afterwards: all it has is taken, and none of it merged

rm "$work/lost/yizhan.conf"
lines V0001 9001 9002 | at lost import - >/dev/null
expect 77 at lost sync --json >"$work/lost.json"
[ "$(field state <"$work/lost.json")" != done ] || fail "called done"
status=$(at lost status --json)
[ "$(echo "$status" | field saved_here)" = 0 ] || fail "not handed over: $status"
apart=$(echo "$status" | field kept_apart)
[ "$(($(echo "$status" | field at_parent) + apart))" = 3002 ] ||
	fail "not all is accounted for: $status"
[ "$(echo "$status" | field at_group)" -le "$merged" ] ||
	fail "the group's word for what it did not take: $status"
[ "$(held_of V0001)" = "$merged" ] || fail "a withdrawn node's change was merged"
[ "$(site lost kept_apart)" = "$((3002 - merged))" ] || fail "not held apart"
at hub questions --json >"$work/questions"
[ "$(grep -c '"withdrawn"' "$work/questions")" = 1 ] || fail "not one question"
grep '"withdrawn"' "$work/questions" | grep -q "\"changes\": *$((3002 - merged))" ||
	fail "the question does not count: $(grep withdrawn "$work/questions")"
expect 77 at lost sync --wait >/dev/null
[ "$(site lost kept_apart)" = "$((3002 - merged))" ] || fail "kept twice"
at lost list resident --limit 1 >/dev/null
at lost verify >/dev/null
at hub verify >/dev/null

# --- the others: nothing but the new list

at good sync >/dev/null
status=$(at good status --json)
[ "$(echo "$status" | field list_epoch)" = "$epoch" ] || fail "no list: $status"
[ "$(echo "$status" | field withdrawn)" = false ] || fail "$status"
[ "$(held_of V0002)" = 20 ] || fail "another clinic's work is missing"

# --- its keys do not come back, and a node at work hears of it by itself

start_agent found
at hub hub revoke "$(site found node)" --reason "closed" >/dev/null
lines V0003 1 1 | at found import - >/dev/null
until grep -q node_withdrawn "$work/found.log"; do
	kill -0 "$agent" 2>/dev/null || fail "the node's agent ended"
	sleep 0.1
done
stop_agent "$agent"
code=$(at hub hub invite --org V0003 --name again 2>/dev/null)
expect 77 at other join "$code" --hub "127.0.0.1:$port"
[ "$(held_of V0003)" = 0 ] || fail "merged after it was withdrawn"
stop_agent "$hub"

# Without an agent at the hub the store alone changes.
at hub hub revoke astray --reason "closed" >/dev/null
[ "$(site astray revoked)" = True ] || fail "not withdrawn"
echo "identity: good"
