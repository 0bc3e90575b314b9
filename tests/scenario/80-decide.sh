#!/bin/bash
# Goal: two clinics change one resident's phone without a link. Both then show
# the same value, the other is listed at both and at the hub, side by side; who
# may not decide is told so; what the hub decides is shown everywhere, and
# undone everywhere. In both orders of arrival.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
cat >"$work/org.ndjson" <<'END'
{"kind":"org","ref":"C02","by":"ref:S0002","at":"2022-07-01T08:30:00+08:00","org_id":"ref:H01","name":"柳湾镇卫生院","level":"township","short_code":"X01","valid_from":"2022-07-01","parent_org_id":"ref:H01"}
END
at hub import "$work/org.ndjson" --source his >/dev/null
for clinic in a b; do at $clinic init --name "$clinic" >/dev/null; done
join a C01
join b C02

sync() {
	local clinic

	for clinic in "$@"; do
		[ "$(at "$clinic" sync --wait --json | field state)" = done ] ||
			fail "sync of $clinic"
	done
}

phone() {
	at "$1" show resident "$2" --json | field phone
}

# matter WHERE REF WHAT: of the question about that resident's phone.
matter() {
	at "$1" questions --json | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
rows = [r for r in rows if r["type"] == "matter" and r["about_ref"] == sys.argv[1]
        and r["field"] == "phone"]
q = rows[0] if rows else None
print(len(rows) if sys.argv[2] == "count" else
      next(c["choice"] for c in q["choices"] if c["value"] == sys.argv[3])
      if sys.argv[2] == "choice" else
      " ".join(c["value"] for c in q["choices"]) if sys.argv[2] == "values" else
      str(q[sys.argv[2]]).lower())' "$2" "$3" "${4-}"
}

# everywhere REF PHONE COUNT: shown at all three, and so many questions.
everywhere() {
	local place

	for place in hub a b; do
		[ "$(phone $place "$1")" = "$2" ] ||
			fail "$place shows $(phone $place "$1") instead of $2"
		[ "$(matter $place "$1" count)" = "$3" ] ||
			fail "$place has $(matter $place "$1" count) questions instead of $3"
	done
}

# Not B's: its number and choice are right, its right is missing. And what says
# nothing decides nothing.
who_may_not() {
	[ "$(matter b "$resident" decidable)" = false ] || fail "b may decide"
	[ "$(matter a "$resident" decidable)" = true ] || fail "a may not decide"
	expect 77 at b decide "$(matter b "$resident" number)" "$choice" \
		--reason x --by S0003 2>/dev/null
	expect 5 at hub decide "$number" >"$work/shown" 2>/dev/null
	grep -q 13922222222 "$work/shown" || fail "the choices are not shown"
	expect 2 at hub decide "$number" nonsense --reason x --by S0002 2>/dev/null
	expect 2 at hub decide "$number" "$choice" --by S0002 2>/dev/null
	everywhere "$resident" 13911111111 1
}

story() {
	local resident choice number place

	resident=$(at a add resident --name 买买提·阿不都拉 --sex 1 --no_id_reason lost \
		--phone 13900000000 --managing_org_id ref:C01 --by S0001 --org C01 \
		--no-input --json | field ref)
	# What lets B have the record: A sends him there.
	at a add referral --state issued --direction sideways \
		--resident_id "ref:$resident" --from_org ref:C01 --to_org ref:C02 \
		--issued_at 2026-05-04T09:00:00+08:00 --by S0001 --org C01 \
		--no-input --json >/dev/null
	sync a b
	everywhere "$resident" 13900000000 0

	# Neither knows of the other.
	at a amend resident "$resident" --phone 13911111111 --by S0001 --json >/dev/null
	at b amend resident "$resident" --phone 13922222222 --by S0003 --json >/dev/null
	sync "$@" "$@"
	# The managing org's stands.
	everywhere "$resident" 13911111111 1
	[ "$(matter b "$resident" values)" = "13911111111 13922222222" ] ||
		fail "b does not show both"
	[ "$(matter hub "$resident" proposal)" = \
		"$(matter hub "$resident" choice 13911111111)" ] ||
		fail "another is proposed"

	choice=$(matter b "$resident" choice 13922222222)
	number=$(matter hub "$resident" number)
	[ "$1" = b ] || who_may_not

	at hub decide "$number" "$choice" --reason 问过本人 --by S0002 --json |
		field state | grep -qx decided || fail "not decided"
	expect 1 at hub decide "$number" "$choice" --reason 又一次 --by S0002 2>/dev/null
	sync "$@"
	everywhere "$resident" 13922222222 0
	for place in a b; do
		at $place list question --json | grep 问过本人 >/dev/null ||
			fail "$place does not know why"
	done

	at hub decide "$number" --undo --reason 听错了 --by S0002 --json |
		field state | grep -qx undone || fail "not undone"
	sync "$@"
	# What was, and the question with it.
	everywhere "$resident" 13911111111 1
	expect 2 at hub decide "$number" --undo --reason x --by S0002 2>/dev/null

	# Now the managing org itself.
	at a decide "$(matter a "$resident" number)" \
		"$(matter a "$resident" choice 13922222222)" --reason 本人来电 \
		--by S0001 >/dev/null
	sync a b
	everywhere "$resident" 13922222222 0
}

story a b
story b a

# People read it in Chinese, in columns that stay aligned.
resident=$(at a list resident --limit 1 --json | field ref)
at a amend resident "$resident" --name 买买提·阿不都拉江 --phone 13933333333 \
	--by S0001 --json >/dev/null
at b amend resident "$resident" --name 𠮷田 --phone 13944444444 \
	--by S0003 --json >/dev/null
sync a b a
LC_ALL=C.UTF-8 LANGUAGE=zh_CN at hub questions >"$work/shown"
# By the words of the printed record; whoever reads English is told names.
grep -qE '^    电话 +139[34]+ +139[34]+' "$work/shown" || fail "no label"
grep -q 'phone' "$work/shown" && fail "an English name"
LC_ALL=C.UTF-8 LANGUAGE=en at hub questions >"$work/english"
grep -qE '^    phone +139[34]+ +139[34]+' "$work/english" || fail "no name"
python3 - "$work/shown" <<'END'
import re, sys, unicodedata

def cells(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)

blocks, seen = [], ""
for line in open(sys.argv[1], encoding="utf-8"):
    cell = re.match(r"    (\S+ +\S.*?  +)(\S.*)$", line)
    if re.match("    (选项|choice)  ", line):
        blocks.append(set())
    if cell and blocks and not re.match("    (建议|作出决定|类别|proposed|to decide|kind)", line):
        blocks[-1].add(cells(cell[1]))
    seen += line
assert len(blocks) == 2, seen
assert all(len(b) == 1 for b in blocks), (blocks, seen)
assert re.search("13933333333  +13944444444", seen), seen
assert re.search("买买提·阿不都拉江  +𠮷田", seen), seen
END
at hub verify >/dev/null
stop_agent "$hub"
echo "decide: good"
