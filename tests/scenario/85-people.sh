#!/bin/bash
# Goal: people sign in at a node of their own, with PINs that are nowhere else;
# wrong tries count on across kill -9 and lock; roles are kept to with 77 and a
# mend; a reading is noted before it is shown, goes up before the day's bulk,
# and works on a full store; a resident gets his printed record and the list
# of who looked; and one doctor at three sites: the acting org is chosen and
# shown, no practice site warns and is listed, 09:00 at A and 09:05 at C is a
# question at the group in either order of arrival and blocks nothing.
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

name=买买提·阿不都拉
phrase=药房的钥匙在这里
python3 - "$work" "$name" <<'EOF'
import json, sys
work, name = sys.argv[1:]

def line(kind, ref, org, **fields):
    return json.dumps({"kind": kind, "ref": ref, "by": "ref:G1",
                       "at": "2026-05-01T08:00:00+08:00",
                       "org_id": "ref:" + org, **fields}, ensure_ascii=False)

reference = [line("org", "H01", "H01", name="县医院", level="county")]
for org, town in ("A01", "甲镇卫生院"), ("B01", "乙镇卫生院"), \
        ("C01", "丙镇卫生院"):
    reference.append(line("org", org, "H01", name=town, level="township",
                          parent_org_id="ref:H01"))
for ref, who, roles, home in (
        ("G1", "集团管理", ["group_admin"], "H01"),
        ("K1", "院长", ["clinic_admin", "doctor"], "A01"),
        ("D1", "古丽娜尔·" + "买买提", ["doctor"], "A01"),
        ("D2", "李文", ["doctor"], "A01"),
        ("U1", "稽核", ["auditor"], "H01")):
    reference.append(line("staff", ref, "H01", name=who, roles=roles,
                          home_org_id="ref:" + home, status="active"))
for ref, org in ("P1", "A01"), ("P2", "B01"):
    reference.append(line("practice_site", ref, org, staff_id="ref:D1",
                          valid_from="2020-01-01", basis="multi_site"))
open(work + "/reference", "w").write("\n".join(reference) + "\n")

days = [line("resident", "R1", "A01", name=name, sex="1",
             no_id_reason="lost", birth_date="1960-05-01",
             managing_org_id="ref:A01", status="dead",
             allergies=[{"substance": "青霉素", "reaction": "皮疹"}])]
for i in range(200):
    days.append(line("encounter", f"E{i}", "A01", state="signed",
                     type="outpatient", resident_id="ref:R1",
                     visit_at=f"2026-05-01T{8 + i // 60:02}:{i % 60:02}:00"
                     "+08:00", subjective=f"第{i}次就诊，咳嗽{i % 9}天",
                     rx=[{"drug_code": "D1", "name": "阿莫西林胶囊",
                          "dose": 0.5, "unit": "g", "route": "口服",
                          "freq": "tid", "days": 5}]))
open(work + "/days", "w").write("\n".join(days) + "\n")
EOF
printf '%s\n' "$phrase" >"$work/phrase"
printf '246802\n' >"$work/doctor.pin"
printf '135791\r\n' >"$work/admin.pin"
printf '999999\n' >"$work/wrong.pin"

# said CODE TEXT WHERE VERB...: the exit code, and what is said about it.
said() {
	local code=$1 text=$2

	expect "$code" at "${@:3}" >"$work/out" 2>"$work/said"
	grep -qF -- "$text" "$work/said" || fail "no \"$text\": $(cat "$work/said")"
}

# rows NAME KIND MEMBER VALUE: records of a kind with a member of that value.
rows() {
	at "$1" list "$2" --json | python3 -c 'import json, sys
print(sum(json.loads(l).get(sys.argv[1]) == sys.argv[2] for l in sys.stdin))' \
		"$3" "$4"
}

new_hub
at hub import "$work/reference" >/dev/null
join A A01
join C C01
at A sync --wait >/dev/null
at C sync --wait >/dev/null
at A import "$work/days" >/dev/null

# --- PINs and the lock ---------------------------------------------------

