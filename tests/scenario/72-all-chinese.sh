#!/bin/bash
# Goal: whatever yizhan and yizhand say in Chinese, there is no English word in
# it but what is typed or written so: verbs, options, kinds, fields, choices,
# file names and formats. Every verb and option runs, and every way to get one
# wrong that needs no damage. Other locales fall back to what makes sense, and
# none of them harms the data.
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

catalogues=${YIZHAN_LOCALEDIR:-}
if [ ! -f "$catalogues/zh_CN/LC_MESSAGES/yizhan.mo" ]; then
	echo "skipped: built without translations"
	exit 77
fi

new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
at clinic init --name 卫生室 >/dev/null
code=$(at hub hub invite --org C01 --name 卫生院 2>/dev/null)
cat "$data"/residents.ndjson "$data"/contracts.ndjson "$data"/devices.ndjson \
	"$data"/day-2026-05-01.ndjson | grep -v '"org_id":"ref:H01"' >"$work/good.ndjson"
printf '%s\n' '{"kind":' '[]' '{"kind":"residnet","ref":"x"}' \
	'{"kind":"resident","ref":"r1","org_id":"ref:C01","name":1}' \
	'{"kind":"resident"}' '{"kind":"org","ref":"o1"}' '' >"$work/bad.ndjson"
printf '\xef\xbb\xbf{"kind":"encounter","ref":"e1"}\r\n\xc4\xe3\n' >>"$work/bad.ndjson"
printf '[agent]\nparnt = x\n' >"$work/wrong1.conf"
printf '[agent]\nparent = nowhere\n' >"$work/wrong2.conf"
printf 'nonsense\n' >"$work/wrong3.conf"
printf '[agent]\ninterval = often\n' >"$work/wrong4.conf"
printf '[agent]\nlisten = 192.0.2.1:7270\n' >"$work/wrong5.conf"
printf '[agent]\nlisten = 127.0.0.1:%s\n' "$port" >"$work/taken.conf"

cat >"$work/all.py" <<'PYTHON'
"""Say everything in Chinese and look for words that are not."""
import json, os, re, subprocess, sys

yizhan, yizhand, work, port, code = sys.argv[1:]
ENV = {**os.environ, "LC_ALL": "zh_CN.UTF-8"}
ENV.pop("LANGUAGE", None)

# What is typed or written so in every language.
TYPED = set("""
yizhan yizhand conf json ndjson key group root machine data mdb agent sock
var lib parent listen interval dir HOST PORT FILE DIR REF KIND VERB SECONDS
NAME CODE SLIP FIELD VALUE LIMIT JSON UTF BOM LF ICD YYYY MM DD DDThh mm ss
SIGTERM SIGINT YIZHAN_DIR YIZHAN_MAP_MIB USB ASCII null true false hub clinic relay done
must MB qr source kind null ref his GBK iconv refuse confirm seen on off PIN
""".split())
shape = re.compile(r"[A-Za-z][A-Za-z_]+")


