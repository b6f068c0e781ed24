"""Variables and tags: every elementary leaf of application memory by its name.

A *tag* is a leaf of a VAR_GLOBAL; it has a quality and a time stamp. Any other leaf (of a program instance) is a
*variable*: it can be watched and written, but not bound to a device. Names are case-insensitive and kept as declared:
`battery_1.soc_pct`, `rack[2].cell_mv[14]`, `main.pid_1.out`.
"""

import difflib
import functools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from runtime.core.elementary import Elementary, elementary


class Direction(StrEnum):
    """What the I/O map made of a tag (requirements RT-07 to RT-10)."""

    INPUT = "input"
    OUTPUT = "output"
    REQUEST = "request"
    ACK = "ack"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One elementary leaf of application memory.

    `offset` counts bytes from the start of application memory. `labels` are the names of an enumeration's values.
    `minimum` and `maximum` come from `{min := …}` and `{max := …}`, `subrange` (lowest, highest) from its type. `file`
    and `line` say where it is declared. `constant`: no program may assign it. `reference`: it holds an offset in
    application memory, not a value of its own.
    `block` names the types of the program and block instances around it, outermost first: `MAIN/PID/TON`.
    `retain`: a warm start gives it back the value it had (declared RETAIN or PERSISTENT; language rule 14).
    `no_force`: the program vetoes that anybody forces or writes it from outside (`{no_force}`).
    `secret`: nobody outside sees its value or changes it (`{secret}`).
    `read_only`: a name of VAR_ACCESS under which nobody may do so.
    """

    name: str
    type: Elementary
    offset: int
    labels: tuple[tuple[str, int], ...] = ()
    enum_name: str = ""
    unit: str = ""
    comment: str = ""
    minimum: float | None = None
    maximum: float | None = None
    file: str = ""
    line: int = 0
    constant: bool = False
    reference: bool = False
    block: str = ""
    retain: bool = False
    no_force: bool = False
    subrange: tuple[int, int] | None = None
    read_only: bool = False
    secret: bool = False

    @property
    def veto(self) -> str:
        """Why the program allows nobody outside to change the variable under this name; empty when it does."""
        if self.no_force:
            return "the variable is declared {no_force}"
        if self.secret:
            return "the variable is declared {secret}"
        if self.read_only:
            return "the name is READ_ONLY in VAR_ACCESS"
        return "the variable is a constant" if self.constant else ""

    @property
    def type_name(self) -> str:
        """The type as the program names it."""
        return self.enum_name or self.type.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Variable):
    """A leaf of a VAR_GLOBAL. `index` is its place in the quality and stamp arrays, dense from 0."""

    index: int


class TagTable:
    """All tags and variables of an application, found by name without regard to case."""

    def __init__(self, tags: Iterable[Tag], variables: Iterable[Variable] = ()) -> None:
        self.tags: tuple[Tag, ...] = tuple(tags)
        self._given = variables
        self._tags_by_name = {t.name.lower(): t for t in self.tags}

    @functools.cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What is not a tag. Made when first asked for: a large site has tens of thousands."""
        return tuple(self._given)

    @functools.cached_property
    def _by_name(self) -> dict[str, Variable]:
        return {v.name.lower(): v for v in self.variables} | self._tags_by_name

    def __iter__(self) -> Iterator[Tag]:
        return iter(self.tags)

    def __len__(self) -> int:
        return len(self.tags)

    def tag(self, name: str) -> Tag | None:
        """The tag of that name, or None (a program's variable is not a tag)."""
        return self._tags_by_name.get(name.lower())

    def find(self, name: str) -> Variable | None:
        """The tag or variable of that name, or None."""
        return self._by_name.get(name.lower())

    def nearest(self, name: str) -> str | None:
        """The known name that looks most like `name`, for a suggestion."""
        found = difflib.get_close_matches(name.lower(), self._by_name, n=1, cutoff=0.6)
        return self._by_name[found[0]].name if found else None

    def to_json(self) -> dict[str, Any]:
        """As plain data for the manifest; `from_json` reads it back."""
        return {
            "tags": [_leaf_to_json(t) for t in self.tags],
            "variables": [_leaf_to_json(v) for v in self.variables],
        }

    def to_packed(self) -> dict[str, Any]:
        """As `to_json`, a fifth of the size: what leaves of one declaration share is written once."""
        kinds: dict[tuple[Any, ...], int] = {}
        rows = {"tags": self.tags, "variables": self.variables}
        packed = {name: [_packed(leaf, kinds) for leaf in leaves] for name, leaves in rows.items()}
        return packed | {"kinds": [_kind_to_json(kind) for kind in kinds]}

    @classmethod
    def from_packed(cls, data: dict[str, Any]) -> "TagTable":
        """The table that `to_packed` wrote."""
        kinds = [_leaf_from_json(kind) for kind in data["kinds"]]
        return cls(
            [Tag(name=n, offset=o, index=i, **kinds[k]) for i, (n, o, k) in enumerate(data["tags"])],
            (Variable(name=n, offset=o, **kinds[k]) for n, o, k in data["variables"]),
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "TagTable":
        """The table that `to_json` wrote."""
        return cls(
            [Tag(**_leaf_from_json(t)) for t in data["tags"]],
            [Variable(**_leaf_from_json(v)) for v in data["variables"]],
        )


_OWN = frozenset({"name", "offset", "index"})
_SHARED = [f.name for f in fields(Variable) if f.name not in _OWN]
_shared_values = operator.attrgetter(*_SHARED)


def _packed(leaf: Variable, kinds: dict[tuple[Any, ...], int]) -> tuple[str, int, int]:
    return leaf.name, leaf.offset, kinds.setdefault(_shared_values(leaf), len(kinds))


def _kind_to_json(kind: tuple[Any, ...]) -> dict[str, Any]:
    told = dict(zip(_SHARED, kind, strict=True))
    return told | {"type": told["type"].name}


_ALWAYS_WRITTEN = frozenset({"offset", "index"})


def _leaf_to_json(leaf: Variable) -> dict[str, Any]:
    values = {f.name: getattr(leaf, f.name) for f in fields(leaf)}
    told = {name: value for name, value in values.items() if value or name in _ALWAYS_WRITTEN}
    for bound in ("minimum", "maximum"):
        if values[bound] is not None:
            told[bound] = values[bound]
    return told | {"type": leaf.type.name}


def _leaf_from_json(data: dict[str, Any]) -> dict[str, Any]:
    labels = tuple((str(name), int(value)) for name, value in data.get("labels", ()))
    subrange = data.get("subrange")
    told = {"type": elementary(data["type"]), "labels": labels, "subrange": tuple(subrange) if subrange else None}
    return data | told
