#!/bin/bash
# Goal: every fault that the corpus knows, handed to a village clinic's node
# between good lines, through both doors: what its sidecar says is what
# happens; each is told with place, reason and mend in both languages, and
# nothing of what a line holds is shown. Files in other encodings, cut files,
# and files no record can come from are named as what they are. All good lines
# reach the hub, and every store is sound afterwards.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
here=$YIZHAN_SOURCE_ROOT/tests/scenario

if [ ! -f "${YIZHAN_LOCALEDIR:-}/zh_CN/LC_MESSAGES/yizhan.mo" ]; then
	echo "skipped: built without translations"
	exit 77
fi

zh() {
	env LC_ALL=zh_CN.UTF-8 "$YIZHAN" --dir "$work/$1" "${@:2}"
}

python3 "$here/bad_input.py" mix "$data" "$work/mixed"
new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
grep '"org_id":"ref:V0101"' "$data/residents.ndjson" >"$work/residents"
for name in direct served; do
	join "$name" V0101
	at "$name" sync --wait >/dev/null
	at "$name" import "$work/residents" --source register >/dev/null 2>&1
done
start_agent served
served=$agent

for name in direct served; do
	expect 6 at "$name" import "$work/mixed" --source his --json \
		>"$work/$name-summary" 2>"$work/$name-said"
	at "$name" questions --warnings --json >"$work/$name-questions"
	at "$name" export >"$work/$name-export"
	# Once more: refused lines are refused again, and are one question.
	expect 6 at "$name" import "$work/mixed" --source his --json \
		>"$work/again" 2>/dev/null
	[ "$(field new <"$work/again")" = 0 ] || fail "stored twice"
	at "$name" questions --warnings --json |
		cmp -s - "$work/$name-questions" || fail "asked twice"
	# Of another source all is new, and told again.
	expect 6 zh "$name" import "$work/mixed" --source 别的 --json \
		>"$work/$name-summary-zh" 2>"$work/$name-said-zh"
	cmp "$work/$name-summary" "$work/$name-summary-zh"
done
diff "$work/direct-said" "$work/served-said" || fail "the doors differ"
diff "$work/direct-said-zh" "$work/served-said-zh" || fail "the doors differ"
python3 "$here/bad_input.py" check "$data" "$work/mixed" \
	"$work/direct-summary" "$work/direct-questions" "$work/direct-export" \
	"$work/direct-said" "$work/direct-said-zh" || fail "the classes differ"

# said CODE FILE WORD...: an import that ends so, and says all of the words.
said() {
	local code=$1 file=$2 got=0 word

	shift 2
	at direct import "$file" --source odd --json \
		>"$work/summary" 2>"$work/said" || got=$?
	[ "$got" -eq "$code" ] || fail "exit $got: $(head -c 4000 "$work/said")"
	for word; do
		grep -qF -- "$word" "$work/said" ||
			fail "not \"$word\": $(head -c 2000 "$work/said")"
	done
}

# counted NAME=N...: figures of the last summary.
counted() {
	local pair

	for pair; do
		[ "$(field "${pair%=*}" <"$work/summary")" = "${pair#*=}" ] ||
			fail "not $pair: $(cat "$work/summary")"
	done
}

# Whole files in other encodings: every line, and how to convert them.
head -20 "$work/residents" >"$work/utf8"
for encoding in GBK GB18030; do
	iconv -c -f UTF-8 -t "$encoding" "$work/utf8" >"$work/file"
	said 6 "$work/file" "GBK or GB18030" "iconv -f GB18030" "line 20: byte "
	counted refused=20 new=0
done
for encoding in UTF-16 UTF-16LE UTF-16BE; do
	iconv -f UTF-8 -t "$encoding" "$work/utf8" >"$work/file"
	said 6 "$work/file" "is UTF-16" "iconv -f UTF-16" "line 20: "
	counted new=0
	if grep "^line" "$work/said" | grep -v "UTF-16"; then
		fail "told as something else"
	fi
done

# What an editor on Windows makes of it is read.
sed 's/$/\r/; 1s/^/\xef\xbb\xbf/' "$work/utf8" >"$work/file"
said 0 "$work/file" "byte order mark" "carriage return"
counted new=20 warned=20

# The end is missing: a whole object counts, half of one does not.
one=$(sed -n 1p "$work/utf8") two=$(sed -n 2p "$work/utf8")
printf '%s\n%s' "$one" "${two/R0/Z0}" >"$work/file"
said 0 "$work/file"
counted new=1 unchanged=1
printf '%s\n%s' "$one" "${two:0:90}" >"$work/file"
said 6 "$work/file" "line 2: column " "may have been cut"
counted unchanged=1 refused=1

# Each oddity alone on a line between two that are known.
python3 - "$work/file" "$one" <<'EOF'
import sys
good = sys.argv[2].encode() + b"\n"
head = b'{"kind":"encounter","ref":"X1","by":"ref:S0001",'
odd = [
    head + b'"a":"\x00"}',
    head + b'"a":"\\ud800"}', head + b'"a":"\\udc00\\ud800"}',
    b"[" * 60000, b'{"a":' * 10000, b"[" * 2000 + b"]" * 2000,
    head + b'"kind":"resident"}',
    head + b'"fee":1' + b"0" * 5000 + b"}", head + b'"fee":1e999}',
    head + b'"fee":-' + b"9" * 30 + b"}",
    head + b'"rx":[' + b"1," * 30000 + b"1]}",
    head + b'"diagnoses":[' + b"{}," * 20000 + b"{}]}",
    b'"' + b"x" * 65000 + b'"', b"x" * 70000, b"{" * 65536, b"\xff" * 65536,
    b'{"\\u0000":1}', b"\x1b[2J\x07", b"{}" * 20000,
    head + b'"' + b"k" * 60000 + b'":1}',
    b"{" + b",".join(b'"f%d":1' % i for i in range(6000)) + b"}",
]
with open(sys.argv[1], "wb") as f:
    f.write(good + good.join(line + b"\n" for line in odd) + good)
EOF
said 6 "$work/file" "line 2: " "line 42: "
counted refused=21 unchanged=22
grep -q "$(printf '\033')" "$work/said" && fail "steers the terminal"
[ "$(grep -c '^line' "$work/said")" -ge 21 ] || fail "a line goes unsaid"
[ "$(wc -c <"$work/said")" -lt 20000 ] || fail "talks too much"

# However much is wrong with each of many lines, none goes unsaid.
yes '{}' 2>/dev/null | head -1500 >"$work/file" || true
said 6 "$work/file"
counted refused=1500
[ "$(grep -o '^line [0-9]*' "$work/said" | sort -u | wc -l)" = 1500 ] ||
	fail "lines go unsaid"

at direct verify >/dev/null
expect 0 at direct sync --wait >/dev/null
expect 0 at served sync --wait >/dev/null
# Some of the good lines are about two people who may be one.
[ -z "$(at hub questions --json | grep -v '"candidate"')" ] ||
	fail "the hub asks: $(at hub questions)"
at hub export --kind encounter | grep -c '"ref":"GOOD-' >"$work/count"
[ "$(cat "$work/count")" -ge 122 ] || fail "the hub holds $(cat "$work/count")"
kill -0 "$served" || fail "the agent is gone"
stop_agent "$served"
at served verify >/dev/null
stop_agent "$hub"
at hub verify >/dev/null
echo "bad input: good"
