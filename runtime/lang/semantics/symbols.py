"""What names stand for. Symbols are filled in on demand by declare.py: a constant may be declared after its use."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.semantics.addresses import Areas
from runtime.lang.semantics.chart import Chart
from runtime.lang.semantics.types import BlockType, EnumType, Type
from runtime.lang.semantics.variables import EdgeInput, VarSymbol


@dataclass(slots=True, eq=False)
class Gate:
    """When a task runs (gate.py). `calls`: the bodies it then runs with their instances' offsets, once laid out."""

    trigger: tree.Expr
    interval_ns: int
    calls: list[tuple["PouSymbol", int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class PouSymbol:
    """A PROGRAM, FUNCTION_BLOCK, FUNCTION, METHOD or INTERFACE. All below `declared` is known only when that is True.

    `refs` are what callers pass by reference, in order: aggregate inputs of a function, in-outs, a function's outputs,
    and last an aggregate result. `kept` is what an instance holds, in order, what it inherits first. `located` are a
    PROGRAM's variables at addresses: they lie there, not in the instance.
    A METHOD has an `owner`, and an `accessor` (get, set) where it belongs to a property. `interfaces` are those an
    INTERFACE extends or a FUNCTION_BLOCK implements, as written.
    """

    name: str
    kind: str
    tree: tree.Pou
    library: bool
    declared: bool = False
    declaring: bool = False
    variables: dict[str, VarSymbol] = field(default_factory=dict)
    inputs: list[VarSymbol] = field(default_factory=list)
    outputs: list[VarSymbol] = field(default_factory=list)
    in_outs: list[VarSymbol] = field(default_factory=list)
    refs: list[VarSymbol] = field(default_factory=list)
    result: Type | None = None
    result_symbol: VarSymbol | None = None
    block: BlockType | None = None
    frame: bytearray = field(default_factory=bytearray)
    edges: list[EdgeInput] = field(default_factory=list)
    chart: Chart | None = None
    gate: Gate | None = None
    kept: list[VarSymbol] = field(default_factory=list)
    located: list[VarSymbol] = field(default_factory=list)
    owner: "PouSymbol | None" = None
    accessor: str = ""
    base: "PouSymbol | None" = None
    interfaces: list["PouSymbol"] = field(default_factory=list)
    methods: dict[str, "PouSymbol"] = field(default_factory=dict)
    properties: dict[str, "PropertySymbol"] = field(default_factory=dict)

    @property
    def statics(self) -> "list[VarSymbol]":
        """The variables of its calls that lie in application memory."""
        return [s for s in self.variables.values() if s.in_frame is not None]

    @property
    def path(self) -> str:
        """The name with what it belongs to: `PUMP.start`, `PUMP.speed#get`."""
        tail = f"#{self.accessor}" if self.accessor else ""
        return f"{self.owner.name}.{self.name}{tail}" if self.owner is not None else self.name

    def has(self, modifier: str) -> bool:
        """Whether it was declared ABSTRACT, FINAL, PRIVATE and so on."""
        return modifier in self.tree.modifiers


@dataclass(slots=True, eq=False)
class PropertySymbol:
    """A PROPERTY: its accessors, which are methods."""

    name: str
    span: Span
    get: PouSymbol | None
    set: PouSymbol | None


class Symbols:
    """The names that all POUs share."""

    def __init__(self) -> None:
        self.types: dict[str, Type] = {}
        self.type_trees: dict[str, tree.TypeDeclaration] = {}
        self.pous: dict[str, PouSymbol] = {}
        self.globals: dict[str, VarSymbol] = {}
        self.label_owners: dict[str, list[str]] = {}
        self.inline_enums: dict[str, list[EnumType]] = {}
        self.lost: set[str] = set()
        self.method_names: set[str] = set()
        self.property_names: set[str] = set()
        self.areas = Areas()
        self.resolve_type: Callable[[str], Type | None] = lambda _: None
        self.declare: Callable[[PouSymbol], None] = lambda _: None

    def enums_with(self, label: str) -> list[EnumType]:
        """The enumerations that have a value of this name."""
        found = [self.resolve_type(owner) for owner in self.label_owners.get(label, ())]
        named = [t for t in found if isinstance(t, EnumType)]
        return named + self.inline_enums.get(label.rpartition(".")[2], [])


class Scope:
    """The names one POU sees: its own, then (a method) those of its block, then the shared ones."""

    def __init__(
        self,
        symbols: Symbols,
        own: dict[str, VarSymbol] | None = None,
        outer: dict[str, VarSymbol] | None = None,
    ) -> None:
        self.symbols = symbols
        self.outer = outer if outer is not None else {}
        self.own = own if own is not None else {}
        self.told_unknown: set[str] = set()

    def variable(self, key: str) -> VarSymbol | None:
        """The variable or constant of this name."""
        found = self.own.get(key) or self.outer.get(key) or self.symbols.globals.get(key)
        return found.resolved() if found else None

    def nearest(self, name: str, extra: Iterable[str] = ()) -> str:
        """Help for an unknown name: the known one that looks most like it."""
        symbols = self.symbols
        known = {k: v.name for k, v in (*symbols.globals.items(), *self.outer.items(), *self.own.items())}
        known |= {label: label.upper() for label in symbols.label_owners}
        known |= {k: p.name for k, p in symbols.pous.items() if p.kind == "FUNCTION"}
        return suggest(name, [*known.values(), *extra]) or "declare it in VAR, or in VAR_GLOBAL to share it"


def suggest(name: str, known: Iterable[str]) -> str:
    """`did you mean …?`, or nothing when no known name is near."""
    by_key = {k.lower(): k for k in known}
    whole = next((k for key, k in by_key.items() if key.endswith(f".{name.lower()}")), None)
    if whole is not None:
        return f"did you mean {whole}?"
    cutoff = _ALIKE if len(name) > _SHORT else _ALIKE_SHORT
    close = difflib.get_close_matches(name.lower(), by_key, n=_CLOSE, cutoff=cutoff)
    if not close:
        return ""
    swapped = [key for key in close if sorted(key) == sorted(name.lower())]
    return f"did you mean {by_key[(swapped or close)[0]]}?"


_ALIKE, _ALIKE_SHORT, _SHORT, _CLOSE = 0.6, 0.75, 3, 3
"""How alike names must be; a short one is near to many. Of so many, one with letters swapped is preferred."""


def suggest_of(name: str, known: Iterable[str], *, most: int = 8) -> str:
    """`did you mean …?`, or a list of what there is when no known name is near."""
    names = list(known)
    listed = ", ".join(names[:most]) + (", ..." if len(names) > most else "")
    return suggest(name, names) or (f"there is {listed}" if names else "")
