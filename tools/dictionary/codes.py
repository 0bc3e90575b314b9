"""codes: check characters and JSON as the exchange format writes them."""

import json

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
AREA = "519901"                               # an unassigned county
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def id_check(first17):
    """GB 11643 check character."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[
        sum(w * int(c) for w, c in zip(weights, first17)) % 11]


def check31(text):
    """GB 32100 check character; slip numbers use the same rule."""
    total = sum(pow(3, i, 31) * ALPHABET.index(c) for i, c in enumerate(text))
    return ALPHABET[-total % 31]


def uscc(number):
    body = "12%sMA6%06d" % (AREA, number)
    return body + check31(body)


def slip_number(short, letter, number):
    digits = "%06d" % number
    return "-".join((short, letter, digits, check31(short + letter + digits)))
