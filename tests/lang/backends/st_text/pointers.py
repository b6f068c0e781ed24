"""POINTER TO: addresses of whole numbers, bit strings and strings, moved within their object and past its ends.

Real numbers are left alone: byte by byte a program sees which NaN an operation made, which is the processor's choice.
"""

import random

from st_text.expressions import Writer
from st_text.kinds import BITS, INTEGERS
from st_text.scope import Pointer, Scope, Variable

_SEEN_AS = ("BYTE", "BYTE", "WORD", "DINT", "ULINT")


def declared(chance: random.Random, scope: Scope, *, most: int = 2, leading: bool = False) -> list[str]:
    """Declarations of some pointers, which are entered into the scope; `leading`: with addresses at times."""
    lines = []
    for number in range(chance.randint(0, most)):
        pointer = Pointer(f"ptr{number}", chance.choice(_SEEN_AS))
        begins = _address(chance, scope) if leading and chance.random() < 0.5 else ""
        lines.append(f"    {pointer.name} : POINTER TO {pointer.target}{begins};")
        scope.pointers.append(pointer)
        scope.variables.append(Variable(f"{pointer.name}^", pointer.target, pointer.target, lasting=False))
    return lines


def _address(chance: random.Random, scope: Scope) -> str:
    """An initial value; empty where nothing lasts that it could lead to."""
    found = [v for v in scope.variables if _may_be_pointed_at(v) and v.lasting and "^" not in v.name]
    if not found:
        return ""
    variable = chance.choice(found)
    return f" := ADR({variable.name.format(*(chance.randint(*bounds) for bounds in variable.bounds))})"


def statement(writer: Writer) -> list[str]:
    """An address taken, moved, copied or dropped."""
    chance, scope = writer.chance, writer.scope
    if not scope.pointers:
        return []
    pointer, roll = chance.choice(scope.pointers), chance.random()
    if roll < 0.1:
        return [f"{pointer.name} := NULL;"]
    if roll < 0.3:
        return [f"{pointer.name} := {pointer.name} {chance.choice('+-')} {chance.choice((1, 1, 2, 4, 8))};"]
    others = [other.name for other in scope.pointers if other.target == pointer.target]
    if roll < 0.4:
        return [f"{pointer.name} := {chance.choice(others)};"]
    targets = [v for v in scope.variables if _may_be_pointed_at(v)]
    if not targets:
        return []
    ahead = f" + {chance.randint(0, 4)}" if chance.random() < 0.3 else ""
    return [f"{pointer.name} := ADR({writer.place(chance.choice(targets))}){ahead};"]


def _may_be_pointed_at(variable: Variable) -> bool:
    return (
        variable.kind in (*INTEGERS, *BITS, "STRING") and variable.writable and not variable.declared.startswith("AT ")
    )
