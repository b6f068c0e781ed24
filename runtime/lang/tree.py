"""The syntax tree: what was written, where. No names are resolved and no types are known here.

Every node carries the span of its first line's part. `Missing` and `Broken` stand where the text was wrong (that was
reported already); later stages pass over them silently.
"""

from dataclasses import dataclass, field

from runtime.core.diagnostic import Source, Span


@dataclass(frozen=True, slots=True)
class Ident:
    """A name as written."""

    text: str
    span: Span

    @property
    def key(self) -> str:
        """The name without regard to case."""
        return self.text.lower()


# ---- expressions ----


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, constant, enumeration value or function by its simple name."""

    span: Span
    text: str

    @property
    def key(self) -> str:
        """The name without regard to case."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Field:
    """`base.name`."""

    span: Span
    base: "Expr"
    name: Ident


@dataclass(frozen=True, slots=True)
class Subscript:
    """`base[i]`; more than one index is kept to be refused with words."""

    span: Span
    base: "Expr"
    indices: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal as written: `5`, `16#FF`, `1.5`, `TRUE`, `T#1s`, `INT#5`; also `MODE#AUTO`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Unary:
    """`-a`, `+a`, `NOT a`; op is `-`, `+` or `NOT`."""

    span: Span
    op: str
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Binary:
    """`a op b`, op in upper case, `&` as AND."""

    span: Span
    op: str
    op_span: Span
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Arg:
    """`value`, `name := value` or `name => target`."""

    name: Ident | None
    is_output: bool
    value: "Expr"


@dataclass(frozen=True, slots=True)
class CallExpr:
    """`callee(args)`: a function or a function-block instance."""

    span: Span
    callee: "Expr"
    args: tuple[Arg, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """`(inner)`: kept because `(-a) ** b` is clear and `-a ** b` is not."""

    span: Span
    inner: "Expr"


@dataclass(frozen=True, slots=True)
class Missing:
    """No expression could be read here."""

    span: Span


Expr = Name | Field | Subscript | Literal | Unary | Binary | CallExpr | Group | Missing


# ---- statements ----


@dataclass(frozen=True, slots=True)
class Assign:
    """`target := value;`."""

    span: Span
    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class CallStatement:
    """`callee(args);`."""

    span: Span
    call: CallExpr


@dataclass(frozen=True, slots=True)
class If:
    """IF with its ELSIFs, in order."""

    span: Span
    arms: tuple[tuple[Expr, "Block"], ...]
    otherwise: "Block"


@dataclass(frozen=True, slots=True)
class Label:
    """One CASE label: a value, or a range with `high`."""

    span: Span
    low: Expr
    high: Expr | None


@dataclass(frozen=True, slots=True)
class CaseArm:
    """Labels and what they lead to."""

    labels: tuple[Label, ...]
    block: "Block"


@dataclass(frozen=True, slots=True)
class Case:
    """CASE; `stray` are statements before the first label."""

    span: Span
    selector: Expr
    arms: tuple[CaseArm, ...]
    otherwise: "Block"
    stray: "Block" = ()


@dataclass(frozen=True, slots=True)
class For:
    """FOR; `step` None stands for 1."""

    span: Span
    control: Expr
    start: Expr
    end: Expr
    step: Expr | None
    block: "Block"


@dataclass(frozen=True, slots=True)
class While:
    """WHILE."""

    span: Span
    condition: Expr
    block: "Block"


@dataclass(frozen=True, slots=True)
class Repeat:
    """REPEAT … UNTIL."""

    span: Span
    block: "Block"
    until: Expr


@dataclass(frozen=True, slots=True)
class Jump:
    """EXIT, CONTINUE or RETURN."""

    span: Span
    word: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A statement that could not be read."""

    span: Span


Statement = Assign | CallStatement | If | Case | For | While | Repeat | Jump | Broken
Block = tuple[Statement, ...]


# ---- declarations ----


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
    """`ARRAY [low..high] OF element`; more than one dimension is kept to be refused with words."""

    span: Span
    bounds: tuple[tuple[Expr, Expr], ...]
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


TypeSpec = NamedType | ArrayType | EnumType | StructType


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
    """`a, b : TYPE := initial;`."""

    names: tuple[Ident, ...]
    type: TypeSpec
    initial: Init | None
    note: Note


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


@dataclass(frozen=True, slots=True)
class Pou:
    """PROGRAM, FUNCTION_BLOCK or FUNCTION (with `result`)."""

    span: Span
    kind: str
    name: Ident
    result: TypeSpec | None
    sections: tuple[Section, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class TypeDeclaration:
    """One entry of a TYPE block."""

    name: Ident
    spec: TypeSpec
    initial: Init | None


@dataclass(frozen=True, slots=True)
class TaskDeclaration:
    """`TASK name(INTERVAL := …, PRIORITY := …);`."""

    span: Span
    name: Ident
    settings: tuple[tuple[Ident, Expr], ...]


@dataclass(frozen=True, slots=True)
class ProgramDeclaration:
    """`PROGRAM name WITH task : TYPE;`."""

    span: Span
    name: Ident
    task: Ident | None
    type: Ident


@dataclass(frozen=True, slots=True)
class Configuration:
    """CONFIGURATION with what its RESOURCEs hold, flattened in order."""

    span: Span
    name: Ident
    sections: tuple[Section, ...]
    tasks: tuple[TaskDeclaration, ...]
    programs: tuple[ProgramDeclaration, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One source file. `lost` are names that stood in text that could not be read: not to be called unknown."""

    source: Source
    types: tuple[TypeDeclaration, ...] = ()
    pous: tuple[Pou, ...] = ()
    globals: tuple[Section, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    lost: frozenset[str] = field(default_factory=frozenset)


def join(first: Span, last: Span) -> Span:
    """From the start of one span to the end of another on the same line; else the first alone."""
    if first.line != last.line:
        return first
    return Span(first.source, first.line, first.column, max(1, last.column + last.length - first.column))
