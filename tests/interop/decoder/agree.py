"""agree: is what was decoded what the C side says it was?"""


class Difference(Exception):
    """Names the place, what was decoded and what was expected."""


def same(where, mine, theirs):
    """Compare all of it. The account has bytes as hex, and numbers that
    need 64 bits as text."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        if mine.keys() != theirs.keys():
            raise Difference("%s: decoded has %s, expected %s" % (
                where, sorted(mine), sorted(theirs)))
        for key in mine:
            same("%s.%s" % (where, key), mine[key], theirs[key])
        return
    if isinstance(mine, list) and isinstance(theirs, list):
        if len(mine) != len(theirs):
            raise Difference("%s: decoded %d, expected %d" % (
                where, len(mine), len(theirs)))
        for i, (a, b) in enumerate(zip(mine, theirs)):
            same("%s[%d]" % (where, i), a, b)
        return
    if isinstance(mine, bytes):
        mine = mine.hex()
    elif isinstance(mine, int) and not isinstance(mine, bool) and \
            isinstance(theirs, str):
        mine = str(mine)
    if type(mine) is not type(theirs) or mine != theirs:
        raise Difference("%s: decoded %r, expected %r" % (where, mine, theirs))


def expect(where, truth, what):
    if not truth:
        raise Difference("%s: expected %s" % (where, what))
