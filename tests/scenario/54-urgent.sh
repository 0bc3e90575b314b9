#!/bin/bash
# Goal: while a clinic's first load goes up a slow link, an emergency overtakes
# it in the same session, both ways: one that another clinic hands up for it,
# and one saved at the clinic itself. Once the agent runs the session, once
# `yizhan sync` at the agent's door.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

# emergency WHO FROM TO: the ref of a new referral.
emergency() {
	add "$1" referral "$2" "{\"state\":\"issued\",\"direction\":\"sideways\",\"urgency\":\"emergency\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:$2\",\"to_org\":\"ref:$3\",\"issued_at\":\"2026-05-04T09:00:00+08:00\",\"reason\":\"胸痛\"}"
}

left_at_b() {
	at b status --json | field saved_here
}

# comes WHO REF: there before B's load is through.
comes() {
	until at "$1" show referral "$2" >/dev/null 2>&1; do
		[ "$(left_at_b)" -gt 0 ] || fail "$1 has it behind the load only"
		sleep 0.2
	done
	[ "$(left_at_b)" -gt 0 ] || fail "the load was through before $1 had it"
}

# both_ways: B's load is under way.
both_ways() {
	local down up

	down=$(emergency a C01 C02)
	all a
	comes b "$down"
	up=$(emergency b C02 C01)
	comes hub "$up"
}

# under_way: until something of B's load has its receipt.
under_way() {
	local all

	all=$(left_at_b)
	until [ "$(left_at_b)" -lt "$all" ]; do
		sleep 0.2
	done
}

who=$(add a resident C01 '{"name":"李四","sex":"1","birth_date":"1950-01-01","no_id_reason":"never","phone":"1","managing_org_id":"ref:C01"}')
all a b
# load PREFIX OUT: visits in words that no coder foretells.
load() {
	python3 - "$1" "$who" >"$2" <<'END'
import json, random, sys
draw = random.Random(sys.argv[1])
for i in range(2500):
    print(json.dumps({
        "kind": "encounter", "ref": "%s%d" % (sys.argv[1], i),
        "by": "ref:S0001", "at": "2026-05-04T09:00:00+08:00",
        "org_id": "ref:C02", "state": "signed", "type": "outpatient",
        "resident_id": "ref:" + sys.argv[2],
        "visit_at": "2026-05-04T09:00:00+08:00",
        "diagnoses": [{"code": "I10", "name": "原发性高血压"}],
        "subjective": "%064x" % draw.getrandbits(256)}, ensure_ascii=False))
END
}

load x "$work/half-aa"
load y "$work/half-ab"

# 64 kbit/s, 200 ms each way, and a modem that holds little.
echo '{"rate": 8000, "delay_ms": [200, 200], "queue": 2000}' >"$work/plan"
python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/proxy.py" --to "127.0.0.1:$port" \
	--port-file "$work/proxy-port" --plan "$work/plan" >"$work/proxy.log" 2>&1 &
started+=("$!")
until [ -s "$work/proxy-port" ]; do
	sleep 0.1
done
printf '[agent]\nparent = 127.0.0.1:%s\n' "$(cat "$work/proxy-port")" \
	>"$work/b.conf"

# --- the agent runs the session ----------------------------------------------

at b import "$work/half-aa" --source his >/dev/null
[ "$(left_at_b)" -gt 1000 ] || fail "a small load: $(left_at_b)"
start_agent b --config "$work/b.conf"
under_way
both_ways
stop_agent "$agent"

# --- the command line does ---------------------------------------------------

all b
[ "$(left_at_b)" = 0 ] || fail "left at b"
at b import "$work/half-ab" --source his >/dev/null
[ "$(left_at_b)" -gt 1000 ] || fail "a small load: $(left_at_b)"
# Its first try fails; until the next the way is the client's.
cp "$work/plan" "$work/open"
echo '{"refuse_ms": [600000, 600000, 1, 1]}' >"$work/plan"
start_agent b --config "$work/b.conf"
until grep -q 'parent_retry' "$work/b.log"; do
	sleep 0.1
done
cp "$work/open" "$work/plan"
at b sync --wait >"$work/sync.log" 2>&1 &
sync=$!
started+=("$sync")
under_way
both_ways
kill -0 "$sync" 2>/dev/null || fail "it was another session"
wait "$sync" || fail "the sync ended with $?"
[ "$(left_at_b)" = 0 ] || fail "left at b"
