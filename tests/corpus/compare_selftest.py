#!/usr/bin/env python3
"""Tests of ../compare.py and ../split.py. Prints "N passed, N failed"; exit 0 or 1."""
import contextlib
import io
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import compare
import split

FOLDER = tempfile.TemporaryDirectory()


def visit(ref="E1", at="2026-05-01T09:00:00+08:00", **more):
    return dict({"kind": "encounter", "ref": ref, "by": "ref:S1", "at": at, "org_id": "ref:V1", "state": "signed", "fee": 100}, **more)


def file(name, *records):
    path = os.path.join(FOLDER.name, name + ".ndjson")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in records)
    return path


def run(main, *args):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code = main(list(args))
        except SystemExit as e:
            code = e.code
    return code, out.getvalue()


def held(inputs, export, *options):
    return run(compare.main, *options, *[file("in%d" % i, *x) for i, x in enumerate(inputs)], "--held", file("export", *export))


def test_same_facts_are_equal():
    code, out = held([[visit()]], [visit()])
    assert code == 0 and out.endswith("equal: 1 records\n"), out


def test_numbers_are_decimals():
    raw = '{"kind":"a","ref":"1","n":1.0,"m":0.1,"deep":[{"x":100}]}'
    same = '{"ref":"1","kind":"a","m":1e-1,"n":1,"deep":[{"x":1e2}]}'
    assert held([[raw]], [same])[0] == 0
    assert held([[raw]], [same.replace("1e-1", "0.1000000000000001")])[0] == 0      # beyond 15 digits
    assert held([[raw]], [same.replace("1e-1", "0.100000000000001")])[0] == 1


def test_types_differ():
    assert held([[visit(fee=1)]], [visit(fee=True)])[0] == 1
    assert held([[visit(fee=1)]], [visit(fee="1")])[0] == 1
    assert held([[visit(rx=[1])]], [visit(rx=[True])])[0] == 1


def test_last_by_time_wins():
    old, new = visit(fee=1), visit(at="2026-05-02T09:00:00+08:00", fee=2, by="ref:S2")
    assert held([[new], [old]], [new])[0] == 0
    assert held([[new], [old]], [old])[0] == 1


def test_same_time_later_line_wins():
    assert held([[visit(fee=1)], [visit(fee=2)]], [visit(fee=2)])[0] == 0
    assert held([[visit(fee=1)], [visit(fee=2)]], [visit(fee=1)])[0] == 1


def test_a_new_instant_alone_is_no_version():
    first, again = visit(id_no="51990119900101001x"), visit(at="2026-05-02T09:00:00+08:00", id_no="51990119900101001X")
    shown = visit(id_no="51990119900101001X")
    assert held([[first], [again]], [shown])[0] == 0
    assert held([[first], [again]], [again])[0] == 1
    assert held([[visit(fee=1)], [visit(at=again["at"], fee=True)]], [visit(at=again["at"], fee=True)])[0] == 0


def test_another_author_or_org_is_a_version():
    for field, value in (("by", "ref:S2"), ("org_id", "ref:V2")):
        other = visit(at="2026-05-02T09:00:00+08:00", **{field: value})
        again = dict(other, at="2026-05-03T09:00:00+08:00")
        assert held([[visit()], [other], [again]], [other])[0] == 0
        assert held([[visit()], [other], [again]], [visit()])[0] == 1
        assert held([[visit()], [other], [again]], [again])[0] == 1


def test_by_at_and_org_are_facts():
    for field in ("by", "at", "org_id"):
        code, out = held([[visit()]], [visit(**{field: "2026-05-01T09:00:01+08:00"})])
        assert code == 1 and "fields differ: %s\n" % field in out, out


def test_missing_and_extra():
    code, out = held([[visit(), visit("E2")]], [visit()])
    assert code == 1 and "encounter E2: missing" in out
    assert held([[visit(), visit("E2")]], [visit()], "--missing-ok", "encounter")[0] == 0
    assert held([[visit(), visit("E2")]], [visit()], "--missing-ok", "drug")[0] == 1
    code, out = held([[visit()]], [visit(), visit("E2")])
    assert code == 1 and "encounter E2: not in the input" in out
    assert held([[visit()]], [visit(), visit("E2")], "--extra-ok")[0] == 0


