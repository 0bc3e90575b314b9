"""codes: check characters, dates and JSON as the exchange format writes them."""
import datetime
import json

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"     # GB 32100: no I, O, S, V, Z
AREA = "519901"                                  # an unassigned county code
ONE_DAY = datetime.timedelta(days=1)
LAST_SECOND = 86399
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def id_check(first17):
    """GB 11643 check character."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(w * int(c) for w, c in zip(weights, first17)) % 11]


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


def add_months(date, months):
    year, month = divmod(12 * date.year + date.month - 1 + months, 12)
    next_first = datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return datetime.date(year, month + 1, min(date.day, (next_first - ONE_DAY).day))


def stamp(date, second):
    second = min(LAST_SECOND, max(0, int(second)))
    return "%sT%02d:%02d:%02d+08:00" % (date.isoformat(), second // 3600, second // 60 % 60, second % 60)
