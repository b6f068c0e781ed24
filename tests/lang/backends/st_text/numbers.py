"""Whole numbers, bit strings and reals: operators, their functional forms, numeric functions, shifts, parts."""

from typing import TYPE_CHECKING

from st_text.kinds import BITS, SIGNED, WIDTH
from st_text.logic import part

if TYPE_CHECKING:
    from st_text.expressions import Writer

_REAL_FUNCTIONS = ("ABS", "SQRT", "LN", "LOG", "EXP", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "FLOOR", "CEIL")
_SHIFTS = ("SHL", "SHR", "ROL", "ROR")
_BCD = {"USINT": "BYTE", "UINT": "WORD", "UDINT": "DWORD", "ULINT": "LWORD"}
_PARTS = {"BYTE": ("%B", 8), "WORD": ("%W", 16), "DWORD": ("%D", 32)}


def integer(writer: "Writer", kind: str, depth: int) -> str:
    """An operation on a type of whole numbers."""
    chance = writer.chance
    one = writer.expression(kind, depth)
    roll = chance.random()
    if roll < 0.45:
        return f"({one} {chance.choice('+-*')} {writer.expression(kind, depth)})"
    if roll < 0.6:
        divisor = writer.varying(kind)
        return f"({one} {chance.choice(('/', 'MOD'))} {divisor})" if divisor else one
    if roll < 0.7:
        return f"{chance.choice(('ADD', 'MUL'))}({one}, {writer.leaf(kind)}, {writer.leaf(kind)})"
    if roll < 0.8:
        return f"ABS({one})" if kind not in SIGNED or chance.random() < 0.5 else f"(-({one}))"
    if roll < 0.86:
        real = chance.choice(("REAL", "LREAL"))
        return f"{real}_TRUNC_{kind}({writer.expression(real, depth)})"
    if roll < 0.92 and kind == "INT":
        text = chance.choice(("STRING", "WSTRING"))
        found = (f"LEN({writer.expression(text, 1)})", f"FIND({writer.expression(text, 1)}, {writer.leaf(text)})")
        return chance.choice((*found, f"DAY_OF_WEEK({writer.expression('DATE', depth)})"))
    if roll < 0.92 and kind in _BCD:
        return f"{_BCD[kind]}_BCD_TO_{kind}({writer.expression(_BCD[kind], depth)})"
    return (
        f"({chance.choice(('NOT ', ''))}{one} {chance.choice(('AND', 'OR', 'XOR'))} {writer.expression(kind, depth)})"
    )


def bits(writer: "Writer", kind: str, depth: int) -> str:
    """An operation on a type of bit strings."""
    chance = writer.chance
    one = writer.expression(kind, depth)
    roll = chance.random()
    if roll < 0.5:
        return f"({one} {chance.choice(('AND', 'OR', 'XOR', '&'))} {writer.expression(kind, depth)})"
    if roll < 0.6:
        return f"NOT ({one})"
    if roll < 0.7 and kind in _PARTS:
        return part(writer, _PARTS[kind][:1], WIDTH[kind]) or one
    if roll < 0.78:
        number = next(n for n, b in _BCD.items() if b == kind)
        return f"{number}_TO_BCD_{kind}({writer.expression(number, depth)})"
    count = str(chance.randint(0, 70)) if chance.random() < 0.6 else writer.leaf("INT")
    return f"{chance.choice(_SHIFTS)}({one}, {count})"


def real(writer: "Writer", kind: str, depth: int) -> str:
    """An operation on a real type."""
    chance = writer.chance
    one = writer.expression(kind, depth)
    roll = chance.random()
    if roll < 0.5:
        return f"({one} {chance.choice('+-*/')} {writer.expression(kind, depth)})"
    if roll < 0.6:
        return f"(-({one}))"
    if roll < 0.68:
        return f"({one} ** {writer.expression(chance.choice((kind, 'INT')), depth)})"
    if roll < 0.74:
        return (
            f"{chance.choice(('ATAN2', 'EXPT', 'ADD', 'MUL', 'SUB', 'DIV'))}({one}, {writer.expression(kind, depth)})"
        )
    return f"{chance.choice(_REAL_FUNCTIONS)}({one})"


def part_target(writer: "Writer") -> tuple[str, str] | None:
    """A part that may be assigned, with its type."""
    kind = writer.chance.choice((*BITS[:3], "BOOL", "BOOL"))
    marks, size = (("", "%X"), 1) if kind == "BOOL" else ((_PARTS[kind][0],), _PARTS[kind][1])
    found = part(writer, marks, size, writable=True)
    return (found, kind) if found else None
