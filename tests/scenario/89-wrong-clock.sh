#!/bin/bash
# Goal: one clinic's clock shows 2009, the other's 2037. Both save, are asked
# for the date and go on with their numbers. They change one resident and sign
# him, without a link; then everywhere is what would be with clocks that are
# right: who had seen what decides, no date wins, and no contract is over
# because of it. Whichever clock is which, and whoever comes first.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
: "${WRONG_CLOCK:?}"

# As it is there: a's and b's clocks are off by so many seconds.
off_a='' off_b=''
at() {
	local dir=$1 off=off_$1

	shift
	if [ -n "${!off-}" ]; then
		ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
			LD_PRELOAD=$WRONG_CLOCK WRONG_CLOCK_SECONDS=${!off} \
			"$YIZHAN" --dir "$work/$dir" "$@"
	else
		"$YIZHAN" --dir "$work/$dir" "$@"
	fi
}

. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

{
	for clinic in C01 C02; do
		org "$clinic" township H01 |
			sed "s/}\$/,\"short_code\":\"X$clinic\"}/"
		printf '{"kind":"team","ref":"T-%s","by":"ref:S0001","at":"2026-01-01T08:00:00+08:00","org_id":"ref:%s","name":"x"}\n' \
			"$clinic" "$clinic"
	done
} >"$work/more"
at hub import "$work/more" --source his >/dev/null
seconds=$(date +%s)
in_2009=$((1230739560 - seconds)) in_2037=$((2114352360 - seconds))
signed=$(date -d '-2 days' +%F) ends=$(date -d '+400 days' +%F)

# saved WHO KIND FIELDS: the ref of a new record; its id and slip number go to
# WHO.id. A clock that is wrong is told to who sits before it, and only that.
saved() {
	local org=C01 off=off_$1 asks=0

	[ "$1" = a ] || org=C02
	echo "$3" | at "$1" add "$2" - --by S0001 --org "$org" --no-input --json \
		>"$work/$1.id" 2>"$work/$1.said" || fail "$1 does not save a $2"
	grep -q "^field at: warning: .*Check the date" "$work/$1.said" && asks=1
	[ -z "${!off}" ] || [ "$asks" = 1 ] || fail "$1 is not asked for the date"
	[ -n "${!off}" ] || [ "$asks" = 0 ] || fail "$1 is asked for the date"
	field ref <"$work/$1.id"
}

amended() { # WHO FIELD VALUE: of the resident
	at "$1" amend resident "$resident" "--$2" "$3" --by S0001 >/dev/null \
		2>"$work/$1.said" || fail "$1 does not amend"
}

clock_is() {
	[ "$(at "$1" status --json | field clock)" = "$2" ] ||
		fail "the clock of $1 is not $2"
}

visit() {
	saved "$1" encounter "{\"state\":\"signed\",\"resident_id\":\"ref:$resident\",\"type\":\"phone\",\"visit_at\":\"${signed}T08:00:00+08:00\"}" >/dev/null
}

sign() { # WHO ORG DAY
	saved "$1" contract "{\"state\":\"signed\",\"resident_id\":\"ref:$resident\",\"team_id\":\"ref:T-$2\",\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"$3\",\"start_on\":\"$3\",\"end_on\":\"$ends\",\"resident_signature\":\"paper\"}"
}

# Its number is the next one of the same log, on paper too.
goes_on() {
	python3 - "$1" "$2" <<'END'
import json, sys
(life, n, paper), (life2, n2, paper2) = (
    (i.rsplit("-", 1)[0], int(i.rsplit("-", 1)[1]), int(s.split("-")[2]))
    for i, s in ((v["id"], v["slip_no"]) for v in map(json.loads, sys.argv[1:])))
assert (life2, n2, paper2) == (life, n + 1, paper + 1), sys.argv
END
}

