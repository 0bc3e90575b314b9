#!/bin/bash
# Goal: a device is lent on twice. H hands it to A; A to B, signed by both; A's
# other computer, which knows nothing of that, to C. Everybody in the chain
# sees that the place is disputed and that it is not to be lent; the owner sees
# that lending it on was not allowed. The group decides for what both signed;
# C's hand-over stays and is called superseded; an undone decision brings the
# dispute back. All the same whichever computer is heard first. Besides, loans
# from asking to bringing back: late by the day, vehicles by the hour; hours
# used; unsafe until the owner clears it; metrology.
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

# stand WHO: how the device stands there, in one line: place, custodian, what
# became of each hand-over, how many questions of either kind.
stand() {
	at "$1" --json show device "$device" --now >"$work/now"
	at "$1" questions --json >"$work/asked"
	python3 - "$work" "$first" "$to_b" "$to_c" <<'END'
import json, sys
now = json.load(open(sys.argv[1] + "/now"))
asked = [json.loads(line)["code"] for line in open(sys.argv[1] + "/asked")]
fates = {link["ref"]: link["fate"] for link in now["chain"]}
print("disputed" if now["disputed"] else "settled", now["custodian"],
      "offered" if now["offered"] else ",".join(now["bars"]),
      *(fates.get(ref) for ref in sys.argv[2:]),
      asked.count("custody_fork"), asked.count("onward_lending"))
END
}

# stands LINE WHO...: it stands so at each.
stands() {
	local line=$1 who got

	shift
	for who; do
		got=$(stand "$who")
		[ "$got" = "$line" ] || fail "$who says '$got', not '$line'"
	done
}

everywhere() {
	stands "$1" hub "${sites[@]}"
}

# asked WHO CODE [REF]: number of the first question of that code.
asked() {
	at "$1" questions --json | python3 -c 'import json, sys
print(*[q["number"] for q in map(json.loads, sys.stdin)
        if q["code"] == sys.argv[1]][:1])' "$2"
}

# ref_of COMMAND...: the ref of the record that was added.
ref_of() {
	"$@" --json 2>"$work/said" | field ref
}

sync() {
	local who

	for who; do
		at "$who" sync --wait >/dev/null || fail "$who does not sync"
	done
}