def run(args, program=yizhan, text="", env=None):
    done = subprocess.run([program, *args], env=env or ENV, input=text.encode(),
                          capture_output=True, check=False, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8")


def say(*args, text=""):
    return run(args, text=text)


# The words of the exchange format: kinds, fields and choices.
kinds = re.search(r"类别：(.*)", say("help", "add")[1])[1].split()
assert "resident" in kinds and len(kinds) > 10
format_words = set(kinds)
for kind in kinds:
    page = say("help", "add", kind)[1]
    for line in page.splitlines()[1:]:
        format_words |= set(shape.findall(line.split("  ")[0]))
        format_words |= set(shape.findall(line.rsplit("  ", 1)[-1]))
verbs = re.findall(r"^([a-z-]+(?: [a-z-]+)?)  ", say("help")[1], re.M)
assert len(verbs) >= 15, verbs
for verb in verbs: # what stands for a value in a usage line
    usage = say("help", *verb.split())[1].splitlines()[0]
    TYPED |= {w for w in shape.findall(usage) if w.isupper()}
TYPED |= {w for v in verbs for w in shape.findall(v)} | format_words

clinic, hub = ["--dir", work + "/clinic"], ["--dir", work + "/hub"]
none = ["--dir", work + "/none"]
empty = work + "/full/of/nothing"
open(work + "/plain", "w").close()
lines = []          # (program, arguments, standard input)


def add(*args, text=""):
    lines.append((yizhan, args, text))


def serve(*args):
    lines.append((yizhand, args, ""))


add()
add("help")
add("--help")
for verb in verbs:
    words = verb.split()
    add("help", *words)
    add(*words, "--help")
    add(*clinic, *words, "--no-such-flag")
    add(*clinic, *words, "--jso")
    if verb != "help":
        add(*none, *words, *["x"] * (verb in ("join", "import", "list")),
            *["resident", "x"] * (verb in ("show", "amend", "add")))
    add(*clinic, *words, *["one"] * 40)
for kind in kinds:
    add("help", "add", kind)
    add(*clinic, "add", kind, "--by", "S0001", "--org", "C01", "--no-input")
for kind in ("resident", "contract", "org"):
    add(*clinic, "list", kind)
    add(*clinic, "show", kind, "no-such-ref")
    add(*clinic, "add", kind, "--org", "C01", "--no-input")
    add(*clinic, "amend", kind, "x", "--by", "S0001", "--state", "zzz")
add("help", "add", "residnet")
add("help", "statsu")
add("--dir")
add("--dir", "x" * 5000, "status")
add("--dir", work + "/plain/below", "init")
add("--dir", "/proc/nothing", "init")
add(*clinic, "init")
add(*clinic, "init", "--role", "relay")
add(*clinic, "init", "--role", "hubb")
add(*clinic, "init", "--role", "x")
add("--dir", work + "/new1", "init", "--name", "x" * 80)
add("--dir", work + "/new2", "init", "--name", "站")
add("--dir", work + "/new3", "init", "--role", "hub", "--name", "站")
add(*hub, "init", "--role", "hub")
add(*hub, "hub", "invite")
add(*hub, "hub", "invite", "--org", "a b")
add(*hub, "hub", "invite", "--org", "C01", "--name", "x" * 80)
add(*hub, "hub", "invite", "--org", "C01", "--qr")
add(*clinic, "hub", "invite", "--org", "C01")
add(*clinic, "join", "NO-SUCH")
add(*clinic, "join", code)
add(*clinic, "join", code, "--hub", "nowhere")
add(*clinic, "join", code, "--hub", "127.0.0.1:1")
add(*clinic, "sync")
add(*clinic, "status")
add(*clinic, "join", code, "--hub", "127.0.0.1:" + port)
add(*clinic, "join", code, "--hub", "127.0.0.1:" + port)
add("--dir", work + "/late", "join", code, "--hub", "127.0.0.1:" + port)
add(*hub, "join", code, "--hub", "127.0.0.1:" + port)
add(*clinic, "sync", "--wait", "--timeout", "x")
add(*clinic, "sync", "--wait", "--timeout", "20")
add(*clinic, "import", work + "/good.ndjson", "--source", "his")
add(*clinic, "import", work + "/good.ndjson", "--source", "his")
add(*clinic, "import", work + "/bad.ndjson")
add(*clinic, "import", work + "/missing")
add(*clinic, "import", work)
add(*clinic, "import", "-", text="")
add(*clinic, "import", "-", "--source", "a b", text="")
add(*clinic, "export", work + "/out.ndjson")
add(*clinic, "export", work + "/plain/x")
add(*clinic, "export", work)
add(*clinic, "export", "--kind", "residnet")
add(*clinic, "list", "residnet")
add(*clinic, "list", "resident", "--limit", "x")
add(*clinic, "list", "resident", "--limit", "2")
add(*clinic, "add", "resident", "-", text="[]")
add(*clinic, "add", "resident", "-", text="")
add(*clinic, "add", "resident", "-", "--by", "S0001",
    text='{"kind":"device"}')
add(*clinic, "add", "resident", "--nmae", "x")
add(*clinic, "add", "resident", "--qqqqqq", "x")
add(*clinic, "add", "org", "--by", "S0001", "--name", "x", "--no-input")
add(*clinic, "amend", "resident", "x")
add(*clinic, "amend", "resident", "x", "--by", "S0001")
add(*clinic, "sync", "--wait")
add(*clinic, "sync")
add(*clinic, "status")
add(*clinic, "questions")
add(*clinic, "questions", "--warnings")
add(*clinic, "verify")
add(*clinic, "sites")
add(*clinic, "hub", "revoke", "x", "--reason", "丢失")
add(*hub, "hub", "revoke", "nobody", "--reason", "丢失")
add(*hub, "hub", "revoke", "卫生院")
add(*hub, "hub", "revoke", "卫生院", "--reason", "字" * 80)
add(*hub, "hub", "revoke", "卫生院", "--reason", "丢失")
add(*hub, "hub", "revoke", "卫生院", "--reason", "丢失")
add(*clinic, "hub", "train-dictionary")
add(*hub, "hub", "train-dictionary", "--dry-run")
add(*hub, "hub", "train-dictionary")
add(*clinic, "sync")
add(*clinic, "status")
add(*hub, "sites")
add(*hub, "sync")
add(*hub, "status")
add(*hub, "questions", "--warnings")
add(*hub, "verify")
serve("--help")
serve("--no-such-option")
serve("--dir")
serve("--help=x")
serve("--dir", work + "/nothing", "operand")
serve("--dir", work + "/nothing")
serve("--dir", work + "/hub")
serve("--config", work + "/missing.conf")
for number in range(1, 6):
    serve("--config", f"{work}/wrong{number}.conf", "--check-config")
serve("--config", work + "/taken.conf", "--check-config")
serve("--dir", work + "/new3", "--config", work + "/taken.conf")
serve("--dir", work + "/new3", "--config", work + "/wrong5.conf")

# Values of records, which the sample has; names and paths of this test.
record_values = re.compile(r"\b(?:ref:)?[A-Z]{1,3}\d[\w-]*|\b[\w-]*\d[\w-]*\b")
own = re.compile("|".join(map(re.escape, sorted(
    {work, code, "no-such-ref", "NO-SUCH", "nowhere", "residnet", "statsu",
     "no-such-flag", "jso", "nobody", "hubb", "x" * 80, "nmae", "qqqqqq", "zzz",
     "parnt", "nonsense", "often", "missing.conf", "no-such-option",
     "operand", "vm", os.uname().nodename}, key=len, reverse=True))))
bad, seen_codes = [], set()
for program, args, text in lines:
    exit_code, out = run(args, program, text)
    seen_codes.add(exit_code)
    if "Sanitizer" in out or exit_code < 0:
        sys.exit(f"{args}: {out}")
    shows_records = args[2:3] in (("list",), ("show",)) and exit_code == 0
    if program == yizhan and args[2:3] == ("export",) and exit_code == 0:
        continue
    for line in out.splitlines():
        if shows_records and not line.startswith("编号"):
            continue
        if re.match(r"\d{4}-\d\d-\d\dT\S+ (?:info|warning|error|debug) ", line):
            continue  # the agent's log is English, for grep
        rest = line.replace("one", "") if "one" in args else line
        rest = own.sub("", rest)
        # Commands and options to type, and everything in quotes as typed.
        # A field is named by its path in the record.
        rest = re.sub(r"(?<=字段 )[\w.\[\]]+|--[A-Za-z-]+|`[^`]*`|“[^”]*”|\S*/\S*", "", rest)
        rest = record_values.sub("", rest)
        words = [w for w in shape.findall(rest) if w not in TYPED]
        if words:
            bad.append((args, words, line))
for args, words, line in bad:
    print(" ".join(args).replace(work, "")[:100], words, "in:", line)
missing = {0, 1, 2, 3, 4, 6, 77} - seen_codes
if missing:
    sys.exit(f"no command ended with {missing}: this test has lost its way")
if bad:
    sys.exit(f"{len(bad)} lines are not all Chinese")
print(f"{len(lines)} command lines")

# --- other locales -------------------------------------------------------

def status(**env):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("LC_", "LANG"))}
    exit_code, out = run([*clinic, "status"], env={**clean, **env})
    if exit_code != 0 or "Sanitizer" in out:
        sys.exit(f"{env}: {exit_code} {out}")
    return "zh" if "仅存本机" in out else "en", out


