#!/bin/bash
# Goal: a device is lent on twice. H hands it to A; A to B, signed by both; A's
# other computer, which knows nothing of that, to C. Everybody in the chain
# sees that the place is disputed and that it is not to be lent; the owner sees
# that lending it on was not allowed. The group decides for what both signed;
# C's hand-over stays and is called superseded; an undone decision brings the
# dispute back. All the same whichever computer is heard first.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

sites=(h a1 a2 b c)

# org REF LEVEL [PARENT]: a line of exchange format.
org() {
	printf '{"kind":"org","ref":"%s","by":"ref:S1","at":"2026-01-05T08:00:00+08:00","org_id":"ref:H","name":"%s","level":"%s","valid_from":"2026-01-01"%s}\n' \
		"$1" "$1" "$2" "${3:+,\"parent_org_id\":\"ref:$3\"}"
}

staff() {
	printf '{"kind":"staff","ref":"S1","by":"ref:S1","at":"2026-01-05T08:00:00+08:00","org_id":"ref:H","name":"张伟"}\n'
}

# now WHO KIND REF NAME: what that makes of a record now, one member.
now() {
	at "$1" --json show "$2" "$3" --now | python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin)[sys.argv[1]]))' "$4"
}

# is WHO KIND REF NAME VALUE
is() {
	local got

	got=$(now "$1" "$2" "$3" "$4")
	[ "$got" = "$5" ] || fail "$1: $4 of $2 $3 is $got, not $5"
}

# asked WHO CODE: numbers of the questions that wait.
asked() {
	at "$1" questions --json | python3 -c 'import json, sys
print(*[q["number"] for q in map(json.loads, sys.stdin)
        if q["code"] == sys.argv[1]])' "$2"
}

# ref_of COMMAND...: the ref of the record that was added.
ref_of() {
	"$@" --json 2>"$work/said" | field ref
}

# all_sync: what is written anywhere is everywhere it belongs.
all_sync() {
	local who

	for who in "$@" "$@"; do
		at "$who" sync --wait >/dev/null || fail "$who does not sync"
	done
}

disputed() {
	local who

	for who in hub "${sites[@]}"; do
		is "$who" device "$device" disputed true
		is "$who" device "$device" custodian null
		is "$who" device "$device" offered false
		is "$who" custody "$first" fate '"stands"'
		is "$who" custody "$to_b" fate '"disputed"'
		is "$who" custody "$to_c" fate '"disputed"'
		[ "$(asked "$who" custody_fork | wc -w)" = 1 ] ||
			fail "$who does not ask about the fork"
	done
}

decided() {
	local who

	for who in hub "${sites[@]}"; do
		is "$who" device "$device" disputed false
		is "$who" device "$device" custodian '"B"'
		is "$who" custody "$to_b" fate '"stands"'
		is "$who" custody "$to_c" fate '"superseded"'
		[ -z "$(asked "$who" custody_fork)" ] ||
			fail "$who asks still"
	done
}

# lend_twice SITE...: the sites in the order in which they are heard.
lend_twice() {
	local who number chain

	device=$(ref_of at h add device --class ultrasound --name 便携彩超 \
		--owner_org_id ref:H --pool true --rated_hours_year 1500 --by S1)
	first=$(ref_of at h add custody --device_id "ref:$device" --to ref:A \
		--both_signed true --by S1)
	all_sync h a1 a2
	is a1 device "$device" custodian '"A"'

	# Each takes the next number, as far as it knows, and is warned.
	to_b=$(ref_of at a1 add custody --device_id "ref:$device" --to ref:B \
		--both_signed true --by S1)
	grep -q "lent on" "$work/said" || fail "A was not warned"
	to_c=$(ref_of at a2 add custody --device_id "ref:$device" --to ref:C \
		--by S1)
	all_sync "$@" "${sites[@]}"
	disputed

	# The owner sees that neither was allowed, and lends it to nobody.
	[ "$(asked h onward_lending | wc -w)" = 2 ] ||
		fail "the owner does not see it"
	expect 1 at h add loan --device_id "ref:$device" --state approved \
		--lender ref:H --borrower ref:B --by S1 2>/dev/null
	at h show device "$device" | grep -q "place disputed" ||
		fail "show does not tell"

	# What both signed is proposed, and only the group decides.
	number=$(asked hub custody_fork)
	at hub questions --json | python3 -c 'import json, sys
for q in map(json.loads, sys.stdin):
    if q["code"] == "custody_fork":
        assert q["proposal"] == sys.argv[1], q' "$to_b" ||
		fail "the proposal is another"
	expect 77 at a1 decide "$(asked a1 custody_fork)" "$to_c" \
		--reason "ours" --by S1 2>/dev/null
	at hub decide "$number" "$to_b" --reason "B has it" --by S1 >/dev/null
	all_sync "${sites[@]}"
	decided

	# Nothing of C's hand-over was rewritten, and everybody tells the same.
	at c show custody "$to_c" | grep -q superseded ||
		fail "C is not told that it is superseded"
	chain=$(now hub device "$device" chain)
	for who in "${sites[@]}"; do
		is "$who" device "$device" chain "$chain"
		at "$who" --json show custody "$to_c" >"$work/one"
		at hub --json show custody "$to_c" >"$work/other"
		cmp -s "$work/one" "$work/other" || fail "$who shows another"
	done

	at hub decide "$number" --undo --reason "asked again" --by S1 >/dev/null
	all_sync "${sites[@]}"
	disputed
	at hub decide "$(asked hub custody_fork)" "$to_b" --reason "B has it" \
		--by S1 >/dev/null
	all_sync "${sites[@]}"
	decided
	for number in $(asked hub onward_lending); do
		at hub decide "$number" agree --reason "for once" --by S1 \
			>/dev/null
	done
	all_sync "${sites[@]}"
	[ -z "$(asked h onward_lending)" ] || fail "the owner is asked still"
}

new_hub
{
	org H county
	org A township H
	org B township H
	org C township H
	staff
} | at hub import - --source his >/dev/null 2>&1
for pair in h:H a1:A a2:A b:B c:C; do
	at "${pair%:*}" init --name "${pair%:*}" >/dev/null
	join "${pair%:*}" "${pair#*:}"
	at "${pair%:*}" sync --wait >/dev/null
done

lend_twice a1 a2
lend_twice a2 a1
for who in hub "${sites[@]}"; do
	at "$who" verify >/dev/null || fail "the store of $who is not sound"
done
echo "devices: good"