# What there is of it at a place, without its day and names.
outcome() {
	at "$1" export 2>/dev/null | python3 -c 'import json, sys
at = {r["ref"]: r for r in map(json.loads, sys.stdin)}
for name, ref, fields in (("resident", sys.argv[1], ("phone", "address")),
        ("A", sys.argv[2], ("org_id", "state", "reason", "signed_on", "end_on")),
        ("B", sys.argv[3], ("org_id", "state", "reason", "signed_on", "end_on"))):
    for field in fields:
        print(name, field, at[ref].get(field, "-"))' \
		"$resident" "$first" "$second"
	echo "asked $(asked "$1" contested | wc -w)"
}

# everywhere LINE...: so it is at all three.
everywhere() {
	local who line

	for who in hub a b; do
		outcome "$who" >"$work/outcome.$who"
		for line in "$@"; do
			grep -qx "$line" "$work/outcome.$who" ||
				fail "at $who not $line: $(cat "$work/outcome.$who")"
		done
	done
}

# No day that only a clock shows has passed.
runs() {
	at "$1" list contract >"$work/listed"
	grep "^$second " "$work/listed" | grep -q ' active ' ||
		fail "at $1: $(cat "$work/listed")"
	! grep -q expired "$work/listed" || fail "expired at $1"
}

# story OUT CLOCK_A CLOCK_B WHO...: who comes to the hub, in that order.
story() {
	local out=$1 clocks=("$2" "$3") before who

	shift 3
	off_a='' off_b=''
	resident=$(saved a resident '{"name":"买买提·阿不都拉","sex":"1","no_id_reason":"lost","phone":"100","managing_org_id":"ref:C01"}')
	saved a referral "{\"state\":\"issued\",\"direction\":\"sideways\",\"resident_id\":\"ref:$resident\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\",\"issued_at\":\"${signed}T08:00:00+08:00\"}" >/dev/null
	all a b
	is b resident "$resident" phone '"100"'
	visit a
	before=$(cat "$work/a.id")

	off_a=${clocks[0]} off_b=${clocks[1]}
	for who in a b; do
		clock_is $who "$([ -n "$off_a" ] && echo suspect || echo ok)"
	done
	visit a
	goes_on "$before" "$(cat "$work/a.id")"
	# Neither knows of the other: the managing org's value stands.
	amended a phone 111
	amended b phone 222
	first=$(sign a C01 "$signed")
	second=$(sign b C02 "$(date +%F)")
	all "$@" "$@"
	everywhere 'A state contested' 'B state contested' 'asked 1' \
		'resident phone 111'

	# Who had seen the other comes after him, whatever his clock shows.
	amended a address 东
	all a b
	amended b address 南
	all b a
	everywhere 'resident address 南'
	amended hub address 北

	at hub decide "$(asked hub contested)" "$second" \
		--reason "resident's choice" --by S0002 >/dev/null
	all "$@"
	everywhere 'A state refused' "A reason resident's choice" \
		'B state active' 'resident address 北' 'asked 0'
	for who in hub a b; do
		mv "$work/outcome.$who" "$out.$who"
	done
	runs hub
	runs a
	runs b
}

story "$work/right" '' '' a b
story "$work/one" "$in_2009" "$in_2037" a b
# The group sees by how much they are off.
at hub sites --json | python3 -c 'import json, sys
off = {s["name"]: s["clock_offset"] for s in map(json.loads, sys.stdin)}
assert off["a"] < -10**8 and off["b"] > 10**8, off'
story "$work/other" "$in_2037" "$in_2009" b a
for who in hub a b; do
	for way in right one other; do
		diff "$work/right.hub" "$work/$way.$who" || fail "$way shows at $who"
	done
done
# Once the date is set nothing is asked any more, and nothing is otherwise.
off_a='' off_b=''
for who in a b; do
	clock_is $who ok
	runs $who
done
visit a
visit b

at hub verify >/dev/null
stop_agent "$hub"
echo "wrong clock: good"