def test_missing_ok_still_compares_what_is_there():
    assert held([[visit()]], [visit(fee=2)], "--missing-ok", "encounter")[0] == 1


def test_drafts_may_stay_local():
    draft = visit("E2", state="draft")
    assert held([[visit(), draft]], [visit()])[0] == 1
    assert held([[visit(), draft]], [visit()], "--drafts-local")[0] == 0
    assert held([[visit(), draft]], [visit(), draft], "--drafts-local")[0] == 0
    signed_later = visit("E2", at="2026-05-03T09:00:00+08:00")
    assert held([[visit(), draft, signed_later]], [visit()], "--drafts-local")[0] == 1


def test_lower_case_x_of_an_id_number():
    assert held([[visit(id_no="51990119900101001x")]], [visit(id_no="51990119900101001X")])[0] == 0
    assert held([[visit(name="x")]], [visit(name="X")])[0] == 1


def test_values_only_when_asked():
    code, out = held([[visit(name="甲")]], [visit(name="乙")])
    assert code == 1 and "甲" not in out and "name" in out
    assert "甲" in held([[visit(name="甲")]], [visit(name="乙")], "--values")[1]


def test_null_is_not_absent():
    assert held([[visit()]], [visit(x=None)])[0] == 1


def test_twenty_differences_are_shown():
    code, out = held([[visit("E%d" % i) for i in range(50)]], [])
    assert code == 1 and out.count(": missing") == 20 and "DIFFERENT: 50 differences" in out


def test_twice_in_the_export():
    assert held([[visit()]], [visit(), visit()])[0] == 1


def test_equal_ignores_order():
    a, b = file("a", visit(), visit("E2")), file("b", visit("E2"), visit())
    assert run(compare.main, "--equal", a, b)[0] == 0
    assert run(compare.main, "--equal", a, file("c", visit()))[0] == 1
    assert run(compare.main, "--equal", file("c", visit()), a)[0] == 1
    assert run(compare.main, "--equal", a, file("d", visit(), visit("E2", fee=3)))[0] == 1


def test_a_broken_line_is_an_error():
    code, out = held([[visit()]], ["{broken"])
    assert code not in (0, None) and "line 1" in str(code) + out


def test_the_groups_word_on_a_contract():
    signed = visit(kind="contract", ref="K1", at="2026-05-03T09:00:00+08:00")
    ending = dict(signed, state="ending", end_reason="resident")
    said = dict(by="ref:~group", at="2026-05-10T09:00:00+08:00")
    assert held([[signed]], [dict(signed, state="active", **said)])[0] == 0
    assert held([[ending]], [dict(ending, state="terminated", ended_on="2026-06-01", **said)])[0] == 0
    assert held([[ending]], [dict(ending, state="active", **said)])[0] == 1         # not a step
    assert held([[signed]], [dict(signed, state="active", fee=1, **said)])[0] == 1  # more than its word
    assert held([[signed]], [dict(signed, state="active")])[0] == 1                 # a person's


def test_split_by_org_and_below():
    orgs = [{"kind": "org", "ref": r, "org_id": "ref:H01", "parent_org_id": "ref:" + p} for r, p in (("C01", "H01"), ("V1", "C01"), ("C02", "H01"))]
    path = file("s", *orgs, visit(org_id="ref:H01"), visit("E2"), "{broken", visit("E3", org_id="ref:C02"))
    out = os.path.join(FOLDER.name, "out")

    def refs(*args):
        run(split.main, "--out", out, path, *args)
        return [json.loads(x)["ref"] for x in open(out, encoding="utf-8")]
    assert refs("--orgs", "V1") == ["E2"]
    assert refs("--orgs", "C01") == []
    assert refs("--orgs", "C01", "--below") == ["E2"]
    assert refs("--orgs", "C02", "V1") == refs("--orgs", "C02,V1") == ["E2", "E3"]
    assert refs("--orgs", "H01", "--not-kinds", "org") == ["E1"]
    assert refs("--orgs", "H01", "--below", "--kinds", "encounter") == ["E1", "E2", "E3"]


def main():
    failed, tests = 0, [f for name, f in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        try:
            test()
        except Exception as e:
            failed += 1
            print("FAILED %s: %s %s" % (test.__name__, type(e).__name__, e))
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
