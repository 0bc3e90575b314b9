#!/usr/bin/env python3
"""Turn a binary file into a C array.

usage: embed.py INPUT OUTPUT.c SYMBOL

The output defines `const uint8_t SYMBOL[]` and `const size_t SYMBOL_bytes`;
whoever uses them declares them in a header of their own.
"""

import re
import sys

PER_LINE = 12


def as_c(data, symbol):
    if not data:
        raise ValueError("the input is empty: C has no empty arrays")
    if not re.fullmatch(r"[A-Za-z_]\w*", symbol):
        raise ValueError(f"not a C identifier: {symbol}")
    lines = [
        f"/* {symbol}: made from a binary file while building. */",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        f"extern const uint8_t {symbol}[];",
        f"extern const size_t {symbol}_bytes;",
        "",
        f"const size_t {symbol}_bytes = {len(data)};",
        f"const uint8_t {symbol}[{len(data)}] = {{",
    ]
    for i in range(0, len(data), PER_LINE):
        lines.append("\t" + " ".join(f"{b}," for b in data[i:i + PER_LINE]))
    lines.append("};")
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, target, symbol = sys.argv[1:]
    with open(source, "rb") as f:
        text = as_c(f.read(), symbol)
    with open(target, "w", encoding="ascii") as f:
        f.write(text)


if __name__ == "__main__":
    main()
