#!/bin/bash
# Goal: what a clinic saved and the hub cannot take is told on both sides, is
# never counted as sent, at the parent or at the group, and holds up nothing
# else. A clinic may record before it has joined; the code then given to it
# covers one org only, so that what it wrote for another one is held apart at
# the hub. A change for a village the hub learns of later is taken then, and
# both sides' questions about it end.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# encounter NAME ORG: a line of exchange format.
encounter() {
	printf '{"kind":"encounter","ref":"%s","by":"ref:S0001","at":"2026-05-04T09:00:00+08:00","org_id":"ref:%s","state":"signed","unknown":true,"description":"路人","type":"emergency","visit_at":"2026-05-04T09:00:00+08:00","diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}],"subjective":"咳嗽"}\n' "$1" "$2"
}

# counts WHO NAME=N...: figures of status.
counts() {
	local who=$1 pair

	at "$who" status --json >"$work/status"
	shift
	for pair; do
		[ "$(field "${pair%=*}" <"$work/status")" = "${pair#*=}" ] ||
			fail "$who: not $pair: $(cat "$work/status")"
	done
}

# asked WHO TYPE: refs of the questions of one type, in order.
asked() {
	at "$1" questions --json | python3 -c 'import json, sys
print(*sorted(q["ref"] for q in map(json.loads, sys.stdin)
              if q["type"] == sys.argv[1] and q["code"] == "org_outside"
              and q["reason"] and q["mend"]))' "$2"
}

# refs WHO: encounters that its export shows.
refs() {
	at "$1" export --kind encounter | python3 -c 'import json, sys
print(*sorted(json.loads(line)["ref"] for line in sys.stdin))'
}

at early init >/dev/null 2>&1
(encounter E1 V0101 && encounter E2 C09 && encounter E3 V0102 &&
	encounter E4 V0199) | at early import - --source his >/dev/null
counts early saved_here=4 at_parent=0 at_group=0 refused=0
new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
join early C01
counts early saved_here=4 at_parent=0 at_group=0

# The good ones go up; of the others both sides know, and nobody says "done".
expect 6 at early sync --wait --json >"$work/sync" 2>"$work/said"
[ "$(field state <"$work/sync")" = partial ] || fail "$(cat "$work/sync")"
[ "$(field refused <"$work/sync")" = 2 ] || fail "$(cat "$work/sync")"
[ "$(field changes_sent <"$work/sync")" = 2 ] || fail "$(cat "$work/sync")"
grep -q "questions" "$work/said" || fail "nothing was said of the two"
counts early saved_here=0 at_parent=2 at_group=2 refused=2
[ "$(asked early returned)" = "E2 E4" ] || fail "the clinic is not asked"
[ "$(asked hub change)" = "E2 E4" ] || fail "the hub is not asked"
[ "$(refs hub)" = "E1 E3" ] || fail "the hub shows $(refs hub)"
[ "$(refs early)" = "E1 E2 E3 E4" ] || fail "the clinic shows $(refs early)"
[ "$(at hub sites --json | field changes_taken)" = 2 ] ||
	fail "the hub says it took more"

# Nothing is told twice, nothing stands in the way of what follows, and what
# was refused is not counted as sent later either.
encounter E5 C01 | at early import - --source his >/dev/null
expect 0 at early sync --wait --json >"$work/sync"
[ "$(field changes_sent <"$work/sync")" = 1 ] || fail "$(cat "$work/sync")"
counts early saved_here=0 at_parent=3 at_group=3 refused=2 questions=2
counts hub questions=2

# The same is told by a session that the clinic's agent ran.
encounter E6 C09 >"$work/late"
at other init >/dev/null 2>&1
at other import "$work/late" --source late >/dev/null
join other V0102
start_agent other
got=0
at other sync --wait >/dev/null 2>&1 || got=$? # the agent may have been first
[ "$got" -eq 6 ] || [ "$got" -eq 0 ] || fail "sync ended with $got"
[ "$(asked other returned)" = E6 ] || fail "the agent's clinic is not asked"
counts other saved_here=0 at_parent=0 at_group=0 refused=1
stop_agent "$agent"

# The hub learns that there is such a village below C01.
grep '"kind":"org","ref":"V0101"' "$data/reference.ndjson" |
	sed 's/"ref":"V0101"/"ref":"V0199"/' >"$work/village"
at hub import "$work/village" --source his >/dev/null
[ "$(asked hub change)" = "E2 E6" ] || fail "the hub did not judge again"
[ "$(refs hub)" = "E1 E3 E4 E5" ] || fail "the hub shows $(refs hub)"
expect 0 at early sync --wait >/dev/null
[ "$(asked early returned)" = "E2" ] || fail "the clinic still asks"
counts early saved_here=0 at_parent=4 at_group=4 refused=1
at early verify >/dev/null
at other verify >/dev/null
at hub verify >/dev/null
echo "hub refuses: good"
