#!/bin/bash
# Goal: a real clinic joins and syncs with a hub that is a second
# implementation, in Go and made of docs/protocol.md. That hub decodes what
# comes densely, computes every log's chain itself, and ends with a complaint
# at the first that does not fit. It sends dense batches and rows by turns.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
[ -x "${INTEROP_PEER:-}" ] || {
	echo "no Go peer: skipped"
	exit 77
}
export INTEROP_DICTIONARY=$YIZHAN_SOURCE_ROOT/sync/dictionary.bin

# go_hub VERB COUNT: for so many connections, on $port; its code in $code.
go_hub() {
	local i

	port=$(free_port)
	: >"$work/$1.out"
	"$INTEROP_PEER" "$1" "127.0.0.1:$port" "$2" \
		>"$work/$1.out" 2>"$work/$1.log" &
	go_hub=$!
	started+=("$go_hub")
	for i in $(seq 100); do
		code=$(head -1 "$work/$1.out")
		[ -n "$code" ] && return 0
		kill -0 "$go_hub" 2>/dev/null || fail "the Go hub ended"
		sleep 0.1
	done
	fail "the Go hub did not start"
}

# sync_node NODE FIELD=VALUE...: a session, and what it must say of itself.
sync_node() {
	local node=$1 summary pair

	shift
	summary=$(at "$node" sync --wait --json) || fail "no sync: $summary"
	for pair in state=done "$@"; do
		[ "$(echo "$summary" | field "${pair%%=*}")" = "${pair#*=}" ] ||
			fail "not $pair: $summary"
	done
}

sync_clinic() {
	sync_node clinic "$@"
}

# take FILE: what refers to reference data that this hub has not is refused.
take() {
	local status=0

	at clinic import "$1" --source his >/dev/null 2>&1 || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 6 ] || fail "import: $status"
}

lines_of township "$work/township.ndjson"
head -400 "$work/township.ndjson" >"$work/first"
tail -n +401 "$work/township.ndjson" >"$work/rest"
head -n -60 "$work/rest" >"$work/second"
tail -60 "$work/rest" >"$work/third"
at clinic init --name clinic >/dev/null
take "$work/first"

