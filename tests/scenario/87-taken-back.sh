#!/bin/bash
# Goal: what is taken back, and what one household signed, in both orders of
# arrival, with a laptop of A's among the nodes. A move confirmed by mistake:
# the file goes back, the other site gives it up, and whether the contract that
# it had ended is in force again is a question. Two teams in one household: the
# managing org is asked, nothing is contested. Stories 1 and 14 with a laptop;
# entries that were linked and a visit in the wrong file (stories 8 and 9) with
# the other site heard first. A contract that ends is told until another
# follows; an import that lost can be taken; what was handed out is told with
# who looked.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"
at lap init --name lap >/dev/null
join lap C01

# resident NAME BIRTH [MORE]: A's, entered at A.
resident() {
	add a resident C01 "{\"name\":\"$1\",\"sex\":\"1\",\"birth_date\":\"$2\",\"no_id_reason\":\"never\",\"managing_org_id\":\"ref:C01\",\"status\":\"living\"${3-}}"
}

# contract WHO ORG RESIDENT FIRST LAST [MORE]: signed with the org's team.
contract() {
	add "$1" contract "$2" "{\"state\":\"signed\",\"resident_id\":\"ref:$3\",\"team_id\":\"ref:T-$2\",\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"$4\",\"start_on\":\"$4\",\"end_on\":\"$5\",\"resident_signature\":\"paper\"${6-}}"
}

visit() { # WHO ORG RESIDENT WORDS
	add "$1" encounter "$2" "{\"state\":\"signed\",\"resident_id\":\"ref:$3\",\"type\":\"outpatient\",\"visit_at\":\"2026-05-04T10:00:00+08:00\",\"subjective\":\"$4\"}"
}

everywhere() { # KIND REF NAME JSON WHO...
	local who

	for who in "${@:5}"; do
		is "$who" "$1" "$2" "$3" "$4"
	done
}

# --- a move that was a mistake (story 7) ---
move_by_mistake() { # BIRTH WHO...: in the order in which they are heard
	local who visit kept ka kb move number decided

	who=$(resident 赵六 "$1" ',"allergies":[{"substance":"青霉素"}]')
	visit=$(visit a C01 "$who" 头晕)
	ka=$(contract a C01 "$who" 2026-03-01 2027-02-28)
	move=$(add b move C02 "{\"state\":\"requested\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\",\"moved_on\":\"2026-05-05\"}")
	shift
	all "$@" "$@"
	everywhere contract "$ka" state '"active"' hub a lap
	number=$(asked hub move_asked)
	decided=$(at hub decide "$number" confirm --reason "户口已迁" --by S0001)
	# B signs him too; A's contract is over by then.
	all b
	kb=$(contract b C02 "$who" 2026-05-06 2027-05-05)
	all "$@" "$@"
	everywhere resident "$who" managing_org_id '"ref:C02"' hub a b lap
	everywhere contract "$ka" state '"closed"' hub a b lap
	everywhere contract "$ka" end_reason '"moved"' hub a b lap
	everywhere contract "$kb" state '"active"' hub b
	is b encounter "$visit" subjective '"头晕"'
	at b show resident "$who" | grep -q 青霉素 || fail "b: no allergy"
	kept=$(visit b C02 "$who" 咳嗽)
	# He signed B's in error as well.
	echo '{"state":"ending","end_reason":"error","ended_on":"2026-05-10"}' |
		at b amend contract "$kb" - --by S0001 --no-input >/dev/null 2>&1

	expect 77 at a decide "$decided" --undo --reason "同名" --by S0001 \
		>/dev/null 2>&1
	at hub decide "$number" --undo --reason "同名" --by S0001 >/dev/null
	all "$@" "$@"
	everywhere resident "$who" managing_org_id '"ref:C01"' hub a lap
	everywhere move "$move" state '"undone"' hub a
	everywhere move "$move" reason '"同名"' hub a
	# What was ended stays so until a person says otherwise; only the group.
	everywhere contract "$ka" state '"closed"' hub a lap
	everywhere contract "$kb" state '"terminated"' hub b
	# B wrote this; A's visit it has no more.
	is b encounter "$kept" subjective '"咳嗽"'
	is a encounter "$kept" subjective '"咳嗽"'
	is b encounter "$visit" subjective none
	number=$(asked hub end_doubted)
	[ -n "$number" ] || fail "nobody asks about the contract"
	at hub questions >"$work/questions"
	grep -q "the move was taken back" "$work/questions" ||
		fail "$(cat "$work/questions")"
	at hub decide "$number" resume --reason "居民继续履约" --by S0001 >/dev/null
	all "$@"
	everywhere contract "$ka" state '"active"' hub a lap
	everywhere contract "$ka" end_reason none hub a lap
	[ -z "$(asked hub end_doubted)" ] || fail "still asked"
}