# lend_twice SITE SITE: A's computers in the order in which they are heard.
lend_twice() {
	local proposal

	device=$(ref_of at h add device --class ultrasound --name 便携彩超 \
		--owner_org_id ref:H --pool true --rated_hours_year 1500 --by S1)
	first=$(ref_of at h add custody --device_id "ref:$device" --to ref:A \
		--both_signed true --by S1)
	sync h a1 a2

	# Each takes the next number, as far as it knows, and is warned.
	to_b=$(ref_of at a1 add custody --device_id "ref:$device" --to ref:B \
		--both_signed true --by S1)
	grep -q "lent on" "$work/said" || fail "A was not warned"
	to_c=$(ref_of at a2 add custody --device_id "ref:$device" --to ref:C \
		--by S1)
	sync "$@" "$1" h b c
	everywhere "disputed None disputed stands disputed disputed 1 2"

	# The owner cannot lend it to anybody else meanwhile.
	expect 1 at h add loan --device_id "ref:$device" --state approved \
		--lender ref:H --borrower ref:B --by S1 2>/dev/null
	at h show device "$device" | grep -q "place disputed" ||
		fail "show does not tell"

	# What both signed is proposed, and only the group decides.
	proposal=$(at hub questions --json | python3 -c 'import json, sys
print(*[q["proposal"] for q in map(json.loads, sys.stdin)
        if q["code"] == "custody_fork"])')
	[ "$proposal" = "$to_b" ] || fail "$proposal is proposed, not $to_b"
	expect 77 at a1 decide "$(asked a1 custody_fork)" "$to_c" \
		--reason "ours" --by S1 2>/dev/null
	number=$(asked hub custody_fork)
	at hub decide "$number" "$to_b" --reason "B has it" --by S1 >/dev/null
	sync "${sites[@]}"
	everywhere "settled B offered stands stands superseded 0 1"
}

# What lost is as it was written, and called what it is.
check_kept() {
	local who

	at hub --json show custody "$to_c" >"$work/kept"
	for who in a2 c; do
		at "$who" --json show custody "$to_c" >"$work/one"
		cmp "$work/one" "$work/kept" || fail "$who shows another"
	done
	[ "$(field to <"$work/kept")" = ref:C ] || fail "it was rewritten"
	at c show custody "$to_c" | grep -q superseded ||
		fail "C is not told that it is superseded"
}

# is_now WHO KIND REF NAME VALUE...: what the records make of it at this moment.
is_now() {
	local who=$1 kind=$2 ref=$3

	shift 3
	at "$who" --json show "$kind" "$ref" --now >"$work/now"
	python3 -c 'import json, sys
now = json.load(open(sys.argv[1]))
for name, wanted in zip(sys.argv[2::2], sys.argv[3::2]):
    got = str(now[name]).lower() if isinstance(now[name], bool) else str(now[name])
    if got != wanted:
        sys.exit(f"{name} is {got}, not {wanted}")' "$work/now" "$@" ||
		fail "$who: the $kind is not as it should be"
}

# step WHO STATE [OPTION...]: the next step of the loan.
step() {
	local who=$1 state=$2

	shift 2
	at "$who" amend loan "$loan" --state "$state" --by S1 "$@" \
		>/dev/null 2>"$work/said" || fail "$(cat "$work/said")"
}

# lend_to_a CLASS UNTIL: H's device goes to A, each step where it happens.
lend_to_a() {
	device=$(ref_of at h add device --class "$1" --name 设备 \
		--owner_org_id ref:H --pool true --rated_hours_year 1500 \
		--metrology_due 2099-01-01 --by S1)
	sync h a1
	loan=$(ref_of at a1 add loan --state requested \
		--device_id "ref:$device" --lender ref:H \
		--borrower ref:A --purpose 下乡体检 \
		--planned_from 2026-01-01T08:00:00+08:00 --planned_to "$2" \
		--by S1)
	sync a1 h
	step h approved --approved_by ref:S1
	step h handed_over
	ref_of at h add custody --device_id "ref:$device" --to ref:A \
		--loan_id "ref:$loan" --both_signed true --by S1 >/dev/null
	sync h a1
	step a1 received
	sync a1 h
	is_now hub loan "$loan" direction vertical_down approved true
}

bring_back() {
	step a1 returning
	ref_of at a1 add custody --device_id "ref:$device" --to ref:H \
		--both_signed true --by S1 >/dev/null
	sync a1 h
	step h returned
	sync h a1
	for who in hub a1; do
		is_now "$who" loan "$loan" overdue false
		is_now "$who" device "$device" custodian H
	done
}

# What A may say of H's device, and what only H.
look_after() {
	at a1 amend device "$device" --condition unsafe --by S1 >/dev/null 2>&1
	sync a1 h
	is_now h device "$device" bars "['unsafe', 'lent']"
	expect 1 at a1 amend device "$device" --condition ok --by S1 \
		>/dev/null 2>&1
	at h amend device "$device" --condition ok --by S1 >/dev/null 2>&1
	at h amend device "$device" --metrology_due 2026-01-01 --by S1 \
		>/dev/null 2>&1
	sync h a1
	is_now a1 device "$device" bars "['metrology_expired', 'lent']"
	is_now hub loan "$loan" metrology_expired true
	expect 1 at h add loan --state approved --device_id "ref:$device" \
		--lender ref:H --borrower ref:B --by S1 >/dev/null 2>&1
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
check_kept

# Taken back, it is as before; decided again, as after.
at hub decide "$number" --undo --reason "asked again" --by S1 >/dev/null
sync h a2 c
stands "disputed None disputed stands disputed disputed 1 2" h a2 c
at hub decide "$(asked hub custody_fork)" "$to_b" --reason "B has it" \
	--by S1 >/dev/null
at hub decide "$(asked hub onward_lending)" agree --reason "for once" \
	--by S1 >/dev/null
sync "${sites[@]}"
everywhere "settled B offered stands stands superseded 0 0"

# B brings it back, which is no lending on; and so do the others from there.
for hand in b:A a1:H; do
	ref_of at "${hand%:*}" add custody --device_id "ref:$device" \
		--to "ref:${hand#*:}" --both_signed true --by S1 >/dev/null
	sync "${hand%:*}" a1 h
done
stands "settled H offered stands stands superseded 0 0" h a1

lend_twice a2 a1
check_kept

# Asked for, approved, handed over, received, used in three villages, late
# since the day after it was due, brought back.
today=$(TZ=Asia/Shanghai date +%F)
lend_to_a ultrasound 2026-02-01T18:00:00+08:00
for hours in 2.5 3 1.5; do
	ref_of at a1 add usage --device_id "ref:$device" --date "$today" \
		--hours "$hours" --cases 20 --by S1 >/dev/null
done
sync a1 h
for who in hub h a1; do
	is_now "$who" loan "$loan" overdue true approved true
	is_now "$who" device "$device" custodian A hours 7.0 usage \
		"[{'org': 'A', 'hours': 7.0, 'cases': 60}]"
done
look_after
bring_back

# Due at the beginning of this day: a vehicle is late, anything else is not.
lend_to_a vehicle "${today}T00:00:00+08:00"
is_now hub loan "$loan" overdue true
lend_to_a ecg "${today}T00:00:00+08:00"
is_now hub loan "$loan" overdue false

for who in hub "${sites[@]}"; do
	at "$who" verify >/dev/null || fail "the store of $who is not sound"
done
echo "devices: good"