go_hub hub 6
at clinic join "$code" --hub "127.0.0.1:$port" >/dev/null
# It keeps back what the clinic's bound has no room for, and says so.
bounded=0
summary=$(at clinic sync --max-bytes 900 --json 2>/dev/null) || bounded=$?
[ "$bounded" = 6 ] || fail "a bound of 900: $bounded $summary"
[ "$(echo "$summary" | field changes_received)" = 0 ] || fail "$summary"
[ "$(echo "$summary" | field held_back)" = true ] || fail "$summary"
sync_clinic changes_received=3
[ "$(at clinic export | grep -c '"x_go_name": *"go-hub-')" = 3 ] ||
	fail "the hub's records are not at the clinic"
sync_clinic changes_sent=0 changes_received=0
take "$work/second"
sync_clinic changes_received=0
# Little and new: it goes densely, and leans on what the hub holds.
take "$work/third"
sync_clinic changes_received=0
status=$(at clinic status --json)
[ "$(echo "$status" | field saved_here)" = 0 ] || fail "left: $status"
[ "$(echo "$status" | field at_group)" = "$(echo "$status" | field at_parent)" ] ||
	fail "the group's receipts were not taken: $status"
wait "$go_hub" || fail "the Go hub complains: $(cat "$work/hub.log")"

# The hub counts as many changes as the clinic says are there.
python3 - "$work/hub.out" "$(echo "$status" | field at_group)" <<'END' ||
import json, sys
sessions = [json.loads(line) for line in open(sys.argv[1]).readlines()[1:]]
assert [s["mode"] for s in sessions] == ["join"] + 5 * ["sync"], sessions
assert sum(s["changes"] for s in sessions) == int(sys.argv[2]) > 400, sessions
assert sum(s["heads"] for s in sessions) >= 2, sessions
assert [s["slips"] for s in sessions[1:]] == [100] + 4 * [5100], sessions
assert sessions[-1]["dense"] > 0 and sessions[-1]["learned"] > 0, sessions
assert sum(s["lost"] for s in sessions) == 0, sessions
END
	fail "the hub tells otherwise"
at clinic verify >/dev/null

# A hub that has no histories cannot read what leans on one: it goes again.
go_hub hub-forgets 3
at leaner join "$code" --hub "127.0.0.1:$port" >/dev/null
head -60 "$work/first" >"$work/few"
for part in "$work/few" "$work/third"; do
	at leaner import "$part" --source his >/dev/null 2>&1 || true
	sync_node leaner
done
[ "$(at leaner status --json | field saved_here)" = 0 ] || fail "left at leaner"
wait "$go_hub" || fail "the Go hub complains: $(cat "$work/hub-forgets.log")"
python3 - "$work/hub-forgets.out" "$(at leaner status --json | field at_group)" <<'END' ||
import json, sys
sessions = [json.loads(line) for line in open(sys.argv[1]).readlines()[1:]]
assert sum(s["changes"] for s in sessions) == int(sys.argv[2]), sessions
assert sessions[1]["dense"] > 0 and sessions[1]["lost"] == 0, sessions
assert sessions[2]["dense"] > 0 and sessions[2]["lost"] > 0, sessions
END
	fail "the hub that forgets tells otherwise"
at leaner verify >/dev/null

# Batches may come behind END, if END comes again; and only then.
go_hub hub-goes-on 2
at later join "$code" --hub "127.0.0.1:$port" >/dev/null
sync_node later changes_received=3
wait "$go_hub" || fail "the Go hub complains: $(cat "$work/hub-goes-on.log")"
go_hub hub-ends-twice 2
at early join "$code" --hub "127.0.0.1:$port" >/dev/null
at early sync --wait >/dev/null 2>&1 && fail "END twice was taken"
wait "$go_hub" && fail "the Go hub saw no refusal"
grep -q 'sealed format' "$work/hub-ends-twice.log" ||
	fail "refused as: $(cat "$work/hub-ends-twice.log")"

# What came behind END and could not be read is asked for again at once, by who
# waits and by an agent that has hours to its next session.
go_hub hub-spoils 3
at waiting join "$code" --hub "127.0.0.1:$port" >/dev/null
sync_node waiting
[ "$(at waiting export | grep -c '"x_go_name": *"go-hub-')" = 3 ] ||
	fail "what could not be read did not come again"
wait "$go_hub" || fail "the Go hub complains: $(cat "$work/hub-spoils.log")"
grep -q '"not_taken":3' "$work/hub-spoils.out" || fail "nothing was spoilt"
go_hub hub-spoils 3
at served join "$code" --hub "127.0.0.1:$port" >/dev/null
printf '[agent]\ninterval = 7200\n' >"$work/served.conf"
start_agent served --config "$work/served.conf"
for i in $(seq 300); do
	[ "$(wc -l <"$work/hub-spoils.out")" -ge 4 ] && break
	sleep 0.1
done
[ "$(at served export | grep -c '"x_go_name": *"go-hub-')" = 3 ] ||
	fail "the agent did not try again: $(cat "$work/served.log")"
wait "$go_hub" || fail "the Go hub complains: $(cat "$work/hub-spoils.log")"
grep -q '"not_taken":3' "$work/hub-spoils.out" || fail "nothing was spoilt"
stop_agent "$agent"

# Slip numbers that are not the group's are no log's fault.
go_hub hub-bad-slips 1
expect 1 at other join "$code" --hub "127.0.0.1:$port" 2>/dev/null
wait "$go_hub" && fail "the Go hub saw no refusal"
grep -q 'sealed format' "$work/hub-bad-slips.log" ||
	fail "refused as: $(cat "$work/hub-bad-slips.log")"
echo "independent hub: good"