move_by_mistake 1951-01-01 a lap b
move_by_mistake 1952-01-01 b lap a

# --- one household, two teams ---
household() { # YEAR WHO...
	local father son ka kb who at=',"household_no":"H'$1'"'

	father=$(resident 张伟 "$1-01-01" "$at")
	son=$(resident 张小伟 "$1-12-31" "$at")
	shift
	# B hears of the son by a referral.
	add a referral C01 "{\"state\":\"issued\",\"direction\":\"sideways\",\"urgency\":\"routine\",\"resident_id\":\"ref:$son\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\",\"issued_at\":\"2026-05-04T09:00:00+08:00\",\"reason\":\"检查\"}" >/dev/null
	all a b
	ka=$(contract a C01 "$father" 2026-05-03 2027-05-02 "$at")
	kb=$(contract b C02 "$son" 2026-05-05 2027-05-04 "$at")
	all "$@" "$@"
	everywhere contract "$ka" state '"active"' hub a lap
	everywhere contract "$kb" state '"active"' hub a b lap
	for who in hub a lap; do
		[ -n "$(asked "$who" household)" ] || fail "$who is not asked"
		[ -z "$(asked "$who" contested)" ] || fail "$who: contested"
	done
	at a show contract "$ka" | grep -q "different teams" || fail "not shown"
	at a questions >"$work/questions"
	grep -q "different teams" "$work/questions" || fail "not listed"
	# His managing org says that it stays so; nothing ends.
	at a decide "$(asked a household)" stays --reason "儿子在外镇工作" \
		--by S0001 >/dev/null
	all "$@" "$@"
	for who in hub a b lap; do
		[ -z "$(asked "$who" household)" ] || fail "$who is still asked"
	done
	everywhere contract "$ka" state '"active"' hub a
	everywhere contract "$kb" state '"active"' hub a b
	at b list question --json | grep -q "儿子在外镇工作" ||
		fail "b does not know why"
}

household 1961 a lap b
household 1962 b lap a

# --- two teams, one resident (story 1): the laptop signs for A ---
two_teams() { # BIRTH WHO...
	local who ka kb one

	who=$(resident 吴五 "$1")
	shift
	all a lap
	ka=$(contract lap C01 "$who" 2026-05-03 2027-05-02)
	add lap contract_service C01 "{\"contract_id\":\"ref:$ka\",\"item\":\"PRESSURE\",\"done_on\":\"2026-05-04\"}" >/dev/null
	kb=$(contract b C02 "$who" 2026-05-05 2027-05-04)
	all "$@" "$@"
	everywhere contract "$ka" state '"contested"' hub a lap b
	everywhere contract "$kb" state '"contested"' hub a lap b
	everywhere contract "$kb" holder_id "\"ref:$ka\"" hub a lap b
	for one in hub a lap b; do
		[ -n "$(asked "$one" contested)" ] || fail "$one is not told"
	done
	at hub decide "$(asked hub contested)" "$kb" --reason "resident's choice" \
		--by S0001 >/dev/null
	all "$@"
	everywhere contract "$kb" state '"active"' hub a lap b
	everywhere contract "$kb" start_on '"2026-05-05"' hub a lap b
	everywhere contract "$ka" state '"refused"' hub a lap b
	everywhere contract "$ka" reason "\"resident's choice\"" hub a lap b
	for one in hub a lap; do
		at "$one" show contract "$ka" | grep -q "PRESSURE: 1 of 0" ||
			fail "$one: the service is gone"
	done
}