for wanted, env in [
        ("zh", {"LC_ALL": "zh_CN.UTF-8"}), ("zh", {"LC_ALL": "zh_CN"}),
        ("zh", {"LC_ALL": "zh_CN.GB18030"}), ("zh", {"LANG": "zh_CN.utf8"}),
        ("zh", {"LANG": "zh_SG.UTF-8"}), ("zh", {"LANG": "zh"}),
        # Who reads traditional characters reads these sooner than English.
        ("zh", {"LANG": "zh_TW.UTF-8"}), ("zh", {"LANG": "zh_HK.UTF-8"}),
        ("zh", {"LC_ALL": "zh_TW"}),
        ("en", {"LANG": "zh_TW.UTF-8", "LANGUAGE": "en"}),
        ("zh", {"LC_ALL": "C.UTF-8", "LANGUAGE": "zh_CN"}),
        ("zh", {"LC_ALL": "C.UTF-8", "LANGUAGE": "zh_TW:zh_CN"}),
        ("en", {"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": "en"}),
        ("en", {"LC_ALL": "C"}), ("en", {"LC_ALL": "POSIX"}), ("en", {}),
        ("en", {"LC_ALL": "ug_CN.UTF-8"}), ("en", {"LANG": "tlh_XX"}),
        ("en", {"LC_ALL": "../../../etc/passwd"}),
        ("en", {"LC_ALL": "x" * 5000}), ("en", {"LC_ALL": "%s%n%s"}),
        ("en", {"LC_ALL": "\xff\xfe"}), ("en", {"LANG": "=", "LANGUAGE": ":::"}),
        ("en", {"LC_ALL": "fr_FR.UTF-8", "LC_NUMERIC": "fr_FR.UTF-8"})]:
    got, out = status(**env)
    if got != wanted:
        sys.exit(f"{env}: {got} instead of {wanted}")
    if "卫生" not in out:
        sys.exit(f"{env}: the name is not whole: {out}")
print("other locales: good")
PYTHON
python3 "$work/all.py" "$YIZHAN" "$YIZHAND" "$work" "$port" "$code" ||
	fail "not all Chinese"
stop_agent "$hub"
echo "all Chinese: good"
