"""Nodes of declarations, POUs and files."""

from dataclasses import dataclass, field

from runtime.core.diagnostic import Source, Span
from runtime.lang.tree.charts import Element
from runtime.lang.tree.expressions import Arg, Expr, Ident, Open
from runtime.lang.tree.statements import Block


@dataclass(frozen=True, slots=True)
class Note:
    """What comment and pragmas say about a declaration."""

    comment: str = ""
    pragmas: tuple[tuple[str, str, Span], ...] = ()


@dataclass(frozen=True, slots=True)
class NamedType:
    """A type by its name."""

    span: Span
    text: str

    @property
    def key(self) -> str:
        """The name without regard to case."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class ArrayType:
    """`ARRAY [low..high, low..high] OF element`, or `ARRAY [*]` with Open for both bounds."""

    span: Span
    bounds: tuple[tuple[Expr | Open, Expr | Open], ...]
    element: "TypeSpec"


@dataclass(frozen=True, slots=True)
class EnumType:
    """`(A, B := 5)` with an optional base type."""

    span: Span
    base: NamedType | None
    labels: tuple[tuple[Ident, Expr | None], ...]


@dataclass(frozen=True, slots=True)
class StructType:
    """`STRUCT … END_STRUCT`."""

    span: Span
    fields: tuple["Declaration", ...]


@dataclass(frozen=True, slots=True)
class SubrangeType:
    """`INT (low..high)`."""

    span: Span
    base: NamedType
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class ReferenceType:
    """`REF_TO target` or `POINTER TO target`."""

    span: Span
    target: "TypeSpec"


@dataclass(frozen=True, slots=True)
class StringType:
    """`STRING[length]` or `WSTRING[length]`."""

    span: Span
    word: str
    length: Expr


TypeSpec = NamedType | ArrayType | EnumType | StructType | SubrangeType | ReferenceType | StringType


@dataclass(frozen=True, slots=True)
class FieldsInit:
    """`(a := 1, b := 2)`."""

    span: Span
    fields: tuple[tuple[Ident, "Init"], ...]


@dataclass(frozen=True, slots=True)
class ItemsInit:
    """`[3(0), 1]`: items with how often each is repeated."""

    span: Span
    items: tuple[tuple[int, "Init"], ...]


Init = FieldsInit | ItemsInit | Expr


@dataclass(frozen=True, slots=True)
class Declaration:
    """`a, b : TYPE := initial;`; `edge` is R_EDGE or F_EDGE where that follows the type.

    `at` is the address in `a AT %QW4 : WORD;`.
    """

    names: tuple[Ident, ...]
    type: TypeSpec
    initial: Init | None
    note: Note
    edge: str = ""
    at: Ident | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A VAR block; `kind` is its keyword in upper case, `qualifiers` what follows it."""

    span: Span
    kind: str
    qualifiers: tuple[str, ...]
    declarations: tuple[Declaration, ...]

    @property
    def constant(self) -> bool:
        """Declared CONSTANT."""
        return "CONSTANT" in self.qualifiers

    @property
    def retain(self) -> str:
        """RETAIN (also for PERSISTENT, which other tools write) or NON_RETAIN, where one was said."""
        if "NON_RETAIN" in self.qualifiers:
            return "NON_RETAIN"
        return "RETAIN" if {"RETAIN", "PERSISTENT"} & set(self.qualifiers) else ""


@dataclass(frozen=True, slots=True)
class Pou:
    """PROGRAM, FUNCTION_BLOCK, FUNCTION, METHOD (with `result`), or INTERFACE (its methods have no body).

    Its body is statements or, in `chart`, an SFC. `modifiers` are ABSTRACT, FINAL, OVERRIDE and access specifiers.
    `note` is what stands beside the header of a PROGRAM.
    """

    span: Span
    kind: str
    name: Ident
    result: TypeSpec | None
    sections: tuple[Section, ...]
    body: Block
    chart: tuple[Element, ...] = ()
    modifiers: tuple[str, ...] = ()
    extends: tuple[Ident, ...] = ()
    implements: tuple[Ident, ...] = ()
    methods: tuple["Pou", ...] = ()
    properties: tuple["Property", ...] = ()
    usings: tuple["Using", ...] = ()
    note: Note = Note()