# Whoever has no PIN is as free as before.
at A show resident R1 >/dev/null
said 77 "yizhan staff pin" A sign-in D1 --pin-file "$work/doctor.pin"
said 2 "6 characters" A staff pin D1 < <(echo 12345)
said 2 "never given on the command line" A sign-in D1 246802
grep -q 246802 "$work/said" && fail "a PIN was said"
at A staff pin D1 --pin-file "$work/doctor.pin" 2>/dev/null
said 77 "as-owner" A staff pin K1 --pin-file "$work/admin.pin"
at A staff pin K1 --as-owner 2>/dev/null <"$work/admin.pin"
said 77 "administrator" A staff pin D1 --pin-file "$work/wrong.pin"
said 77 "administrator" A staff require on

# Whoever is stopped at the prompt is not left without echo.
python3 - "$YIZHAN" "$work/A" <<'EOF' || fail "a terminal without echo"
import os, pty, signal, subprocess, sys, termios, time

echoes = lambda: bool(termios.tcgetattr(slave)[3] & termios.ECHO)
for number in signal.SIGINT, signal.SIGTERM:
    master, slave = pty.openpty()
    asked = subprocess.Popen([sys.argv[1], "--dir", sys.argv[2], "sign-in",
                              "D1"], stdin=slave, stdout=slave, stderr=slave)
    while echoes() and asked.poll() is None:
        time.sleep(0.05)
    asked.send_signal(number)
    assert asked.wait() == -number, asked.returncode
    assert echoes(), number
EOF

start_agent A
first=$agent
for left in 9 8 7 6; do
	said 77 "tries left: $left" A sign-in D1 --pin-file "$work/wrong.pin"
done
kill -9 "$first"
wait "$first" 2>/dev/null || true
# The door without an agent goes on counting, and so does the next agent.
for left in 5 4 3; do
	said 77 "tries left: $left" A sign-in D1 --pin-file "$work/wrong.pin"
done
# Killed in the middle of a try: that one is used up, or was never begun.
"$YIZHAN" --dir "$work/A" sign-in D1 --pin-file "$work/wrong.pin" \
	>/dev/null 2>&1 &
victim=$!
sleep 0.2
kill -9 "$victim" 2>/dev/null || true
wait "$victim" 2>/dev/null || true
start_agent A
second=$agent
got=0
for _ in 1 2 3; do
	at A sign-in D1 --pin-file "$work/wrong.pin" >"$work/out" 2>"$work/said" ||
		got=$?
	[ "$got" -eq 77 ] || fail "exit $got"
	grep -q locked "$work/said" && break
done
grep -q "yizhan staff unlock" "$work/said" || fail "$(cat "$work/said")"
said 77 "unlock" A sign-in D1 --pin-file "$work/doctor.pin"
said 77 "administrator" A staff unlock D1
at A sign-in K1 --pin-file "$work/admin.pin" >/dev/null
at A staff unlock D1
at A staff require on >/dev/null
at A sign-out
kill -9 "$second"
wait "$second" 2>/dev/null || true
rm -f "$work/A/agent.sock"

# --- signing in, roles ---------------------------------------------------

said 77 "yizhan sign-in" A show resident R1
[ -s "$work/out" ] && fail "shown to nobody: $(cat "$work/out")"
said 77 "yizhan sign-in" A add followup --by D1 --resident_id R1
at A status --json >"$work/out"
[ "$(field sign_in_required <"$work/out")" = true ] || fail "not required"
# The store's owner hands over the day at night.
at A import "$work/days" >/dev/null
at A sign-in D1 --pin-file "$work/doctor.pin" >"$work/out"
grep -q "甲镇卫生院" "$work/out" || fail "$(cat "$work/out")"
# It lasts from one command to the next, with and without an agent.
[ "$(at A whoami --json | field signed_in)" = D1 ] || fail "signed out"
start_agent A
agentA=$agent
[ "$(at A whoami --json | field signed_in)" = D1 ] || fail "signed out"
said 77 "administrator" A export
said 77 "administrator" A staff require off
said 77 "leave --by out" A add followup --by D2 --resident_id R1 \
	--programme elderly --state planned --on 2026-05-02
said 0 "written by D1 for A01" A add followup --resident_id R1 \
	--programme elderly --state planned --on 2026-05-02
said 2 "two lines" A staff pin D1 <"$work/phrase"
said 77 "wrong" A staff pin D1 < <(cat "$work/wrong.pin" "$work/phrase")
cat "$work/doctor.pin" "$work/phrase" >"$work/both.pin"
at A staff pin D1 --pin-file "$work/both.pin" 2>/dev/null
at A sign-out
said 77 "wrong" A sign-in D1 --pin-file "$work/doctor.pin"
at A sign-in D1 <"$work/phrase" >/dev/null

