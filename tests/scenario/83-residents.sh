#!/bin/bash
# Goal: people and their files. Whoever is entered at two clinics, with a card
# and without, is a candidate at the hub, linked there by a decision, and his
# allergy is seen at both clinics until the link is undone; the same number,
# name and birth date link by themselves. A visit in the wrong file leaves a
# stub wherever it was received, whatever a site without a link wrote meanwhile.
# Who was reported dead by mistake lives again everywhere, in both orders of
# arrival. Names keep their dots and rare characters, and are found by them.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

# --- with and without a card (story 8) ---
one=$(add a resident C01 '{"name":"买买提·阿不都拉","sex":"1","birth_date":"1980-01-01","id_type":"01","id_no":"519901198001010017","phone":"13900000001","managing_org_id":"ref:C01","status":"living","allergies":[{"substance":"青霉素","reaction":"皮疹"}]}')
other=$(add b resident C02 '{"name":"买买提•阿不都拉","sex":"1","birth_date":"1980-01-01","no_id_reason":"lost","phone":"13900000001","managing_org_id":"ref:C02","status":"living"}')
all a b
number=$(asked hub candidate)
[ -n "$number" ] || fail "no candidate at the hub"
at hub questions >"$work/questions" 2>&1
grep -qE 'phone +13900000001 +13900000001 +agrees' "$work/questions" ||
	fail "no evidence: $(cat "$work/questions")"
expect 1 at b show resident "$one" >/dev/null 2>&1
at hub decide "$number" link --reason "本人确认" --by S0001 >/dev/null
all b a b
at b show resident "$other" | grep -q 青霉素 || fail "the allergy is not seen"
at b show resident "$other" | grep -q "$one" || fail "not told where from"
at a show resident "$one" | grep -q "$other" || fail "not linked at a"
add b encounter C02 "{\"state\":\"signed\",\"resident_id\":\"ref:$other\",\"type\":\"outpatient\",\"visit_at\":\"2026-05-04T09:00:00+08:00\",\"diagnoses\":[{\"code\":\"J06.9\",\"name\":\"急性上呼吸道感染\"}],\"subjective\":\"咳嗽\"}" >/dev/null
all b
at hub decide "$number" --undo --reason "两个人" --by S0001 >/dev/null
all b a
at b show resident "$other" | grep -q 青霉素 && fail "still linked"
[ -n "$(asked hub candidate)" ] || fail "not asked anew"
[ -n "$(asked hub whose)" ] || fail "nobody asks whose the visit is"

# --- one valid number: linked without being asked ---
card='"name":"王丽","sex":"2","birth_date":"1966-07-07","id_type":"01","id_no":"51990119660707004X"'
first=$(add a resident C01 "{$card,\"managing_org_id\":\"ref:C01\",\"allergies\":[{\"substance\":\"花粉\"}]}")
second=$(add b resident C02 "{$card,\"managing_org_id\":\"ref:C02\"}")
before=$(asked hub candidate)
all b a b
[ "$(asked hub candidate)" = "$before" ] || fail "asked about one number"
at hub list link | grep -q linked || fail "the hub did not link"
at b show resident "$second" | grep -q 花粉 || fail "linked, and not seen at b"
at b questions --warnings --json | grep -q '"linked"' || fail "not announced"

# --- the wrong file (story 9) ---
# The father is b's, the visit a's: both have it, and so has the hub.
father=$(add b resident C02 '{"name":"张伟","sex":"1","birth_date":"1950-05-05","no_id_reason":"never","managing_org_id":"ref:C02","status":"living"}')
son=$(add a resident C01 '{"name":"张伟","sex":"1","birth_date":"1985-06-06","no_id_reason":"never","managing_org_id":"ref:C01"}')
all b
visit=$(add a encounter C01 "{\"state\":\"signed\",\"resident_id\":\"ref:$father\",\"type\":\"outpatient\",\"visit_at\":\"2026-05-04T10:00:00+08:00\",\"diagnoses\":[{\"code\":\"J06.9\",\"name\":\"急性上呼吸道感染\"}],\"subjective\":\"皮疹\",\"plan\":\"停药\"}")
all a b
is b encounter "$visit" subjective '"皮疹"'
echo "{\"allergies\":[{\"substance\":\"头孢\",\"source\":\"ref:$visit\"}]}" |
	at b amend resident "$father" - --by S0001 --org C02 --no-input >/dev/null 2>&1
all b a
# Without a link b amends what a moves.
echo '{"plan":"停药观察","reason":"补充"}' |
	at b amend encounter "$visit" - --by S0001 --org C02 --no-input >/dev/null 2>&1
expect 1 at a amend encounter "$visit" --reassign "$father" --reason "父子同名" \
	--by S0001 >/dev/null 2>&1
expect 1 at a amend encounter "$visit" --reassign "$son" --by S0001 >/dev/null 2>&1
right=$(at hub amend encounter "$visit" --reassign "$son" --reason "父子同名" \
	--by S0001 --json | field ref)
all a b a
for who in a b hub; do
	is "$who" encounter "$visit" state '"entered_in_error"'
	is "$who" encounter "$visit" reason '"父子同名"'
	is "$who" encounter "$visit" subjective none
	is "$who" encounter "$visit" plan none
	is "$who" encounter "$visit" reassigned_to "\"ref:$right\""
done
# Whoever types to the stub is told which record he means.
expect 1 at a amend encounter "$visit" --subjective "其他" --by S0001 \
	>/dev/null 2>"$work/stub"