@dataclass(frozen=True, slots=True)
class Property:
    """PROPERTY: its accessors are methods named after it; `get` gives its type, `set` has it as its one input."""

    span: Span
    name: Ident
    modifiers: tuple[str, ...]
    type: TypeSpec
    get: Pou | None
    set: Pou | None


@dataclass(frozen=True, slots=True)
class TypeDeclaration:
    """One entry of a TYPE block; `internal` where that is INTERNAL to its namespace."""

    name: Ident
    spec: TypeSpec
    initial: Init | None
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Using:
    """`USING a.b;`: the names of a namespace may be written without it here."""

    span: Span
    path: tuple[Ident, ...]

    @property
    def key(self) -> str:
        """The namespace without regard to case."""
        return ".".join(i.key for i in self.path)


@dataclass(frozen=True, slots=True)
class Namespace:
    """`NAMESPACE a.b … END_NAMESPACE` with what stands in it; names are as written (semantics/namespaces.py)."""

    span: Span
    path: tuple[Ident, ...]
    internal: bool
    usings: tuple[Using, ...]
    types: tuple[TypeDeclaration, ...]
    pous: tuple[Pou, ...]
    globals: tuple[Section, ...]
    namespaces: tuple["Namespace", ...]


@dataclass(frozen=True, slots=True)
class NamespaceSpot:
    """Where a segment of a namespace's name stands; `path` is the whole name up to it."""

    path: str
    span: Span
    declares: bool


@dataclass(frozen=True, slots=True)
class TaskDeclaration:
    """`TASK name(INTERVAL := …, PRIORITY := …);`."""

    span: Span
    name: Ident
    settings: tuple[tuple[Ident, Expr], ...]


@dataclass(frozen=True, slots=True)
class ProgramDeclaration:
    """`PROGRAM RETAIN name WITH task : TYPE(x := source, y => target);`."""

    span: Span
    name: Ident
    task: Ident | None
    type: Ident
    retain: str = ""
    connections: tuple[Arg, ...] = ()


@dataclass(frozen=True, slots=True)
class InstanceValue:
    """`station.pump.running AT %QX0.1 : BOOL := FALSE;` in VAR_CONFIG."""

    path: Expr
    at: Ident | None
    type: TypeSpec
    initial: Init | None


@dataclass(frozen=True, slots=True)
class AccessPath:
    """`name : station.pump.speed : REAL READ_ONLY;` in VAR_ACCESS."""

    name: Ident
    path: Expr
    type: TypeSpec
    direction: Ident | None


@dataclass(frozen=True, slots=True)
class Configuration:
    """CONFIGURATION with what its RESOURCEs hold, flattened in order, and the names of those."""

    span: Span
    name: Ident
    sections: tuple[Section, ...]
    tasks: tuple[TaskDeclaration, ...]
    programs: tuple[ProgramDeclaration, ...]
    resources: tuple[Ident, ...] = ()
    values: tuple[InstanceValue, ...] = ()
    access: tuple[AccessPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """`TEST 'name' (CYCLE := T#10ms) WITH 'other.st'`: `pou` holds its declarations and statements (kind `TEST`).

    `companions` are paths as written, relative to the file of the test, with where they stand. Normal compilation
    passes over tests.
    """

    __test__ = False  # pytest takes every class that is called Test… for its own

    span: Span
    name: Ident
    settings: tuple[tuple[Ident, Expr], ...]
    companions: tuple[Ident, ...]
    pou: Pou


@dataclass(frozen=True, slots=True)
class File:
    """One source file. `lost` are names that stood in text that could not be read: not to be called unknown.

    `addresses` are all that stand in it: `%IX0.3`.

    semantics/qualify.py empties `namespaces` into the rest under qualified names, and leaves `spots`.
    """

    source: Source
    types: tuple[TypeDeclaration, ...] = ()
    pous: tuple[Pou, ...] = ()
    globals: tuple[Section, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    lost: frozenset[str] = field(default_factory=frozenset)
    tests: tuple[Test, ...] = ()
    usings: tuple[Using, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    spots: tuple[NamespaceSpot, ...] = ()
    addresses: frozenset[str] = frozenset()
