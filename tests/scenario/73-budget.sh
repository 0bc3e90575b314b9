#!/bin/bash
# Goal: nobody pays for more bytes than he allowed. A clinic without an agent
# and one with an agent estimate, sync within a bound until all is there, obey
# a day's budget of the link they use, let class 0 go beyond it, and show
# what was spent; in English and Chinese.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# value JSON EXPRESSION: of the object, called v.
value() {
	python3 -c 'import json, sys
v = json.loads(sys.argv[1])
print(eval(sys.argv[2]))' "$1" "$2"
}

# told WHO: bytes of today that status tells, both ways.
told() {
	value "$(at "$1" status --json)" \
		'v["traffic"]["today"]["up"] + v["traffic"]["today"]["down"]'
}

lines_of township "$work/township.ndjson"
new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null

# bounded WHO: syncs 8 kB at a time; each run tells how many bytes moved, and
# the day's sum grows by as many.
bounded() {
	local who=$1 runs=0 got summary before=$(told "$1") moved=0

	while :; do
		got=0
		summary=$(at "$who" sync --max-bytes 8k --json) || got=$?
		spent=$(value "$summary" \
			'v["bytes_sent"] + v["bytes_received"]')
		[ "$spent" -le 8000 ] || fail "$spent bytes: $summary"
		moved=$((moved + spent))
		[ "$got" = 6 ] || break
		[ "$(echo "$summary" | field state)" = partial ] ||
			fail "not partial: $summary"
		runs=$((runs + 1))
		[ "$runs" -lt 40 ] || fail "no end: $summary"
	done
	[ "$got" = 0 ] || fail "exit $got: $summary"
	[ "$(echo "$summary" | field state)" = done ] || fail "$summary"
	[ "$runs" -gt 1 ] || fail "all went at once"
	[ "$(at "$who" status --json | field saved_here)" = 0 ] || fail "left"
	[ "$(told "$who")" = $((before + moved)) ] ||
		fail "$who moved $moved, tells $(told "$who") after $before"
}

prepare() {
	at "$1" init --name "$1" >/dev/null
	at "$1" import "$2" --source "$3" >/dev/null 2>&1
	expect 3 at "$1" sync --estimate >/dev/null
	join "$1" C01
}

# --- without an agent ------------------------------------------------------

prepare direct "$work/township.ndjson" his
estimate=$(at direct sync --estimate --json)
waiting=$(at direct status --json | field saved_here)
[ "$(value "$estimate" 'sum(c["changes"] for c in v["classes"])')" = "$waiting" ] ||
	fail "estimate of $waiting: $estimate"
at direct sync --estimate | grep -q 'to be sent in all:' || fail "no total"
LC_ALL=zh_CN.UTF-8 at direct sync --estimate | grep -q '预计共发送' ||
	fail "no Chinese total"
expect 2 at direct sync --max-bytes 511
expect 2 at direct sync --max-bytes 2G
expect 2 at direct sync --max-bytes none
bounded direct
at direct status | grep -q '^traffic today' || fail "no line of traffic"
LC_ALL=zh_CN.UTF-8 at direct status | grep -q '今日流量 .*字节' ||
	fail "no Chinese line of traffic"
kinds=$(at direct status --json)
[ "$(value "$kinds" 'v["traffic"]["today"]["kinds"]["encounter"]["up"] > 0 and len(v["traffic"]["days"]) == 7')" = True ] ||
	fail "kinds: $kinds"
[ "$(value "$kinds" 'sum(k["up"] for k in v["traffic"]["today"]["kinds"].values()) == v["traffic"]["today"]["up"]')" = True ] ||
	fail "rows do not add up: $kinds"

# --- a budget ---------------------------------------------------------------

device() { # device REF: a record of low urgency
	printf '{"kind":"device","ref":"%s","by":"ref:S1","at":"2026-05-01T08:00:00+08:00","org_id":"ref:C01","class":"ecg","owner_org_id":"ref:C01"}\n' "$1"
}
printf '[budget]\nmetered = 2000\n[links]\nlo = metered\n' \
	>"$work/direct/yizhan.conf"
for i in $(seq 10); do # nothing waits, and a session's own bytes are few
	expect 0 at direct sync
	at direct status | grep -q 'metered: 0 of' && break
done
for i in 1 2 3; do
	device "BUDGET-$i" >"$work/one.ndjson"
	at direct import "$work/one.ndjson" --source his >/dev/null
done
got=0
summary=$(at direct sync --json 2>"$work/said") || got=$?
[ "$got" = 6 ] || fail "beyond the budget: $got $summary"
grep -q 'budget' "$work/said" || fail "said: $(cat "$work/said")"
[ "$(at direct status --json | field saved_here)" = 3 ] || fail "it went"
LC_ALL=zh_CN.UTF-8 at direct sync 2>"$work/said" >/dev/null || true
grep -q '额度已用完' "$work/said" || fail "said: $(cat "$work/said")"
at direct status | grep -q 'metered: 0 of 2000 left' || fail "no budget left"

