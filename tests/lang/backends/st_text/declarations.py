"""Sections of variables: written, and entered into the scope of their body."""

import random
from collections.abc import Sequence

from st_text import pointers
from st_text.kinds import INTEGERS, any_kind, literal
from st_text.scope import Block, Instance, Pointer, Scope, Variable, Whole, open_row
from st_text.types import Types

DEPTH_MAX = 3
"""Levels of statements in statements; each level has a control variable of its own for FOR."""
INSTANCES_MAX = 4
ROW_ELEMENTS = ("DINT", "REAL", "BOOL")
"""Of most arrays, so that what takes arrays of any bounds finds some."""
TIMERS = (
    *(Block(n, (("IN", "BOOL"), ("PT", "TIME")), (("Q", "BOOL"), ("ET", "TIME"))) for n in ("TON", "TOF", "TP")),
    Block("TON_LTIME", (("IN", "BOOL"), ("PT", "LTIME")), (("Q", "BOOL"), ("ET", "LTIME"))),
    Block("CTU", (("CU", "BOOL"), ("R", "BOOL"), ("PV", "INT")), (("Q", "BOOL"), ("CV", "INT"))),
    Block("CTD_DINT", (("CD", "BOOL"), ("LD", "BOOL"), ("PV", "DINT")), (("Q", "BOOL"), ("CV", "DINT"))),
    Block("R_TRIG", (("CLK", "BOOL"),), (("Q", "BOOL"),)),
    Block("F_TRIG", (("CLK", "BOOL"),), (("Q", "BOOL"),)),
    Block("SR", (("S1", "BOOL"), ("R", "BOOL")), (("Q1", "BOOL"),)),
)
"""Blocks of the standard."""


