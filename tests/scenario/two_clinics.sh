# two_clinics: a hub and two enrolled clinics, a of C01 and b of C02, and what
# scenarios about the records of people ask of them. Sourced behind lib.sh.

org() {
	printf '{"kind":"org","ref":"%s","by":"ref:S0001","at":"2026-01-01T08:00:00+08:00","org_id":"ref:H01","name":"%s","level":"%s","valid_from":"2020-01-01"%s}\n' \
		"$1" "$1" "$2" "${3:+,\"parent_org_id\":\"ref:$3\"}"
}

# add WHO KIND ORG FIELDS: the ref of a new record.
add() {
	echo "$4" | at "$1" add "$2" - --by S0001 --org "$3" --no-input --json \
		2>>"$work/add.log" | field ref
}

# shown WHO KIND REF NAME: a field as JSON; "none" where it is not told.
shown() {
	at "$1" show "$2" "$3" --json | python3 -c 'import json, sys
v = json.load(sys.stdin).get(sys.argv[1])
print("none" if v is None else json.dumps(v, ensure_ascii=False))' "$4"
}

is() {
	local got

	got=$(shown "$1" "$2" "$3" "$4")
	[ "$got" = "$5" ] || fail "$1: $2 $3 has $4 $got, not $5"
}

# asked WHO CODE: numbers of the questions of a code.
asked() {
	at "$1" questions --json | python3 -c 'import json, sys
print(*(q["number"] for q in map(json.loads, sys.stdin)
        if q["code"] == sys.argv[1]))' "$2"
}

all() {
	local who

	for who; do
		at "$who" sync --wait >/dev/null 2>"$work/$who-sync.log" ||
			fail "$who: no sync"
	done
}

new_hub
(org H01 county; org C01 township H01; org C02 township H01) >"$work/orgs"
grep -E '"kind": ?"staff"' "$data/reference.ndjson" >>"$work/orgs"
at hub import "$work/orgs" --source his >/dev/null
for pair in a:C01 b:C02; do
	at "${pair%:*}" init --name "${pair%:*}" >/dev/null
	join "${pair%:*}" "${pair#*:}"
done