# What no such session has room for is named, with what would do.
got=0
summary=$(at direct sync --max-bytes 600 --json 2>"$work/said") || got=$?
[ "$got" = 6 ] || fail "too large: $got $summary"
[ "$(value "$summary" 'v["too_large"]["kind"] + " " + v["too_large"]["ref"]')" = \
	"device BUDGET-1" ] || fail "not named: $summary"
needs=$(value "$summary" 'v["too_large"]["bytes"]')
[ "$needs" -gt 600 ] || fail "needs: $summary"
grep -q 'Allow more' "$work/said" || fail "said: $(cat "$work/said")"
LC_ALL=zh_CN.UTF-8 at direct sync --max-bytes 600 2>"$work/said" >/dev/null || true
grep -q '超过允许的字节数' "$work/said" || fail "said: $(cat "$work/said")"
grep -q "device BUDGET-1 未发送：.* $needs 字节" "$work/said" ||
	fail "said: $(cat "$work/said")"

# What may not wait goes.
python3 - "$data" >"$work/urgent.ndjson" <<'P'
import glob, json, sys
for name in sorted(glob.glob(sys.argv[1] + "/day-*.ndjson")):
    for line in open(name, encoding="utf-8"):
        r = json.loads(line)
        if r["kind"] == "referral" and r["state"] == "issued":
            r["ref"] = "BUDGET-URGENT"
            r["urgency"] = "emergency"
            del r["slip_no"]
            print(json.dumps(r, ensure_ascii=False))
            sys.exit()
P
expect 0 at direct import "$work/urgent.ndjson" --source his >/dev/null
[ "$(at direct status --json | field saved_here)" = 4 ] || fail "not saved"
expect 6 at direct sync
[ "$(at direct status --json | field saved_here)" = 3 ] ||
	fail "class 0 waited, or more than it went"
# Another budget, or none: all goes.
printf '[budget]\ndefault = 50M\nmetered = 0\n[links]\nl* = metered\n' \
	>"$work/direct/yizhan.conf"
expect 0 at direct sync
[ "$(at direct status --json | field saved_here)" = 0 ] || fail "left"

# A class that has no budget is a fault of the file.
printf '[links]\nwwan0 = meterd\n' >"$work/direct/yizhan.conf"
got=0
at direct status 2>"$work/said" >/dev/null || got=$?
[ "$got" != 0 ] || fail "a misspelt class was taken"
grep -q 'line 2' "$work/said" || fail "said: $(cat "$work/said")"
rm "$work/direct/yizhan.conf"

# --- with an agent ----------------------------------------------------------

at agent init --name agent >/dev/null
at agent import "$data/../sample/day-2026-05-01.ndjson" --source his \
	>/dev/null 2>&1 || true
code=$(at hub hub invite --org C01)
at agent join "$code" --hub "127.0.0.1:$port" >/dev/null
printf '[agent]\ninterval = 86400\n[budget]\nmetered = 5k\n[links]\nlo = metered\n' \
	>"$work/agent/yizhan.conf"
start_agent agent
for i in $(seq 100); do
	used=$(value "$(at agent status --json)" \
		'v["traffic"]["budgets"][0]["used"]')
	[ "$used" -gt 0 ] && break
	sleep 0.1
done
# Its own session obeyed the budget; so does one that is asked for.
got=0
at agent sync --json >"$work/summary" 2>/dev/null || got=$?
[ "$got" = 6 ] || fail "the agent's door: $got $(cat "$work/summary")"
used=$(value "$(at agent status --json)" 'v["traffic"]["budgets"][0]["used"]')
[ "$used" -le 7000 ] || fail "$used bytes of a budget of 5000"
expect 0 at agent sync --estimate >/dev/null
stop_agent "$agent"
rm "$work/agent/yizhan.conf"
start_agent agent
expect 2 at agent sync --max-bytes 100
stop_agent "$agent"

# --- an estimate is what a session then sends ------------------------------

at whole init --name whole >/dev/null
join whole C01
expect 0 at whole sync >/dev/null # what comes down has its receipts
at whole import "$work/township.ndjson" --source his >/dev/null
expect 6 at whole sync --wait --timeout 200 --max-bytes 5k
told=$(at whole sync --estimate --json | field bytes)
# A far bound: what waits is packed, as on a slow link.
sent=$(at whole sync --max-bytes 100M --json | field bytes_sent)
[ $((told * 100)) -ge $((sent * 95)) ] && [ $((told * 100)) -le $((sent * 105)) ] ||
	fail "told $told, sent $sent"
echo "estimate: told $told, sent $sent"

stop_agent "$hub"
echo "budget: good"
