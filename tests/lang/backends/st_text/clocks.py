"""Durations, dates, times of day and both together: their arithmetic and functions (3rd edition, table 35)."""

from typing import TYPE_CHECKING

from st_text.kinds import DATES

if TYPE_CHECKING:
    from st_text.expressions import Writer


def duration(writer: "Writer", kind: str, depth: int) -> str:
    """An operation that gives TIME or LTIME."""
    chance, long = writer.chance, "L" if kind == "LTIME" else ""
    one, roll = writer.expression(kind, depth), chance.random()
    if roll < 0.35:
        return f"({one} {chance.choice('+-')} {writer.expression(kind, depth)})"
    if roll < 0.5:
        return f"({one} * {writer.expression(chance.choice(('DINT', 'REAL', 'LREAL')), depth)})"
    if roll < 0.6:
        divisor = writer.varying(chance.choice(("INT", "REAL", "LINT")))
        return f"({one} / {divisor})" if divisor else one
    if roll < 0.75:
        stamp = long + chance.choice(("DT", "TOD", "DATE"))
        left, right = writer.expression(stamp, depth), writer.expression(stamp, depth)
        return f"({left} - {right})" if chance.random() < 0.6 else f"SUB_{stamp}_{stamp}({left}, {right})"
    if roll < 0.85:
        return f"ABS({one})" if chance.random() < 0.5 else f"(-({one}))"
    if long:
        return f"ADD_LTIME({one}, {writer.leaf(kind)})"
    return chance.choice(("TIME()", "SCAN_DT()", f"MUL_TIME({one}, {writer.leaf('INT')})"))


def date(writer: "Writer", kind: str, depth: int) -> str:
    """An operation that gives a date, a time of day, or both."""
    chance, long = writer.chance, "L" if kind.startswith("L") else ""
    one = writer.expression(kind, depth)
    if kind == "DATE" and chance.random() < 0.5:
        year = f"({writer.leaf('INT')} MOD 200 + 1990)"
        return f"CONCAT_DATE({year}, {writer.leaf('INT')}, {writer.leaf('USINT')})"
    if kind == "TOD" and chance.random() < 0.3:
        return f"CONCAT_TOD({', '.join(writer.leaf('INT') for _ in range(4))})"
    if kind == "DT" and chance.random() < 0.3:
        return f"CONCAT_DATE_TOD({writer.expression('DATE', depth)}, {writer.expression('TOD', depth)})"
    if kind in DATES:
        return f"{long}DT_TO_{kind}({writer.expression(f'{long}DT', depth)})"
    amount = writer.expression(f"{long}TIME", depth)
    if chance.random() < 0.3:
        return f"{chance.choice(('ADD', 'SUB'))}_{kind}_{long}TIME({one}, {amount})"
    return f"({one} {chance.choice('+-')} {amount})"