class Declarer:
    """Writes the sections of one body and fills its scope."""

    def __init__(self, chance: random.Random, types: Types, scope: Scope) -> None:
        self._chance = chance
        self._types = types
        self.scope = scope

    def enter(self, name: str, type_: str, **other: bool) -> None:
        """A variable of any type but a block, with all that is in it."""
        singles, wholes = self._types.parts(type_)
        self.scope.variables += [part.of(name, **other) for part in singles]
        flags = {key: value for key, value in other.items() if key != "varies"}
        self.scope.wholes += [whole.of(name, **flags) for whole in wholes]

    def parameters(self, section: str, given: Sequence[tuple[str, str]], *, edges: bool = False) -> list[str]:
        """VAR_INPUT, VAR_OUTPUT or VAR_IN_OUT; BOOL inputs are edges at times."""
        if not given:
            return []
        lines = [section]
        for name, type_ in given:
            start = self._types.initial(type_) if section != "VAR_IN_OUT" and self._chance.random() < 0.5 else ""
            edge = ""
            if edges and type_ == "BOOL" and self._chance.random() < 0.4:
                start, edge = "", self._chance.choice((" R_EDGE", " F_EDGE"))
            lines.append(f"    {name} : {type_}{edge}{f' := {start}' if start else ''};")
            self.enter(name, type_, lasting=section != "VAR_IN_OUT", writable=not edge)
        return [*lines, "END_VAR"]

    def of_a_call(self, stem: str) -> list[str]:
        """VAR of a FUNCTION or METHOD, whose addresses may be taken while it runs."""
        *lines, end = self.variables("VAR", stem, lasting=False, most=3)
        return [*lines, *pointers.declared(self._chance, self.scope, most=1), end]

    def variables(self, section: str, stem: str, *, lasting: bool, most: int = 5) -> list[str]:
        """Single values, arrays, structures and control variables."""
        chance, types, lines = self._chance, self._types, [section]
        for number in range(chance.randint(2, most)):
            type_, name = types.single(), f"{stem}{number}"
            lines.append(f"    {name} : {type_} := {types.initial(type_)};")
            self.enter(name, type_, lasting=lasting)
        arrays = range(chance.randint(0, 2))
        elements = [chance.choice(ROW_ELEMENTS) if chance.random() < 0.6 else types.single() for _ in arrays]
        lines += [self._array(f"{stem}a{n}", element, lasting=lasting) for n, element in enumerate(elements)]
        for number, type_ in enumerate(chance.sample(types.composites, chance.choice((0, 1, 1, 2)))):
            names = [f"{stem}p{number}", f"{stem}q{number}"]
            lines.append(f"    {', '.join(names)} : {type_};")
            for name in names:
                self.enter(name, type_, lasting=lasting)
        for level in range(DEPTH_MAX + 1):
            kind = chance.choice(("DINT", "DINT", *INTEGERS))
            counter = Variable(f"{stem}c{level}", kind, kind, writable=False, lasting=False)
            lines.append(f"    {counter.name} : {kind};")
            self.scope.variables.append(counter)
            self.scope.counters.append(counter)
        return [*lines, "END_VAR"]

    def constants(self) -> list[str]:
        """VAR CONSTANT."""
        kinds = [any_kind(self._chance) for _ in range(2)]
        for number, kind in enumerate(kinds):
            self.enter(f"k{number}", kind, writable=False, lasting=False, varies=False)
        lines = [f"    k{number} : {kind} := {literal(self._chance, kind)};" for number, kind in enumerate(kinds)]
        return ["VAR CONSTANT", *lines, "END_VAR"]

    def instances(self, blocks: Sequence[Block], *, interfaces: bool = False) -> list[str]:
        """Instances of blocks and arrays of them, references, and interface variables."""
        chance, lines = self._chance, ["VAR"]
        for number, block in enumerate(chance.sample(blocks, min(len(blocks), chance.randint(1, INSTANCES_MAX)))):
            if chance.random() < 0.3:
                lines.append(f"    ia{number} : ARRAY [0..2] OF {block.name};")
                self._instance(Instance(f"ia{number}[{{}}]", block, ((0, 2),)))
            else:
                start = f" := ({block.inputs[0][0]} := {literal(chance, block.inputs[0][1])})" if block.inputs else ""
                lines.append(f"    i{number} : {block.name}{start if chance.random() < 0.3 else ''};")
                self._instance(Instance(f"i{number}", block))
        for number, block in enumerate(chance.sample(TIMERS, chance.randint(0, 2))):
            lines.append(f"    std{number} : {block.name};")
            self._instance(Instance(f"std{number}", block))
        lines += self._references() + pointers.declared(chance, self.scope, leading=True)
        objects = [block for block in blocks if block.interface]
        if interfaces and objects:
            lines.append(f"    via0, via1 : {objects[0].interface};")
            self.scope.interfaces += [("via0", objects[0]), ("via1", objects[0])]
        return [*lines, "END_VAR"]

    def _array(self, name: str, type_: str, *, lasting: bool) -> str:
        chance = self._chance
        low = chance.choice((0, 1, 1, -2))
        bounds = [(low, low + chance.randint(1, 4)), (1, chance.randint(2, 3))][: chance.choice((1, 1, 2))]
        count = 1
        for first, last in bounds:
            count *= last - first + 1
        singles, wholes = self._types.parts(type_)
        subscripts = f"{name}[{', '.join('{}' for _ in bounds)}]"
        self.scope.variables += [part.of(subscripts, tuple(bounds), lasting=lasting) for part in singles]
        self.scope.wholes += [whole.of(subscripts, tuple(bounds), lasting=lasting) for whole in wholes]
        if len(bounds) == 1:
            self.scope.rows.append(Whole(name, open_row(type_), lasting=False))
        spans = ", ".join(f"{first}..{last}" for first, last in bounds)
        start = f" := [{count}({self._types.initial(type_)})]" if len(bounds) == 1 else ""
        return f"    {name} : ARRAY [{spans}] OF {type_}{start};"

    def open_in_out(self, name: str, element: str) -> list[str]:
        """A VAR_IN_OUT of any bounds; its elements are reached from its lower bound, in range or not."""
        self.scope.rows.append(Whole(name, open_row(element), lasting=False))
        at = f"{name}[LOWER_BOUND({name}, 1) + ABS(step MOD 4)]"
        self.scope.variables += [part.of(at, lasting=False) for part in self._types.parts(element)[0]]
        self.scope.variables.append(Variable("step", "DINT", "DINT", lasting=False))
        lines = ["VAR_IN_OUT", f"    {name} : {open_row(element)};", "END_VAR", "VAR", "    step : DINT;", "END_VAR"]
        return [*lines, f"step := UPPER_BOUND({name}, 1);"]

    def _instance(self, instance: Instance) -> None:
        self.scope.instances.append(instance)
        for parts, writable in ((instance.block.inputs, True), (instance.block.outputs, False)):
            for name, type_ in parts:
                singles, _ = self._types.parts(type_)
                at = f"{instance.name}.{name}"
                self.scope.variables += [part.of(at, instance.bounds, writable=writable) for part in singles]

    def _references(self) -> list[str]:
        lines = []
        for number in range(self._chance.choice((0, 1, 2))):
            lasting = [v for v in self.scope.variables if v.lasting and v.writable]
            wholes = [w for w in self.scope.wholes if w.lasting]
            types = [v.declared for v in lasting] + [w.type for w in wholes]
            if types:
                type_ = self._chance.choice(types)
                lines.append(f"    ref{number} : REF_TO {type_};")
                self.scope.references.append(Pointer(f"ref{number}", type_))
        for pointer in self.scope.references:
            self.enter(f"{pointer.name}^", pointer.target, lasting=False)
        return lines


def global_section(chance: random.Random, types: Types) -> tuple[list[str], list[tuple[str, str]]]:
    """VAR_GLOBAL, and the names and types in it but those of variables at an address."""
    made = [(f"g{number}", types.single()) for number in range(6)] + [("gs", "INNER")]
    lines = [f"    {name} : {type_}{f' := {s}' if (s := types.initial(type_)) else ''};" for name, type_ in made]
    return ["VAR_GLOBAL", *lines, "END_VAR"], made


def wholes_of(scope: Scope, type_: str) -> list[Whole]:
    """Structures and arrays of one type."""
    return [whole for whole in scope.wholes if whole.type == type_]
