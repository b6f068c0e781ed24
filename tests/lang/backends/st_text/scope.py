"""What a body sees: single values, whole structures and arrays, instances, references, and what it may call."""

from dataclasses import dataclass, field, replace

Bounds = tuple[tuple[int, int], ...]
"""First and last subscript, one pair a dimension."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A single value. `name` has `{}` for each subscript, whose ranges are `bounds`; `kind` is the type it is read as,
    `declared` the type as it was written (`STRING[9]`, `PERCENT`). As a part of a type its name is what follows the
    name of the whole: `.flag`, `[{}]`, or nothing.
    """

    name: str
    kind: str
    declared: str
    bounds: Bounds = ()
    writable: bool = True
    lasting: bool = True
    """A reference to it may be taken."""
    varies: bool = True
    """The compiler does not know its value."""

    def of(self, whole: str, bounds: Bounds = (), **other: bool) -> "Variable":
        """The part of something that has a name, and perhaps subscripts, of its own."""
        return replace(self, name=whole + self.name, bounds=bounds + self.bounds, **other)


@dataclass(frozen=True, slots=True)
class Whole:
    """A structure or array that is assigned and passed as one."""

    name: str
    type: str
    bounds: Bounds = ()
    writable: bool = True
    lasting: bool = True

    def of(self, whole: str, bounds: Bounds = (), **other: bool) -> "Whole":
        """As `Variable.of`."""
        return replace(self, name=whole + self.name, bounds=bounds + self.bounds, **other)


@dataclass(frozen=True, slots=True)
class Signature:
    """A FUNCTION or METHOD: its result (empty for none), and the (name, type) of its parameters."""

    name: str
    result: str
    inputs: tuple[tuple[str, str], ...]
    in_outs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A function block; `methods` and `properties` (name, type) are those it has itself or inherited."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    in_outs: tuple[tuple[str, str], ...] = ()
    methods: tuple[Signature, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance, or an array of them."""

    name: str
    block: Block
    bounds: Bounds = ()


@dataclass(frozen=True, slots=True)
class Pointer:
    """A variable that refers to one of a type (`target`: as declared), or an interface variable."""

    name: str
    target: str


@dataclass(slots=True)
class Scope:
    """The names in reach of a body."""

    variables: list[Variable] = field(default_factory=list)
    wholes: list[Whole] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    references: list[Pointer] = field(default_factory=list)
    pointers: list[Pointer] = field(default_factory=list)
    rows: list[Whole] = field(default_factory=list)
    """Arrays of one dimension, as what an `ARRAY [*]` takes; they are not assigned as one."""
    interfaces: list[tuple[str, Block]] = field(default_factory=list)
    """Interface variables, each with a block that shows what may be called through it."""
    methods: list[Signature] = field(default_factory=list)
    """Of the own block, called by THIS or by name alone."""
    properties: list[tuple[str, str]] = field(default_factory=list)
    counters: list[Variable] = field(default_factory=list)
    loops: int = 0

    def readable(self, kind: str) -> list[Variable]:
        """Values of a type."""
        return [v for v in self.variables if v.kind == kind]

    def writable(self, kind: str) -> list[Variable]:
        """Values of a type that may be assigned."""
        return [v for v in self.variables if v.kind == kind and v.writable]

    def declared(self, type_: str) -> list[Variable | Whole]:
        """What may be passed as an in-out of exactly this type."""
        values: list[Variable | Whole] = [v for v in self.variables if v.declared == type_ and v.writable]
        return values + [w for w in (*self.wholes, *self.rows) if w.type == type_ and w.writable]


def open_row(element: str) -> str:
    """The type of an in-out that takes arrays of any bounds."""
    return f"ARRAY [*] OF {element}"
