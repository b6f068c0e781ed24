"""The elementary types and enumerations of generated text, and literals of them with a liking for the edges."""

import random

SIGNED = ("SINT", "INT", "DINT", "LINT")
UNSIGNED = ("USINT", "UINT", "UDINT", "ULINT")
BITS = ("BYTE", "WORD", "DWORD", "LWORD")
REALS = ("REAL", "LREAL")
DURATIONS = ("TIME", "LTIME")
DATES = ("DATE", "LDATE")
DAYTIMES = ("TOD", "LTOD")
STAMPS = ("DT", "LDT")
CHARS = ("CHAR", "WCHAR")
TEXTS = ("STRING", "WSTRING")
ENUMS = {
    "MODE": ("IDLE", "STARTING", "RUNNING", "FAULTED"),
    "GRADE": ("LOW", "MIDDLE", "HIGH"),
}
"""Enumerations: a plain one, and one with values and a base type (declared in `types.py`)."""

INTEGERS = SIGNED + UNSIGNED
CLOCKS = DATES + DAYTIMES + STAMPS
ELEMENTARY = (*INTEGERS, *BITS, *REALS, "BOOL", *DURATIONS, *CLOCKS, *CHARS, *TEXTS)
KINDS = (*ELEMENTARY, *ENUMS)
USUAL = (*INTEGERS, *BITS, *REALS, "BOOL", "BOOL", "DINT", "REAL", "TIME", "STRING", "MODE")
"""What real programs mostly hold: chosen from as often as from all of `KINDS`."""

WIDTH = dict(zip(INTEGERS + BITS, (8, 16, 32, 64) * 3, strict=True))

_REAL = ("0.0", "1.0", "-1.5", "0.1", "1.0E10", "-3.0E-5", "2147483648.0", "255.5", "-0.0")
_CLOCK = {
    "TIME": ("T#0s", "T#1ms", "T#10ms", "T#25ms", "T#1s", "T#1h", "T#-1d2h3m4s5.5ms", "TIME#90s"),
    "LTIME": ("LTIME#0s", "LTIME#1us500ns", "LT#1ns", "LTIME#-3d", "LTIME#10ms"),
    "DATE": ("D#1970-01-01", "D#2024-02-29", "DATE#2038-01-19", "D#2100-12-31"),
    "LDATE": ("LD#1970-01-01", "LDATE#2024-02-29", "LD#2200-03-01"),
    "TOD": ("TOD#00:00:00", "TOD#23:59:59.999", "TIME_OF_DAY#12:30:00"),
    "LTOD": ("LTOD#00:00:00", "LTOD#23:59:59.999999999", "LTOD#12:00:00.000000001"),
    "DT": ("DT#1970-01-01-00:00:00", "DT#2024-02-29-23:59:59", "DATE_AND_TIME#2099-12-31-12:00:00"),
    "LDT": ("LDT#1970-01-01-00:00:00", "LDT#2024-02-28-23:30:00.000000001"),
}
_PIECES = ("a", "Z", "12", "-7", "3.5", " ", "$N", "$$", "x_y", "TRUE", "T#5ms", "abc", "e", "#")


def any_kind(chance: random.Random) -> str:
    """A type for a variable."""
    return chance.choice(USUAL if chance.random() < 0.5 else KINDS)


def literal(chance: random.Random, kind: str) -> str:
    """A literal of a type."""
    if kind == "BOOL":
        return chance.choice(("TRUE", "FALSE"))
    if kind in _CLOCK:
        return chance.choice(_CLOCK[kind])
    if kind in REALS:
        return f"{kind}#{chance.choice(_REAL)}"
    if kind in ENUMS:
        return f"{kind}#{chance.choice(ENUMS[kind])}"
    if kind in TEXTS:
        return _text(chance, wide=kind == "WSTRING")
    if kind in CHARS:
        return f"{kind}#" + chance.choice(
            ("'a'", "'7'", "'$$'", "'$E4'") if kind == "CHAR" else ('"b"', '"$03B1"', '"9"')
        )
    return _whole(chance, kind)


def _whole(chance: random.Random, kind: str) -> str:
    top = 1 << WIDTH[kind]
    if kind in SIGNED:
        return f"{kind}#{chance.choice((0, 1, -1, 3, -7, top // 2 - 1, 1 - top // 2, 100))}"
    value = chance.choice((0, 1, 2, 5, top - 1, top // 2, 100))
    return f"{kind}#16#{value:X}" if kind in BITS else f"{kind}#{value}"


def _text(chance: random.Random, *, wide: bool) -> str:
    quote = '"' if wide else "'"
    special = ("$0041", "$2192") if wide else ("$41", "$FF")
    return quote + "".join(chance.choices((*_PIECES, *special), k=chance.choice((0, 1, 1, 2, 4)))) + quote