two_teams 1955-01-01 lap a b
two_teams 1956-01-01 b a lap

# --- dead by mistake (story 14) ---
dead_by_mistake() { # BIRTH WHO...
	local who kd

	who=$(resident 李秀英 "$1")
	shift
	kd=$(contract a C01 "$who" 2026-03-01 2027-02-28)
	all a lap
	at lap amend resident "$who" --status dead --by S0001 --org C01 >/dev/null 2>&1
	all "$@" "$@"
	everywhere resident "$who" status '"dead"' hub a lap
	everywhere contract "$kd" state '"closed"' hub a lap
	everywhere contract "$kd" end_reason '"death"' hub a lap
	at a amend resident "$who" --status living --reason "同名者去世" \
		--by S0001 --org C01 >/dev/null 2>&1
	all "$@" "$@"
	everywhere resident "$who" status '"living"' hub a lap
	everywhere contract "$kd" state '"active"' hub a lap
	everywhere contract "$kd" end_reason none hub a lap
}

dead_by_mistake 1941-01-01 a lap
dead_by_mistake 1942-01-01 lap a

# --- with and without a card (story 8), B first ---
one=$(resident 买买提·阿不都拉 1980-01-01 ',"phone":"13900000001","allergies":[{"substance":"青霉素"}]')
other=$(add b resident C02 '{"name":"买买提•阿不都拉","sex":"1","birth_date":"1980-01-01","no_id_reason":"lost","phone":"13900000001","managing_org_id":"ref:C02","status":"living","allergies":[{"substance":"花粉"}]}')
all b a
number=$(asked hub candidate)
at hub decide "$number" link --reason "本人确认" --by S0001 >/dev/null
all a lap b
at b show resident "$other" | grep -q 青霉素 || fail "b: not linked"
for who in a lap; do
	at "$who" show resident "$one" | grep -q 花粉 || fail "$who: not linked"
done
late=$(visit lap C01 "$one" 咳嗽)
all lap
at hub decide "$number" --undo --reason "两个人" --by S0001 >/dev/null
all a lap b
at b show resident "$other" | grep -q 青霉素 && fail "b: still linked"
at b show resident "$other" | grep -q 花粉 || fail "b: its own is gone"
for who in a lap; do
	at "$who" show resident "$one" | grep -q 花粉 && fail "$who: still linked"
	at "$who" show resident "$one" | grep -q 青霉素 || fail "$who: gone"
	is "$who" encounter "$late" subjective '"咳嗽"'
done
at hub questions --json | python3 -c 'import json, sys
sys.exit(not any(q["code"] == "whose" and q["ref"] == sys.argv[1]
                 for q in map(json.loads, sys.stdin)))' "$late" ||
	fail "nobody asks whose the visit is"

# --- the wrong file (story 9), B's amendment heard before it ---
father=$(add b resident C02 '{"name":"张伟","sex":"1","birth_date":"1950-05-05","no_id_reason":"never","managing_org_id":"ref:C02","status":"living"}')
son=$(resident 张伟 1985-06-06)
all b
wrong=$(visit lap C01 "$father" 皮疹)
all lap b
echo "{\"allergies\":[{\"substance\":\"头孢\",\"source\":\"ref:$wrong\"}]}" |
	at b amend resident "$father" - --by S0001 --org C02 --no-input >/dev/null 2>&1
echo '{"plan":"停药观察","reason":"补充"}' |
	at b amend encounter "$wrong" - --by S0001 --org C02 --no-input >/dev/null 2>&1
all b a
right=$(at hub amend encounter "$wrong" --reassign "$son" --reason "父子同名" \
	--by S0001 --json | field ref)
