"""The value of an expression where a debugger stands: variables, literals and operators, as ST has them.

Calls are left out: looking must not change what is looked at. Numbers are exact (whole numbers do not wrap).
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.core.diagnostic import Source, has_errors
from runtime.core.elementary import Value
from runtime.lang import tree
from runtime.lang.editor.written import value_text
from runtime.lang.syntax.literals import read_literal
from runtime.lang.syntax.parse import parse

NAME = "expression"


class CannotEvaluate(Exception):
    """What stands in the way, for the user."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value with the name of its type (empty: by its look) and, of an enumeration, its values."""

    value: Value | str
    type_name: str = ""
    labels: tuple[tuple[str, int], ...] = ()


Lookup = Callable[[str], Seen | None]
"""A variable by the name it has where the program stands."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_LOGIC: dict[str, Callable[[Any, Any], Any]] = {
    "AND": operator.and_, "OR": operator.or_, "XOR": operator.xor, "AND_THEN": operator.and_, "OR_ELSE": operator.or_,
}  # fmt: skip
_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "**": operator.pow,
}  # fmt: skip


def read_expression(text: str) -> tree.Expr:
    """The tree of an expression; raises CannotEvaluate with what is wrong."""
    file, found = parse(Source(NAME, f"PROGRAM p\nx := {text};\nEND_PROGRAM\n"))
    body = file.pous[0].body if file.pous else ()
    if has_errors(found) or len(body) != 1 or not isinstance(body[0], tree.Assign):
        why = next((d.message for d in found), "it is no expression")
        raise CannotEvaluate(f"'{text}': {why}")
    return body[0].value


def evaluate(node: tree.Expr, lookup: Lookup) -> Seen:
    """Its value now. Raises CannotEvaluate for a name that is not here, a call, or operands that do not fit."""
    match node:
        case tree.Group():
            return evaluate(node.inner, lookup)
        case tree.Literal():
            return _literal(node)
        case tree.Name() | tree.Field() | tree.Subscript():
            return _variable(node, lookup)
        case tree.Unary():
            return _unary(node, lookup)
        case tree.Binary():
            return _binary(node, lookup)
        case _:
            raise CannotEvaluate(f"only variables, literals and operators can be looked at, not '{value_text(node)}'")


def _literal(node: tree.Literal) -> Seen:
    read = read_literal(node.text)
    if read.label:
        return Seen(read.label)
    if read.problem or read.type is None:
        raise CannotEvaluate(read.problem or f"'{node.text}' cannot be read")
    return Seen(read.value, getattr(read.type, "name", "") if "#" in node.text else "")


def _variable(node: tree.Expr, lookup: Lookup) -> Seen:
    name = _path(node, lookup)
    found = lookup(name)
    if found is None:
        raise CannotEvaluate(f"no variable '{name}'")
    return found


def _path(node: tree.Expr, lookup: Lookup) -> str:
    """The name with its subscripts worked out."""
    match node:
        case tree.Name():
            return node.text
        case tree.Field():
            return f"{_path(node.base, lookup)}.{node.name.text}"
        case tree.Subscript():
            indices = ",".join(str(evaluate(i, lookup).value) for i in node.indices)
            return f"{_path(node.base, lookup)}[{indices}]"
        case _:
            raise CannotEvaluate(f"'{value_text(node)}' is no variable")


def _unary(node: tree.Unary, lookup: Lookup) -> Seen:
    seen = evaluate(node.operand, lookup)
    if node.op == "NOT" and isinstance(seen.value, bool):
        return Seen(not seen.value)
    if isinstance(seen.value, int | float) and not isinstance(seen.value, bool) and node.op in ("-", "+"):
        return Seen(-seen.value if node.op == "-" else seen.value, seen.type_name)
    raise CannotEvaluate(f"{node.op} does not fit '{value_text(node.operand)}'")


def _binary(node: tree.Binary, lookup: Lookup) -> Seen:
    left, right = _sides(node, lookup)
    op, a, b = node.op, left.value, right.value
    try:
        if op in _COMPARE:
            return Seen(bool(_COMPARE[op](a, b)))
        if op in _LOGIC and isinstance(a, bool) == isinstance(b, bool):
            return Seen(_LOGIC[op](a, b), left.type_name)
        kind = left.type_name or right.type_name
        if op in ("/", "MOD"):
            return Seen(_divided(op, a, b), kind)
        if op in _NUMBERS:
            return Seen(_NUMBERS[op](a, b), kind)
    except (TypeError, OverflowError, ZeroDivisionError) as misfit:
        raise CannotEvaluate(f"'{value_text(node)}': {misfit}") from misfit
    raise CannotEvaluate(f"{op} does not fit '{value_text(node.left)}' and '{value_text(node.right)}'")


def _sides(node: tree.Binary, lookup: Lookup) -> tuple[Seen, Seen]:
    """Both sides; beside an enumeration a name that is no variable is one of its values."""
    sides: list[Seen | None] = []
    for side in (node.left, node.right):
        name = side.text if isinstance(side, tree.Name) else ""
        sides.append(None if name and lookup(name) is None else evaluate(side, lookup))
    kind = next((s for s in sides if s is not None and s.labels), None)
    made: list[Seen] = []
    for side, seen in zip((node.left, node.right), sides, strict=True):
        text = seen.value if seen is not None and isinstance(seen.value, str) else getattr(side, "text", "")
        label = next((n for name, n in kind.labels if name.lower() == text.lower()), None) if kind is not None else None
        if label is not None and (seen is None or isinstance(seen.value, str)):
            made.append(Seen(label))
        else:
            made.append(seen if seen is not None else _variable(side, lookup))
    return made[0], made[1]


def _divided(op: str, a: Value | str, b: Value | str) -> Value:
    """As ST divides: whole numbers towards 0, the remainder with the sign of the dividend (spec rules 2 and 3)."""
    if isinstance(a, int) and isinstance(b, int):
        whole = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return whole if op == "/" else a - whole * b
    if isinstance(a, int | float) and isinstance(b, int | float):
        if op == "MOD":
            return math.fmod(a, b)
        return a / b
    raise TypeError("no numbers")
