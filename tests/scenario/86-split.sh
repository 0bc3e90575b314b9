#!/bin/bash
# Goal: a township centre is split, and made one again. Old records keep the
# old org; its villages' residents get the new one; what was written in June and
# arrives in August counts to the old; devices change hands by events; the old
# site gives up what it received and may not have any more, and keeps what it
# wrote. So does a team's laptop when the team gives a village up.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

say() { printf '%s\n' "$@"; }

reference() {
	say '{"kind":"org","ref":"H01","by":"ref:S1","at":"2026-01-05T08:00:00+08:00","org_id":"ref:H01","name":"县医院","level":"county"}' \
		'{"kind":"org","ref":"C01","by":"ref:S1","at":"2026-01-05T08:00:00+08:00","org_id":"ref:H01","name":"大河中心卫生院","level":"township","parent_org_id":"ref:H01"}' \
		'{"kind":"org","ref":"V1","by":"ref:S1","at":"2026-01-05T08:00:00+08:00","org_id":"ref:H01","name":"上坪村卫生室","level":"village","parent_org_id":"ref:C01"}' \
		'{"kind":"staff","ref":"S1","by":"ref:S1","at":"2026-01-05T08:00:00+08:00","org_id":"ref:H01","name":"王医生"}'
}

# resident REF MANAGING AT
resident() {
	say '{"kind":"resident","ref":"'"$1"'","by":"ref:S1","at":"'"$3"'","org_id":"ref:'"$4"'","name":"赵一","sex":"1","birth_date":"1960-02-03","no_id_reason":"lost","managing_org_id":"ref:'"$2"'"}'
}

# visit REF ORG RESIDENT AT
visit() {
	say '{"kind":"encounter","ref":"'"$1"'","by":"ref:S1","at":"'"$4"'","org_id":"ref:'"$2"'","resident_id":"ref:'"$3"'","type":"outpatient","visit_at":"'"$4"'","state":"signed","diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}],"subjective":"咳嗽三天","plan":"多喝水"}'
}

# held NAME KIND REF FIELD: what a node's export says.
held() {
	at "$1" export --kind "$2" | python3 -c 'import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if r["ref"] == sys.argv[1]:
        v = r.get(sys.argv[2], "-")
        print(str(v).lower() if isinstance(v, bool) else v)
        break
else:
    print("none")' "$3" "$4"
}

is() {
	local got

	got=$(held "$1" "$2" "$3" "$4")
	[ "$got" = "$5" ] || fail "$1: $2 $3 $4 is '$got', not '$5'"
}

reference >"$work/reference.ndjson"
new_hub
at hub import "$work/reference.ndjson" --source his
at old init --name old
join old C01

# Two residents of the old centre: one of the village, one of the town. The
# village's one was at the hospital too.
{
	resident P1 C01 2026-03-01T09:00:00+08:00 C01
	resident P2 C01 2026-03-01T09:00:00+08:00 C01
	resident P3 C01 2026-03-01T09:00:00+08:00 C01
	visit E1 C01 P1 2026-03-02T09:00:00+08:00
	visit E2 C01 P2 2026-03-02T10:00:00+08:00
	say '{"kind":"device","ref":"D1","by":"ref:S1","at":"2026-03-01T08:00:00+08:00","org_id":"ref:C01","asset_no":"A-1","name":"超声","class":"ultrasound","owner_org_id":"ref:C01","condition":"ok"}'
} >"$work/spring.ndjson"
at old import "$work/spring.ndjson" --source his
at old sync --wait
visit E3 H01 P1 2026-04-01T09:00:00+08:00 >"$work/hospital.ndjson"
at hub import "$work/hospital.ndjson" --source his
at old sync --wait
is old encounter E3 org_id ref:H01

# June at the old centre, on paper first; one of it arrives before the split,
# the other is entered and then lies there without a link.
visit E7 C01 P3 2026-06-20T09:00:00+08:00 >"$work/early.ndjson"
at old import "$work/early.ndjson" --source his
at old sync --wait
visit E4 C01 P1 2026-06-20T09:00:00+08:00 >"$work/june.ndjson"
at old import "$work/june.ndjson" --source his

# July: the split. A new org, the village below it, its residents to it; the
# device goes by a hand-over.
{
	say '{"kind":"org","ref":"C02","by":"ref:S1","at":"2026-07-01T08:00:00+08:00","org_id":"ref:H01","name":"上坪卫生院","level":"township","parent_org_id":"ref:H01","valid_from":"2026-07-01"}' \
		'{"kind":"org","ref":"V1","by":"ref:S1","at":"2026-07-01T08:00:00+08:00","org_id":"ref:H01","name":"上坪村卫生室","level":"village","parent_org_id":"ref:C02"}'
	say '{"kind":"custody","ref":"K1","by":"ref:S1","at":"2026-07-01T10:00:00+08:00","org_id":"ref:H01","device_id":"ref:D1","custody_no":1,"from":"ref:C01","to":"ref:C02","both_signed":true}'
} >"$work/split.ndjson"
at hub import "$work/split.ndjson" --source his
at hub amend resident P1 --managing-org-id ref:C02 --by S1 --org H01 >/dev/null
at hub amend resident P3 --managing-org-id ref:C02 --by S1 --org H01 >/dev/null
at new init --name new
join new C02
at new sync --wait

