#!/bin/bash
# Goal: two clinics sign one resident offline, A on 3 May, B on 5 May, and both
# meet the hub on 10 May. Both contracts are contested, both clinics are told,
# he counts once; the group decides for B, A's contract is refused and A's
# services stay. Whoever comes first, all end with the same records. Then what
# one contract goes through: other packages, renewal, another team, a death.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

line() { # KIND REF DAY ORG FIELDS: a line in exchange format
	printf '{"kind":"%s","ref":"%s","by":"ref:S-%s","at":"%sT09:00:00+08:00","org_id":"ref:%s",%s}\n' \
		"$1" "$2" "$4" "$3" "$4" "$5"
}

contract() { # REF DAY ORG START END [FIELDS]: of R1
	line contract "$1" "$2" "$3" "\"state\":\"signed\",\"resident_id\":\"ref:R1\",\"team_id\":\"ref:T-$3\",\"signing_staff_id\":\"ref:S-$3\",\"packages\":[{\"code\":\"BASIC\",\"items\":[{\"item\":\"PRESSURE\",\"planned\":4},{\"item\":\"HEALTH_TALK\",\"planned\":1}]}],\"signed_on\":\"$2\",\"start_on\":\"$4\",\"end_on\":\"$5\",\"resident_signature\":\"paper\"${6-}"
}

reference() {
	local org

	line org H01 2022-07-01 H01 '"name":"县医院","level":"county","short_code":"YH1"'
	for org in C01 C02; do
		line org "$org" 2022-07-01 H01 "\"name\":\"$org 卫生院\",\"level\":\"township\",\"short_code\":\"X$org\",\"parent_org_id\":\"ref:H01\""
	done
	for org in H01 C01 C02; do
		line staff "S-$org" 2022-07-01 H01 '"name":"宋佳宁","role":"doctor"'
		line team "T-$org" 2022-07-01 "$org" "\"name\":\"$org 团队\",\"leader_staff_id\":\"ref:S-$org\",\"members\":[\"ref:S-$org\"]"
	done
}

# of WHO KIND REF FIELD: what a record there holds; "null": nothing.
of() {
	at "$1" show "$2" "$3" --json | python3 -c 'import json, sys
v = json.load(sys.stdin).get(sys.argv[1])
print(v if isinstance(v, str) else json.dumps(v))' "$4"
}