grep -q "$right" "$work/stub" || fail "a: the stub does not name the record"
for who in a hub; do
	is "$who" encounter "$right" subjective '"皮疹"'
	is "$who" encounter "$right" resident_id "\"ref:$son\""
	at "$who" show resident "$son" | grep -q 头孢 || fail "$who: no allergy"
done
expect 1 at b show encounter "$right" >/dev/null 2>&1
at b show resident "$father" | grep -q entered_in_error || fail "b: allergy stays"

# --- dead by mistake (story 14), in both orders of arrival ---
n=0
for order in "a b" "b a"; do
	n=$((n + 1))
	who=$(add b resident C02 "{\"name\":\"李秀英\",\"sex\":\"2\",\"birth_date\":\"194$n-01-01\",\"no_id_reason\":\"never\",\"managing_org_id\":\"ref:C01\",\"status\":\"living\",\"phone\":\"1\"}")
	# The referral keeps him with both.
	add b referral C02 "{\"state\":\"issued\",\"direction\":\"sideways\",\"urgency\":\"routine\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:C02\",\"to_org\":\"ref:C01\",\"issued_at\":\"2026-05-04T09:00:00+08:00\",\"reason\":\"检查\"}" >/dev/null
	all b a
	at b amend resident "$who" --status dead --by S0001 --org C02 >/dev/null 2>&1
	at a amend resident "$who" --phone 2 --status moved_away --by S0001 \
		--org C01 >/dev/null 2>&1
	# shellcheck disable=SC2086
	all $order $order
	for at in a b hub; do
		is "$at" resident "$who" status '"dead"'
		is "$at" resident "$who" phone '"2"'
	done
	number=$(asked hub death_doubted)
	[ -n "$number" ] || fail "nobody doubts the death"
	expect 1 at a amend resident "$who" --status living --by S0001 \
		--org C01 >/dev/null 2>&1
	expect 1 at b amend resident "$who" --status living --reason "同名" \
		--by S0001 --org C02 >/dev/null 2>&1
	at a amend resident "$who" --status living --reason "同名者去世" \
		--by S0001 --org C01 >/dev/null 2>&1
	# shellcheck disable=SC2086
	all $order $order
	for at in a b hub; do
		is "$at" resident "$who" status '"living"'
		[ -z "$(asked "$at" death_doubted)" ] || fail "$at: still asked"
	done
done

# --- what the group confirmed is no step to say again ---
who=$(add b resident C02 '{"name":"何平","sex":"1","birth_date":"1951-03-03","no_id_reason":"never","managing_org_id":"ref:C01","phone":"1"}')
add b referral C02 "{\"state\":\"issued\",\"direction\":\"sideways\",\"urgency\":\"routine\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:C02\",\"to_org\":\"ref:C01\",\"issued_at\":\"2026-05-04T09:00:00+08:00\",\"reason\":\"检查\"}" >/dev/null
all b
at hub amend resident "$who" --state confirmed --by S0001 --org H01 >/dev/null
all a b
at b amend resident "$who" --phone 22 --by S0001 --org C02 >/dev/null 2>&1
at a amend resident "$who" --phone 11 --by S0001 --org C01 >/dev/null 2>&1
all b a
at a amend resident "$who" --state confirmed --phone 33 --by S0001 \
	--org C01 >/dev/null 2>&1
all a b
for at in a b hub; do
	is "$at" resident "$who" phone '"33"'
	is "$at" resident "$who" state '"confirmed"'
	[ -z "$(asked "$at" conflict)" ] || fail "$at: still asks for the phone"
done

# --- names (story 16) ---
rare=$(add a resident C01 '{"name":"周𥔲𣲗","sex":"1","birth_date":"1990-01-01","no_id_reason":"never","managing_org_id":"ref:C01"}')
for year in 1961 1962 1963 1964 1965; do
	add a resident C01 "{\"name\":\"刘洋\",\"sex\":\"1\",\"birth_date\":\"$year-01-01\",\"no_id_reason\":\"never\",\"address\":\"三村\",\"managing_org_id\":\"ref:C01\"}" >/dev/null
done
before=$(asked hub candidate)
all a
[ "$(asked hub candidate)" = "$before" ] || fail "namesakes are candidates"
[ "$(at a list resident --name 刘洋 --json | grep -c .)" = 5 ] || fail "five namesakes"
for name in "买买提·阿不都拉" "买买提•阿不都拉" "阿不都拉" "买买提阿不"; do
	at a list resident --name "$name" | grep -qF "$one" || fail "not found: $name"
done
at a list resident --name 𥔲 --json | grep -qF "$rare" || fail "a rare character"
[ "$(at a list resident --name 没有此人 --json | grep -c .)" = 0 ] || fail "nobody"
for name in "刘洋·买买提" "刘洋𥔲𣲗"; do
	add a resident C01 "{\"name\":\"$name\",\"sex\":\"1\",\"birth_date\":\"1966-01-01\",\"no_id_reason\":\"never\",\"managing_org_id\":\"ref:C01\"}" >/dev/null
done
COLUMNS=120 at a list resident --name 刘洋 >"$work/list"
python3 - "$work/list" <<'PY' || fail "not aligned: $(cat "$work/list")"
import re, sys, unicodedata
def cells(text):
    return sum(0 if unicodedata.combining(c)
               else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
rows = [line for line in open(sys.argv[1], encoding="utf-8") if "刘洋" in line]
places = {cells(line[:re.search(r" \d{4}-\d\d-\d\d ", line).start()]) for line in rows}
sys.exit(len(rows) != 7 or len(places) != 1)
PY
at a verify >/dev/null
at b verify >/dev/null
stop_agent "$hub"
at hub verify >/dev/null
echo "residents: good"
