"""Expressions of a wanted type: leaves, and the choice among what the topics offer."""

import random
from collections.abc import Sequence

from st_text import calls, clocks, conversions, logic, numbers, selection, texts
from st_text.kinds import BITS, CHARS, CLOCKS, DURATIONS, ENUMS, INTEGERS, REALS, TEXTS, literal
from st_text.scope import Bounds, Instance, Scope, Signature, Variable, Whole

_OPERATIONS = {
    "BOOL": logic.boolean,
    **dict.fromkeys(INTEGERS, numbers.integer),
    **dict.fromkeys(BITS, numbers.bits),
    **dict.fromkeys(REALS, numbers.real),
    **dict.fromkeys(DURATIONS, clocks.duration),
    **dict.fromkeys(CLOCKS, clocks.date),
    **dict.fromkeys(TEXTS, texts.text),
    **dict.fromkeys((*CHARS, *ENUMS), selection.chosen),
}


class Writer:
    """Writes expressions over a scope; what the topics are given."""

    def __init__(self, chance: random.Random, scope: Scope, functions: Sequence[Signature]) -> None:
        self.chance = chance
        self.scope = scope
        self.functions = functions

    def expression(self, kind: str, depth: int) -> str:
        """An expression of exactly this type, at most `depth` operations deep."""
        if depth <= 0:
            return self.leaf(kind, depth)
        roll = self.chance.random()
        if roll < 0.25:
            return self.leaf(kind, depth - 1)
        if roll < 0.4:
            return conversions.conversion(self, kind, depth - 1)
        if roll < 0.48:
            return selection.chosen(self, kind, depth - 1)
        if roll < 0.58:
            return calls.value(self, kind, depth - 1) or self.leaf(kind, depth - 1)
        return _OPERATIONS[kind](self, kind, depth - 1)

    def leaf(self, kind: str, depth: int = 0) -> str:
        """A variable or literal."""
        found = self.scope.readable(kind)
        if not found or self.chance.random() < 0.2:
            return literal(self.chance, kind)
        return self.place(self.chance.choice(found), depth)

    def varying(self, kind: str) -> str | None:
        """A variable whose value the compiler does not know; None when there is none."""
        found = [v for v in self.scope.readable(kind) if v.varies]
        return self.place(self.chance.choice(found), 0) if found else None

    def place(self, what: Variable | Whole | Instance, depth: int = 0) -> str:
        """Its name, subscripts written."""
        return what.name.format(*self._subscripts(what.bounds, depth)) if what.bounds else what.name

    def _subscripts(self, bounds: Bounds, depth: int) -> list[str]:
        return [self._subscript(low, high, depth) for low, high in bounds]

    def _subscript(self, low: int, high: int, depth: int) -> str:
        """Mostly in range; when it is not, it faults."""
        chance = self.chance
        plain = [v for v in self.scope.readable("DINT") if v.varies and not v.bounds]
        if chance.random() < 0.5 or not plain:
            return str(chance.randint(low, high))
        value = chance.choice(plain).name
        if depth > 1 and chance.random() < 0.5:
            value = f"({value} + {self.expression('DINT', depth - 2)})"
        return f"DINT#{low} + ABS({value} MOD DINT#{high - low + 1 + chance.choice((0, 0, 0, 1))})"