# The new centre has the village's resident with his history, and the device;
# not the town's.
is new resident P1 managing_org_id ref:C02
is new encounter E1 org_id ref:C01
is new encounter E3 org_id ref:H01
is new device D1 owner_org_id ref:C01
is new custody K1 to ref:C02
is new resident P2 ref none
is new encounter E2 ref none

# August: the old centre has a link again. What it wrote in June is taken,
# counts to it, and goes on to who has the file now.
summary=$(at old sync --wait --json)
[ "$(echo "$summary" | field state)" = done ] || fail "not done: $summary"
at old sync --wait
at new sync --wait
is hub encounter E4 org_id ref:C01
is new encounter E4 org_id ref:C01
# No other than what had arrived before the split.
is hub encounter E7 org_id ref:C01
is new encounter E7 org_id ref:C01
is new resident P3 managing_org_id ref:C02
is old encounter E7 org_id ref:C01
[ "$(at old status --json | field refused)" = 0 ] || fail "June was refused"

# It knows where its resident went and keeps what it wrote; what the hospital
# wrote of him it has no more, and says so without half a record.
is old encounter E1 org_id ref:C01
is old encounter E4 org_id ref:C01
is old encounter E3 emptied true
is old encounter E3 plan -
is old encounter E2 org_id ref:C01
is old resident P2 managing_org_id ref:C01
at old show encounter E3 --json | grep -q '"emptied": *true' ||
	fail "show does not say that it is emptied"
at old list encounter | grep -q 'E3.*emptied' ||
	fail "list does not say that it is emptied"
at old verify >"$work/verify.txt" || fail "verify: $(cat "$work/verify.txt")"

# New visits of the village's resident are the new centre's.
visit E5 C02 P1 2026-08-02T09:00:00+08:00 >"$work/august.ndjson"
at new import "$work/august.ndjson" --source his
at new sync --wait
at old sync --wait
is hub encounter E5 org_id ref:C02
is old encounter E5 ref none

# Should he come back, all of it does.
at hub amend resident P1 --managing-org-id ref:C01 --by S1 --org H01 >/dev/null
at old sync --wait
is old encounter E3 org_id ref:H01
is old encounter E5 org_id ref:C02

# The centres become one again: the new one ends and names who follows it. What
# it wrote, and what it wrote down before and sends now, counts to it; the
# device goes back by a hand-over.
visit E6 C02 P1 2026-08-20T09:00:00+08:00 >"$work/late.ndjson"
at new import "$work/late.ndjson" --source his
say '{"kind":"org","ref":"C02","by":"ref:S1","at":"2026-09-01T08:00:00+08:00","org_id":"ref:H01","name":"上坪卫生院","level":"township","parent_org_id":"ref:H01","valid_from":"2026-07-01","valid_to":"2026-08-31","successors":["ref:C01"]}' \
	'{"kind":"org","ref":"V1","by":"ref:S1","at":"2026-09-01T08:00:00+08:00","org_id":"ref:H01","name":"上坪村卫生室","level":"village","parent_org_id":"ref:C01"}' \
	'{"kind":"custody","ref":"K2","by":"ref:S1","at":"2026-09-01T10:00:00+08:00","org_id":"ref:H01","device_id":"ref:D1","custody_no":2,"from":"ref:C02","to":"ref:C01","both_signed":true}' \
	>"$work/merge.ndjson"
at hub import "$work/merge.ndjson" --source his
at new sync --wait
at old sync --wait
is new org C02 successors "['ref:C01']"
is hub encounter E6 org_id ref:C02
is old encounter E6 org_id ref:C02
is old encounter E5 org_id ref:C02
is old custody K2 to ref:C01
[ "$(at new status --json | field refused)" = 0 ] || fail "late work was refused"

# A team has the village; its laptop holds the village's people, no more. Then
# another team gets the village: what the laptop received goes, also where the
# session has a bound and the day's work of others does not fit into it. Given
# back, it comes again.
team() {
	say '{"kind":"team","ref":"TM1","by":"ref:S1","at":"'"$2"'","org_id":"ref:H01","name":"一队","villages":['"$1"']}' >"$work/team.ndjson"
	at hub import "$work/team.ndjson" --source his
}

team '"ref:V1"' 2026-08-05T08:00:00+08:00
{
	resident P9 V1 2026-08-05T09:00:00+08:00 H01
	visit E9 H01 P9 2026-08-05T10:00:00+08:00
} >"$work/village.ndjson"
at hub import "$work/village.ndjson" --source his
at laptop init --name laptop
join laptop team:TM1
at laptop sync --wait
is laptop resident P9 managing_org_id ref:V1
is laptop encounter E9 org_id ref:H01
is laptop resident P2 ref none
team '' 2026-08-06T08:00:00+08:00
at laptop sync --wait --max-bytes 20k
is laptop resident P9 emptied true
is laptop encounter E9 emptied true
is hub resident P9 managing_org_id ref:V1
team '"ref:V1"' 2026-08-07T08:00:00+08:00
at laptop sync --wait
is laptop resident P9 managing_org_id ref:V1
is laptop encounter E9 org_id ref:H01
at laptop verify >"$work/verify.txt" || fail "verify: $(cat "$work/verify.txt")"
say "split: good"
