"""MIN, MAX, LIMIT, SEL, MUX and MOVE, for the types that each takes; with EN and ENO at times."""

from typing import TYPE_CHECKING

from st_text import calls
from st_text.kinds import ENUMS

if TYPE_CHECKING:
    from st_text.expressions import Writer


def chosen(writer: "Writer", kind: str, depth: int) -> str:
    """One of several values."""
    chance = writer.chance
    one, two = writer.expression(kind, depth), writer.expression(kind, depth)
    roll = chance.random()
    if roll < 0.1:
        given = f"G := {writer.leaf('BOOL')}", f"IN0 := {one}", f"IN1 := {two}"
        return f"SEL({', '.join((*calls.enabling(writer, depth, en=0.8, eno=0.5), *given))})"
    if kind == "BOOL" or kind in ENUMS or roll < 0.3:
        return f"SEL({writer.expression('BOOL', depth)}, {one}, {two})"
    if roll < 0.45:
        return f"MUX({writer.leaf(chance.choice(('INT', 'USINT', 'DINT')))}, {one}, {two}, {writer.leaf(kind)})"
    if roll < 0.5:
        return f"MOVE({one})"
    if roll < 0.65:
        return f"LIMIT({one}, {two}, {writer.leaf(kind)})"
    return f"{chance.choice(('MIN', 'MAX'))}({one}, {two})"
