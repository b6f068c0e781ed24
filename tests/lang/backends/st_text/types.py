"""The TYPEs of a program: enumerations, subranges, an alias, structures in structures, arrays of one and two dimensions
with names of their own; and what lies in each.
"""

import random

from st_text.kinds import ENUMS, any_kind, literal
from st_text.scope import Variable, Whole

SUBRANGES = {"PERCENT": ("INT", 0, 100), "WARM": ("SINT", -10, 30), "FEW": ("UINT", 1, 7)}
ALIASES = {"COUNT": "DINT"}
_PLAIN = f"""\
    MODE : ({", ".join(ENUMS["MODE"])});
    GRADE : USINT (LOW := 1, MIDDLE := 50, HIGH := 200) := MIDDLE;
    PERCENT : INT (0..100);
    WARM : SINT (-10..30) := 20;
    FEW : UINT (1..7);
    COUNT : DINT;
"""


class Types:
    """The types of one program; `text` declares them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._parts: dict[str, tuple[list[Variable], list[Whole]]] = {}
        lines = [self._structure("INNER", []), self._structure("OUTER", ["INNER"])]
        lines += [self._array("ROW", "INNER"), self._array("GRID", any_kind(chance))]
        self.text = f"TYPE\n{_PLAIN}{''.join(lines)}END_TYPE\n"

    @property
    def composites(self) -> tuple[str, ...]:
        """The structures and named arrays."""
        return tuple(self._parts)

    def single(self) -> str:
        """A type of a single value, as it is declared."""
        chance = self._chance
        if chance.random() < 0.12:
            return chance.choice((*SUBRANGES, *ALIASES))
        kind = any_kind(chance)
        return f"{kind}[{chance.choice((1, 5, 12))}]" if kind.endswith("STRING") and chance.random() < 0.5 else kind

    def parts(self, type_: str) -> tuple[list[Variable], list[Whole]]:
        """The single values and the composites in a value of a type; its own whole first."""
        return self._parts.get(type_) or ([Variable("", kind_of(type_), type_)], [])

    def initial(self, type_: str) -> str:
        """An initial value; empty where there is none to write in a line."""
        if type_ in SUBRANGES:
            return str(self._chance.randint(*SUBRANGES[type_][1:]))
        return "" if type_ in self._parts else literal(self._chance, kind_of(type_))

    def _structure(self, name: str, inner: list[str]) -> str:
        chance = self._chance
        types = [*(self.single() for _ in range(chance.randint(2, 4))), *inner]
        fields, parts, wholes = [], [], [Whole("", name)]
        for number, type_ in enumerate(types):
            length = chance.choice((0, 0, 0, 2))
            written = f"ARRAY [1..{length}] OF {type_}" if length else type_
            start = self.initial(type_) if chance.random() < 0.6 else ""
            value = f" := [{length}({start})]" if start and length else f" := {start}" if start else ""
            fields.append(f"f{number} : {written}{value};")
            at, bounds = (f".f{number}[{{}}]", ((1, length),)) if length else (f".f{number}", ())
            singles, composites = self.parts(type_)
            parts += [part.of(at, bounds) for part in singles]
            wholes += [whole.of(at, bounds) for whole in composites]
        self._parts[name] = (parts, wholes)
        return f"    {name} : STRUCT {' '.join(fields)} END_STRUCT;\n"

    def _array(self, name: str, element: str) -> str:
        low = self._chance.choice((0, 1, -1))
        bounds = ((low, low + 1), (1, self._chance.randint(2, 3)))[: 2 if element != "INNER" else 1]
        subscripts = f"[{', '.join('{}' for _ in bounds)}]"
        singles, composites = self.parts(element)
        parts = [part.of(subscripts, bounds) for part in singles]
        wholes = [Whole("", name), *(whole.of(subscripts, bounds) for whole in composites)]
        self._parts[name] = (parts, wholes)
        return f"    {name} : ARRAY [{', '.join(f'{a}..{b}' for a, b in bounds)}] OF {element};\n"


def kind_of(type_: str) -> str:
    """The type that a value of a declared type is read as."""
    if type_ in SUBRANGES:
        return SUBRANGES[type_][0]
    return ALIASES.get(type_, type_.partition("[")[0])
