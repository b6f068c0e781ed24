"""Blocks of statements over a scope: every statement of the language."""

import random
from collections.abc import Callable, Sequence

from st_text import calls, pointers
from st_text.declarations import DEPTH_MAX, wholes_of
from st_text.expressions import Writer
from st_text.kinds import ENUMS, INTEGERS, UNSIGNED, any_kind
from st_text.numbers import part_target
from st_text.scope import Scope, Signature
from st_text.types import SUBRANGES

STATEMENTS_MAX = 3


class Statements:
    """Writes statements; `body` is the entry."""

    def __init__(self, chance: random.Random, scope: Scope, functions: Sequence[Signature]) -> None:
        self._chance = chance
        self._scope = scope
        self._writer = Writer(chance, scope, functions)
        simple = [self._assign] * 6 + [self._copy, self._part, self._refer, self._hold]
        self._simple: list[Callable[[int], list[str]]] = [
            *simple,
            *[lambda _: calls.instance(self._writer, 2)] * 2,
            lambda _: calls.statement(self._writer, 2),
            lambda _: pointers.statement(self._writer),
            lambda _: calls.set_property(self._writer, 2),
        ]
        self._nested = [self._if, self._if, self._case, self._case_of_enum, self._for, self._for, self._while]
        self._nested.append(self._repeat)

    def body(self, depth: int = 1, most: int = STATEMENTS_MAX) -> list[str]:
        """Some statements, indented."""
        made = [line for _ in range(self._chance.randint(1, most)) for line in self._statement(depth)]
        return ["    " + line for line in made]

    def condition(self) -> str:
        """A BOOL expression."""
        return self._writer.expression("BOOL", 2)

    def _statement(self, depth: int) -> list[str]:
        simple = depth >= DEPTH_MAX or self._chance.random() < 0.65
        return self._chance.choice(self._simple if simple else self._nested)(depth)

    def _assign(self, _: int) -> list[str]:
        chance, writer = self._chance, self._writer
        targets = [v for v in self._scope.variables if v.writable]
        if not targets:
            return []
        kind = any_kind(chance)
        target = chance.choice(self._scope.writable(kind) or targets)
        value = writer.expression(target.kind, chance.choice((1, 2, 2, 3)))
        if target.declared in SUBRANGES:  # a constant outside would be refused
            varying = writer.varying(target.kind)
            value = f"{varying} + {value}" if varying else f"{SUBRANGES[target.declared][2]}"
        return [f"{writer.place(target, 2)} := {value};"]

    def _copy(self, _: int) -> list[str]:
        targets = [whole for whole in self._scope.wholes if whole.writable]
        if not targets:
            return []
        target = self._chance.choice(targets)
        source = self._chance.choice(wholes_of(self._scope, target.type))
        return [f"{self._writer.place(target, 1)} := {self._writer.place(source, 1)};"]

    def _part(self, _: int) -> list[str]:
        found = part_target(self._writer)
        return [f"{found[0]} := {self._writer.expression(found[1], 2)};"] if found else []

    def _refer(self, _: int) -> list[str]:
        if not self._scope.references:
            return []
        pointer = self._chance.choice(self._scope.references)
        targets = [w for w in self._scope.declared(pointer.target) if w.lasting]
        if not targets or self._chance.random() < 0.1:
            return [f"{pointer.name} := NULL;"]
        target = self._writer.place(self._chance.choice(targets))
        return [self._chance.choice((f"{pointer.name} := REF({target});", f"{pointer.name} REF= {target};"))]

    def _hold(self, _: int) -> list[str]:
        """An interface variable gets an instance, or what another holds."""
        if not self._scope.interfaces:
            return []
        name, shown = self._chance.choice(self._scope.interfaces)
        values = [self._writer.place(i) for i in self._scope.instances if i.block.interface == shown.interface]
        values += [other for other, _ in self._scope.interfaces] + ["NULL"]
        return [f"{name} := {self._chance.choice(values)};"]

    def _if(self, depth: int) -> list[str]:
        lines = [f"IF {self.condition()} THEN", *self.body(depth + 1)]
        for _ in range(self._chance.choice((0, 0, 1, 2))):
            lines += [f"ELSIF {self.condition()} THEN", *self.body(depth + 1)]
        otherwise = ["ELSE", *self.body(depth + 1)] if self._chance.random() < 0.5 else []
        return [*lines, *otherwise, *self._jump(), "END_IF"]

    def _jump(self) -> list[str]:
        roll = self._chance.random()
        if self._scope.loops and roll < 0.4:
            return [f"    {self._chance.choice(('EXIT', 'CONTINUE'))};"]
        return ["    RETURN;"] if roll > 0.97 else []

    def _case(self, depth: int) -> list[str]:
        kind = self._chance.choice(INTEGERS)
        lines, low = [f"CASE {self._writer.expression(kind, 2)} OF"], 0 if kind in UNSIGNED else -4
        for _ in range(self._chance.randint(1, 4)):
            high = min(low + self._chance.choice((0, 0, 1, 20)), 120)
            further = f", {high + 2}" if self._chance.random() < 0.2 else ""
            lines += [f"{low}..{high}{further}:" if high > low else f"{low}{further}:", *self.body(depth + 1)]
            low = high + 3
        return [*lines, *(["ELSE", *self.body(depth + 1)] if self._chance.random() < 0.6 else []), "END_CASE"]

    def _case_of_enum(self, depth: int) -> list[str]:
        kind = self._chance.choice(tuple(ENUMS))
        lines = [f"CASE {self._writer.expression(kind, 1)} OF"]
        for label in self._chance.sample(ENUMS[kind], 2):
            lines += [f"{kind}#{label}:", *self.body(depth + 1)]
        return [*lines, "ELSE", *self.body(depth + 1), "END_CASE"]

    def _loop_body(self, depth: int) -> list[str]:
        self._scope.loops += 1
        lines = self.body(depth + 1)
        self._scope.loops -= 1
        return lines

    def _waiting_body(self, depth: int) -> list[str]:
        """Of a loop that may wait for ever: most are left, the others are cut by the task's budget."""
        leave = "    EXIT;" if self._chance.random() < 0.5 else f"    IF {self.condition()} THEN EXIT; END_IF"
        return [*self._loop_body(depth), *([leave] if self._chance.random() < 0.8 else [])]

    def _for(self, depth: int) -> list[str]:
        counter, chance = self._scope.counters[depth], self._chance
        low = 0 if counter.kind in UNSIGNED else chance.randint(-2, 3)
        varying = self._writer.varying(counter.kind)
        steps = ["", "", " BY 2", *([] if counter.kind in UNSIGNED else [" BY -1"])]
        step = chance.choice([*steps, *([f" BY {varying}"] if varying else [])])
        head = f"FOR {counter.name} := {low} TO {chance.randint(0, 6)}{step} DO"
        return [head, *self._loop_body(depth), "END_FOR;"]

    def _while(self, depth: int) -> list[str]:
        return [f"WHILE {self.condition()} DO", *self._waiting_body(depth), "END_WHILE;"]

    def _repeat(self, depth: int) -> list[str]:
        return ["REPEAT", *self._waiting_body(depth), f"UNTIL {self.condition()} END_REPEAT;"]