# --- readings ------------------------------------------------------------

at A show resident R1 >"$work/out"
grep -q "$name" "$work/out" || fail "not shown"
at A show encounter E7 >/dev/null
[ "$(rows A audit staff_id ref:D1)" -eq 2 ] ||
	fail "a reading and a list are two: $(at A list audit --json)"
at A show resident R1 --ground complaint --note 来信 >/dev/null
said 1 "not shown" A show resident R1 --ground curiosity
[ -s "$work/out" ] && fail "shown on no ground"

at A show resident R1 --printed >"$work/printed"
for text in "$name" 青霉素 "第199次就诊" Follow-ups "Written by" \
	"0.5  g  口服  tid  5" "甲镇卫生院  A01" dead; do
	grep -qF "$text" "$work/printed" || fail "not printed: $text"
done
[ "$(grep -c "^2026-05-01T" "$work/printed")" -eq 200 ] || fail "encounters"
[ "$(rows A disclosure resident_id ref:R1)" -eq 1 ] || fail "no disclosure"
said 0 "other sites" A show resident R1 --who-looked
grep -q complaint "$work/out" || fail "$(cat "$work/out")"
at A sync --wait >/dev/null
said 0 "handed over" hub show resident R1 --who-looked
[ "$(grep -c "古丽娜尔" "$work/out")" -ge 2 ] || fail "$(cat "$work/out")"
grep -q "来信" "$work/out" || fail "$(cat "$work/out")"

# --- in Chinese ----------------------------------------------------------

if [ -f "${YIZHAN_LOCALEDIR:-}/zh_CN/LC_MESSAGES/yizhan.mo" ]; then
	zh() { env LC_ALL=zh_CN.UTF-8 "$YIZHAN" --dir "$work/A" "$@"; }
	zh show resident R1 --printed >"$work/out"
	python3 - "$work/out" <<'EOF' || fail "not aligned, or not Chinese"
import sys, unicodedata
cells = lambda t: sum(0 if unicodedata.combining(c) else
                      2 if unicodedata.east_asian_width(c) in "WF" else 1
                      for c in t)
rows = open(sys.argv[1], encoding="utf-8").read().split("\n\n")[0].split("\n")
assert rows[0] == "居民", rows[0]
at = {cells(r[:len(r) - len(r.split("  ")[-1].lstrip())]) if r.count("  ") == 1
      else None for r in rows[1:4]}
want = [r for r in rows if r.startswith("姓名")][0]
column = cells(want[:want.index("买")])
for r in rows[1:]:
    w, i = 0, 0
    while w < column:
        w += cells(r[i]); i += 1
    assert w == column and r[i - 1] == " " and r[i] != " ", r
EOF
	grep -q "^姓名 .*$name" "$work/out" || fail "$(head -5 "$work/out")"
	zh whoami >"$work/out"
	grep -q "登录人员" "$work/out" || fail "$(cat "$work/out")"
	expect 77 zh export >"$work/out" 2>"$work/said"
	grep -q "管理员" "$work/said" || fail "$(cat "$work/said")"
fi

# --- three sites, both orders (story 6) ----------------------------------

# A laptop for all three, and C's own computer.
code=$(at hub hub invite --org A01 --org B01 --org C01)
at laptop join "$code" --hub "127.0.0.1:$port" >/dev/null
at laptop sync --wait >/dev/null
at laptop staff pin D1 <"$work/phrase" 2>/dev/null
at laptop sign-in D1 <"$work/phrase" >/dev/null
[ "$(at laptop whoami --json | field acting_org)" = A01 ] || fail "not home"

# A reading goes up before the day's bulk, though it was made last.
sed -e 's/A01/B01/g; s/R1"/R2"/g; s/"ref": "E/"ref": "F/' "$work/days" \
	>"$work/days.B"
at laptop import "$work/days.B" >/dev/null
at laptop show resident R2 >/dev/null
at laptop sync --max-bytes 2k >/dev/null 2>&1 || true
[ "$(rows hub audit resident_id ref:R2)" -eq 1 ] || fail "the reading waits"
held=$(at hub list encounter --json | grep -c '"ref":"F' || true)
[ "$held" -lt 200 ] || fail "everything went: $held"
at laptop sync --wait >/dev/null