all lap a b
everywhere encounter "$wrong" state '"entered_in_error"' hub b lap
everywhere encounter "$wrong" reassigned_to "\"ref:$right\"" hub b lap
everywhere encounter "$wrong" subjective none hub b lap
everywhere encounter "$wrong" plan none hub b lap
everywhere encounter "$right" subjective '"皮疹"' hub a lap
everywhere encounter "$right" resident_id "\"ref:$son\"" hub a lap
for who in a lap hub; do
	at "$who" show resident "$son" | grep -q 头孢 || fail "$who: no allergy"
done
expect 1 at b show encounter "$right" >/dev/null 2>&1

# --- a contract that ends ---
who=$(resident 孙二 1960-01-01)
ends=$(date -d "+30 days" +%F)
old=$(contract a C01 "$who" "$(date -d "-335 days" +%F)" "$ends")
at a list contract --ending >"$work/ending"
grep "$ends" "$work/ending" | grep -q "ends_soon" ||
	fail "not told: $(cat "$work/ending")"
[ "$(at a list contract --ending --json | grep -c .)" = 1 ] || fail "others too"
at a show contract "$old" | grep -q "ends soon" || fail "not shown"
expect 2 at a list encounter --ending >/dev/null 2>&1
contract a C01 "$who" "$(date -d "+31 days" +%F)" "$(date -d "+400 days" +%F)" \
	",\"renews_id\":\"ref:$old\"" >/dev/null
[ -z "$(at a list contract --ending --json)" ] || fail "told though renewed"
# Renewed again, a year ahead of the end.
at a add contract - --by S0001 --org C01 --no-input >/dev/null 2>"$work/said" <<END
{"state":"signed","resident_id":"ref:$who","team_id":"ref:T-C01","packages":[{"code":"BASIC"}],"signed_on":"2024-01-01","start_on":"$(date -d "+31 days" +%F)","end_on":"$(date -d "+400 days" +%F)","resident_signature":"paper","renews_id":"ref:$old"}
END
grep -q "more than three months" "$work/said" || fail "$(cat "$work/said")"

# --- an import that lost ---
device() { # AT CONDITION
	printf '{"kind":"device","ref":"D1","by":"ref:S0001","at":"2026-05-04T%s+08:00","org_id":"ref:C01","asset_no":"A-1","name":"便携彩超","class":"ultrasound","owner_org_id":"ref:C01","condition":"%s"}\n' \
		"$1" "$2"
}
device 08:00:00 ok | at a import - --source his >/dev/null 2>&1
at a amend device D1 --condition unsafe --by S0001 >/dev/null 2>&1
device 20:00:00 minor | at a import - --source his >/dev/null 2>&1
is a device D1 condition '"unsafe"'
at a questions >"$work/questions"
grep -q "import  *S0001\|keep  *import" "$work/questions" ||
	fail "not side by side: $(cat "$work/questions")"
at a decide "$(asked a import_lost)" import --reason "看过机器" --by S0001 >/dev/null
is a device D1 condition '"minor"'
[ -z "$(asked a import_lost)" ] || fail "still asked"

# --- what was handed out ---
at a show resident "$one" --printed --to guardian --by S0001 >/dev/null
all a
at hub show resident "$one" --who-looked >"$work/looked" 2>/dev/null
grep -q "printed for the guardian" "$work/looked" ||
	fail "not told: $(cat "$work/looked")"
at hub list disclosure --json >"$work/given"
python3 - "$work/given" <<'END' || fail "$(cat "$work/given")"
import json, sys
given = [json.loads(line) for line in open(sys.argv[1])][-1]
assert given["receiver"] == "guardian" and given["form"] == "printed", given
assert given["kinds"][:2] == ["resident", "encounter"], given
assert given["from_on"] == given["to_on"] == "2026-05-04", given
END

for who in a b lap; do
	at "$who" verify >/dev/null || fail "the store of $who is not sound"
done
stop_agent "$hub"
at hub verify >/dev/null
echo "taken-back: good"
