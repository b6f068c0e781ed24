"""Nodes of expressions."""

from dataclasses import dataclass

from runtime.core.diagnostic import Span


@dataclass(frozen=True, slots=True)
class Ident:
    """A name as written."""

    text: str
    span: Span

    @property
    def key(self) -> str:
        """The name without regard to case."""
        return self.text.lower()


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
class Dereference:
    """`base^`."""

    span: Span
    base: "Expr"


@dataclass(frozen=True, slots=True)
class Subscript:
    """`base[i, j]`."""

    span: Span
    base: "Expr"
    indices: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """`base.3`, `base.%X3`, `base.%B1`: a part of a bit string; size is X, B, W, D or L."""

    span: Span
    base: "Expr"
    size: str
    number: int


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


@dataclass(frozen=True, slots=True)
class Open:
    """The `*` of `ARRAY[*]`: in the place of a bound that the caller's array has."""

    span: Span


Expr = Name | Field | Dereference | Subscript | Partial | Literal | Unary | Binary | CallExpr | Group | Missing


def join(first: Span, last: Span) -> Span:
    """From the start of one span to the end of another on the same line; else the first alone."""
    if first.line != last.line:
        return first
    return Span(first.source, first.line, first.column, max(1, last.column + last.length - first.column))