at C staff pin D1 <"$work/phrase" 2>/dev/null
at C sign-in D1 <"$work/phrase" >/dev/null

# visit NAME RESIDENT TIME: at the org chosen there; its ref.
visit() {
	at "$1" add encounter --state signed --type outpatient --unknown true \
		--description "$2" --visit_at "$3" --json 2>"$work/said" | field ref
}

# round DAY FIRST SECOND: one visit at A and one at C; who syncs first.
round() {
	local day=$1 a c

	at laptop act-for A01 >/dev/null
	a=$(visit laptop "$day" "${day}T09:00:00+08:00")
	grep -q "written by D1 for A01" "$work/said" || fail "$(cat "$work/said")"
	c=$(visit C "$day" "${day}T09:05:00+08:00")
	grep -q "for C01" "$work/said" || fail "$(cat "$work/said")"
	grep -q "no valid practice site" "$work/said" || fail "$(cat "$work/said")"
	at C questions --warnings --json | grep -qF "\"ref\":\"$c\"" ||
		at C questions --warnings --json | grep -qF "\"ref\": \"$c\"" ||
		fail "not listed at C: $(at C questions --warnings --json)"
	at "$2" sync --wait >/dev/null
	at "$3" sync --wait >/dev/null
	at hub questions --json | python3 -c 'import json, sys
a, c = sys.argv[1:]
for q in map(json.loads, sys.stdin):
    if q["code"] == "two_places" and {q["ref"], q["origin"]} == {a, c}:
        sys.exit(0)
sys.exit("no question")' "$a" "$c" || fail "no question: $(at hub questions)"
	at hub show encounter "$a" >/dev/null && at hub show encounter "$c" >/dev/null
	last_a=$a last_c=$c
}

day=$(date -d "yesterday" +%F)
round "$day" laptop C
day=$(date -d "2 days ago" +%F)
round "$day" C laptop
at hub questions --warnings --json | grep -q not_at_site ||
	fail "the group does not list who has no site there"
# Put right, it is a question no more.
at laptop act-for A01 >/dev/null
at laptop amend encounter "$last_a" --visit_at "${day}T08:00:00+08:00" \
	>/dev/null 2>&1
at laptop sync --wait >/dev/null
[ "$(at hub questions --json | grep -c two_places)" -eq 1 ] ||
	fail "$(at hub questions)"
said 0 "no valid practice site" laptop act-for C01
[ "$(at laptop status --json | field acting_org)" = C01 ] || fail "not chosen"
said 77 "may not act" C act-for A01

# --- a full store --------------------------------------------------------

export YIZHAN_MAP_MIB=4
at full init --role hub --name full >/dev/null
at full import "$work/reference" >/dev/null
at full import "$work/days" >/dev/null 2>&1 || true
at full staff pin D1 <"$work/phrase" 2>/dev/null
at full sign-in D1 <"$work/phrase" >/dev/null
cat "$data"/residents.ndjson "$data"/day-*.ndjson >"$work/many"
for source in one two three four five six; do
	at full import "$work/many" --source "$source" >/dev/null 2>"$work/said" ||
		true
	grep -q "disk is full" "$work/said" && break
done
grep -q "disk is full" "$work/said" || fail "it never filled"
# To the last page.
for count in 40 5 1; do
	head -$count "$work/many" >"$work/few"
	for i in $(seq 100); do
		at full import "$work/few" --source "s$count-$i" >/dev/null \
			2>"$work/said" || true
		grep -q "disk is full" "$work/said" && break
	done
done
said 0 "could not be noted" full show resident R1
grep -q 青霉素 "$work/out" || fail "an allergy was not shown"
said 1 "disk is full" full show resident R1 --printed
# No try that could not be counted.
said 1 "disk is full" full sign-in D1 --pin-file "$work/wrong.pin"
export YIZHAN_MAP_MIB=512

# --- nothing where it does not belong ------------------------------------

stop_agent "$agentA"
for secret in 246802 135791 999999 "$phrase" "$name" 古丽娜尔; do
	if grep -rlaF -- "$secret" "$work"/*.log "$work"/A "$work"/hub \
		"$work"/laptop "$work"/C; then
		fail "written down: $secret"
	fi
done
at A verify >/dev/null
echo "people: good"