states_are() { # "REF=STATE ..." WHO...: of the contracts there, by their refs
	local want=$1 who got

	shift
	for who in "$@"; do
		got=$(at "$who" export --kind contract | python3 -c 'import json, sys
print(*sorted("%(ref)s=%(state)s" % json.loads(l) for l in sys.stdin))')
		[ "$got" = "$want" ] || fail "at $who $got, not $want"
	done
}

# asked WHO: the number of the question about it there; empty: none.
asked() {
	at "$1" questions --json | python3 -c 'import json, sys
for l in sys.stdin:
    q = json.loads(l)
    if q["code"] == "contested":
        print(q["number"])'
}

# take WHO LINES: an import that refuses nothing.
take() {
	echo "$2" | at "$1" import - --source his >/dev/null 2>"$work/import.txt" ||
		fail "refused: $(cat "$work/import.txt")"
}

meet() { # WHO...: they meet the hub, one after the other
	local who

	for who in "$@"; do
		at "$who" sync --wait >/dev/null
	done
}

# told WHO: one question about it, and a list that says which counts.
told() {
	at "$1" questions >"$work/asked.txt"
	grep -q "Two teams signed" "$work/asked.txt" || fail "$1 is not asked"
	at "$1" list contract >"$work/listed.txt"
	grep "^KA" "$work/listed.txt" | grep -q "counts until decided" ||
		fail "at $1: $(cat "$work/listed.txt")"
	grep "^KB" "$work/listed.txt" | grep -q "does not count now" ||
		fail "at $1: $(cat "$work/listed.txt")"
	LC_ALL=C.UTF-8 at "$1" show contract KB | grep -q "the other contract counts" ||
		fail "$1 is not told of the dispute"
}

# The story, in one order of arrival; its records at each go to OUT.WHO. With
# "twice" the group takes its decision back and takes it again.
story() {
	local out=$1 times=$2 who

	shift 2
	rm -rf "$work/hub" "$work/a" "$work/b"
	new_hub
	reference | at hub import - --source his >/dev/null
	join a C01
	join b C02

	take a "$(line resident R1 2026-01-10 C01 '"name":"李𠮷","id_type":"99","no_id_reason":"lost","sex":"1","birth_date":"1971-01-12","managing_org_id":"ref:C01","status":"living"')
$(contract KA 2026-05-03 C01 2026-05-03 2027-05-02)
$(line contract_service F1 2026-05-04 C01 '"contract_id":"ref:KA","item":"PRESSURE","done_on":"2026-05-04"')"
	take b "$(contract KB 2026-05-05 C02 2026-05-05 2027-05-04)"
	states_are "KA=signed" a
	states_are "KB=signed" b

	meet "$@"
	meet "$@"
	states_are "KA=contested KB=contested" hub a b
	for who in hub a b; do
		told "$who"
	done

	# A person of the group asks her; only the group decides, and says so.
	LC_ALL=C.UTF-8 at a questions | grep -q "only the group decides" ||
		fail "a does not know who decides"
	expect 77 at a decide "$(asked a)" KA --reason "ours" --by S-C01
	number=$(asked hub)
	at hub decide "$number" KB --reason "resident's choice" --by S-H01
	states_are "KA=refused KB=active" hub
	if [ "$times" = twice ]; then
		at hub decide "$number" --undo --reason "asked the wrong one" \
			--by S-H01
		states_are "KA=contested KB=contested" hub
		at hub decide "$(asked hub)" KB --reason "resident's choice" \
			--by S-H01
	fi
	meet "$@"
	states_are "KA=refused KB=active" hub a b
	[ "$(of b contract KB start_on)" = 2026-05-05 ] || fail "not from 5 May"
	[ "$(of a contract KA reason)" = "resident's choice" ] ||
		fail "refused without a reason"
	[ "$(of a contract KA org_id)" = ref:C01 ] || fail "KA changed hands"
	for who in hub a; do
		at "$who" show contract KA |
			grep -q "PRESSURE: 1 of 4, last on 2026-05-04" ||
			fail "the service is gone at $who"
		[ -z "$(asked "$who")" ] || fail "$who is still asked"
	done

	for who in hub a b; do
		at "$who" export | python3 -c 'import json, sys
for l in sys.stdin:
    r = json.loads(l)
    if r["kind"] in ("contract", "contract_service", "resident"):
        if r["kind"] == "contract":
            del r["at"]
        print(json.dumps(r, sort_keys=True, ensure_ascii=False))' |
			sort >"$out.$who"
	done
}

story "$work/ab" once a b
stop_agent "$hub"
story "$work/ba" twice b a
for who in hub a b; do
	cmp "$work/ab.$who" "$work/ba.$who" || fail "the order shows at $who"
done
cmp "$work/ab.hub" "$work/ab.a" || fail "A holds other records"

# Other packages from a day on: the contract stays as it was signed.
take b "$(line contract_change X1 2026-06-01 C02 '"contract_id":"ref:KB","from_on":"2026-06-01","packages":[{"code":"BASIC","items":[{"item":"PRESSURE","planned":12}]}]')"
at b show contract KB | grep -q "PRESSURE: 0 of 12" || fail "no other packages"
# Renewed by the same team for the day after the last: nothing is contested.
take b "$(contract KC 2027-04-20 C02 2027-05-05 2028-05-04 ',"renews_id":"ref:KB"')"
meet b
states_are "KA=refused KB=active KC=active" hub
at hub show contract KB | grep -q "PRESSURE: 0 of 12" || fail "not at the hub"
# Back to the old team: the other ends the day before.
take a "$(contract KD 2027-09-01 C01 2027-09-01 2028-08-31 ',"replaces_id":"ref:KC"')"
meet a b
states_are "KA=refused KB=active KC=terminated KD=active" hub b
[ "$(of b contract KC ended_on)" = 2027-08-31 ] || fail "KC ends another day"
[ "$(of b contract KC end_reason)" = replaced ] || fail "KC ends otherwise"
# The resident asks for an end; it counts from that day.
meet a
echo '{"state":"ending","end_reason":"resident","ended_on":"2027-10-01"}' |
	at a amend contract KD - --by S-C01 >/dev/null
meet a
states_are "KA=refused KB=active KC=terminated KD=terminated" hub
[ "$(of hub contract KD ended_on)" = 2027-10-01 ] || fail "KD ends another day"
# He dies before that day: what still runs is closed. By mistake: as before.
at hub amend resident R1 --status dead --by S-H01 --org H01 >/dev/null
states_are "KA=refused KB=closed KC=closed KD=closed" hub
[ "$(of hub contract KB end_reason)" = death ] || fail "KB is closed otherwise"
at hub amend resident R1 --status living \
	--reason "reported by mistake" --by S-H01 --org H01 >/dev/null
states_are "KA=refused KB=active KC=terminated KD=terminated" hub

at hub verify >/dev/null
at b verify >/dev/null
stop_agent "$hub"
echo "contracts: good"
