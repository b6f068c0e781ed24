"""BOOL: comparisons of all types, logic, bits of words, and the named extensions that give one."""

from typing import TYPE_CHECKING

from st_text.kinds import BITS, ENUMS, INTEGERS, KINDS, WIDTH

if TYPE_CHECKING:
    from st_text.expressions import Writer

_COMPARE = ("=", "<>", "<", "<=", ">", ">=")
_NAMED = ("EQ", "NE", "LT", "LE", "GT", "GE")


def boolean(writer: "Writer", _: str, depth: int) -> str:
    """An operation that gives a BOOL."""
    chance, roll = writer.chance, writer.chance.random()
    if roll < 0.5:
        return _comparison(writer, depth)
    if roll < 0.6:
        return f"NOT ({writer.expression('BOOL', depth)})"
    if roll < 0.7:
        return bit(writer) or "FIRST_SCAN()"
    left, right = writer.expression("BOOL", depth), writer.expression("BOOL", depth)
    if roll < 0.78:
        return f"{chance.choice(('AND', 'OR', 'XOR'))}({left}, {right}, {writer.leaf('BOOL')})"
    return f"({left} {chance.choice(('AND', 'OR', 'XOR', 'AND_THEN', 'OR_ELSE', '&'))} {right})"


def bit(writer: "Writer", *, writable: bool = False) -> str | None:
    """A bit of a variable, `w.3` or `w.%X3`; None when there is no word."""
    return part(writer, ("", "%X"), 1, writable=writable)


def part(writer: "Writer", marks: tuple[str, ...], size: int, *, writable: bool = False) -> str | None:
    """A part of `size` bits of a variable that is wider."""
    found = [
        v
        for v in writer.scope.variables
        if v.kind in (*INTEGERS, *BITS)
        and v.declared == v.kind
        and WIDTH[v.kind] > size
        and v.varies
        and not v.name.startswith("%")
        and (v.writable or not writable)
    ]
    if not found:
        return None
    variable = writer.chance.choice(found)
    number = writer.chance.randrange(WIDTH[variable.kind] // size)
    return f"{writer.place(variable)}.{writer.chance.choice(marks)}{number}"


def _comparison(writer: "Writer", depth: int) -> str:
    chance, kind = writer.chance, writer.chance.choice(KINDS)
    left, right = writer.expression(kind, depth), writer.expression(kind, depth)
    if kind in ENUMS or kind == "BOOL":
        return f"({left} {chance.choice(('=', '<>'))} {right})"
    if chance.random() < 0.15:
        third = "" if (name := chance.choice(_NAMED)) == "NE" else f", {writer.leaf(kind)}"
        return f"{name}({left}, {right}{third})"
    return f"({left} {chance.choice(_COMPARE)} {right})"
