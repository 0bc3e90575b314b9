#!/bin/bash
# Goal: whose ref it is, and whose word. Two clinics' programs call two
# residents 1001: a move asked for at one of them says which it means, and the
# hub gives away that one; a file of a third program that says 1001 means
# neither, and what it asks for cannot be confirmed. A visit that a form writes
# about 1001 is in the file that was meant there. A clinic writes down no decision
# that only the group takes, and links no file of its own to another's.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

# line KIND REF ORG FIELDS
line() {
	printf '{"kind":"%s","ref":"%s","by":"ref:S0001","at":"2026-05-01T08:00:00+08:00","org_id":"ref:%s",%s}\n' \
		"$1" "$2" "$3" "$4"
}

# holder NAME: who keeps the file of the resident of that name, at the hub.
holder() {
	at hub export --kind resident 2>/dev/null | python3 -c 'import json, sys
for r in map(json.loads, sys.stdin):
    if r.get("name") == sys.argv[1]:
        print(r["managing_org_id"])' "$1"
}

line resident 1001 C01 '"name":"张伟","sex":"1","birth_date":"1950-05-05","no_id_reason":"never","managing_org_id":"ref:C01"' >"$work/a.ndjson"
line resident 1001 C02 '"name":"李娜","sex":"2","birth_date":"1990-01-01","no_id_reason":"never","managing_org_id":"ref:C02"' >"$work/b.ndjson"
at b import "$work/b.ndjson" --source b-his >/dev/null
at a import "$work/a.ndjson" --source a-his >/dev/null
all b a

# --- a move that says whose it is ---
add a move C01 '{"state":"requested","resident_id":"ref:1001","from_org":"ref:C01","to_org":"ref:C02"}' >/dev/null
all a
number=$(asked hub move_asked)
[ -n "$number" ] || fail "nobody asks about the move"
at hub decide "$number" confirm --reason "搬家" --by S0001 >/dev/null
[ "$(holder 张伟)" = ref:C02 ] || fail "not moved: $(holder 张伟)"
[ "$(holder 李娜)" = ref:C02 ] || fail "the other one moved"

# --- and one that does not ---
line move M1 C01 '"state":"requested","resident_id":"ref:1001","from_org":"ref:C02","to_org":"ref:C01"' >"$work/move.ndjson"
at a import "$work/move.ndjson" --source third >/dev/null 2>&1
all a
number=$(asked hub move_asked)
[ -n "$number" ] || fail "nobody asks about the second move"
expect 1 at hub decide "$number" confirm --reason "搬家" --by S0001 \
	>"$work/refused" 2>&1
grep -q "several programs" "$work/refused" || fail "$(cat "$work/refused")"
[ "$(holder 张伟)" = ref:C02 ] || fail "moved all the same"
[ "$(holder 李娜)" = ref:C02 ] || fail "the other one moved all the same"
at hub decide "$number" refuse --reason "说不清是谁" --by S0001 >/dev/null
[ -z "$(asked hub move_asked)" ] || fail "still asked"

# --- nor does who types 1001 mean whoever came first ---
expect 2 at hub show resident 1001 >"$work/refused" 2>&1
grep -q "1001@a-his" "$work/refused" || fail "$(cat "$work/refused")"
grep -q "1001@b-his" "$work/refused" || fail "$(cat "$work/refused")"
is hub resident 1001@a-his name '"张伟"'
is hub resident 1001@b-his name '"李娜"'
is a resident 1001 name '"张伟"'
visit=$(add a encounter C01 '{"state":"signed","type":"phone","resident_id":"ref:1001","visit_at":"2026-05-01T09:00:00+08:00"}')
all a b
# It is in his file, whoever else is called 1001 there: who keeps that has it.
is b encounter "$visit" resident_id '"ref:1001"'
echo '{"state":"signed","type":"phone","resident_id":"ref:1001","visit_at":"2026-05-01T09:00:00+08:00"}' |
	expect 1 at hub add encounter - --by S0001 --org C01 --no-input \
		>"$work/refused" 2>&1
grep -q "REF@SOURCE" "$work/refused" || fail "$(cat "$work/refused")"
expect 1 at hub amend encounter "$visit" --reassign 1001 --reason "不是他" \
	--by S0001 >"$work/refused" 2>&1
grep -q "REF@SOURCE" "$work/refused" || fail "$(cat "$work/refused")"
at hub amend encounter "$visit" --reassign 1001@b-his --reason "是她" \
	--by S0001 >/dev/null

# --- whose word it is ---
own=$(add a resident C01 '{"name":"王芳","sex":"2","birth_date":"1970-01-01","no_id_reason":"never","managing_org_id":"ref:C01"}')
[ -n "$own" ] || fail "no resident: $(cat "$work/add.log")"
echo "{\"state\":\"linked\",\"resident_id\":\"ref:$own\",\"other_id\":\"ref:1001\",\"basis\":\"by_hand\"}" >"$work/link"
expect 1 at a add link - --by S0001 --org C01 --no-input \
	<"$work/link" >"$work/refused" 2>&1
grep -q "managing organisation" "$work/refused" || fail "$(cat "$work/refused")"
echo "{\"state\":\"decided\",\"reason\":\"我们的\",\"code\":\"custody_fork\",\"about_kind\":\"device\",\"about_ref\":\"D1\",\"about_source\":\"a-his\",\"device_id\":\"ref:D1\",\"resident_id\":\"ref:$own\",\"decision\":\"K1\",\"versions\":[\"a-his/K1\",\"a-his/K2\"]}" >"$work/fork"
expect 1 at a add question - --by S0001 --org C01 --no-input \
	<"$work/fork" >"$work/refused" 2>&1
grep -q "field code: .*group" "$work/refused" || fail "$(cat "$work/refused")"
all a
at hub list question | grep -q custody_fork && fail "the hub took the decision"
at a verify >/dev/null
at hub verify >/dev/null
