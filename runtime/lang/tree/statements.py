"""Nodes of statements."""

from dataclasses import dataclass

from runtime.core.diagnostic import Span
from runtime.lang.tree.expressions import CallExpr, Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """`target := value;`."""

    span: Span
    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Attempt:
    """`target ?= value;`."""

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


Statement = Assign | Attempt | CallStatement | If | Case | For | While | Repeat | Jump | Broken
Block = tuple[Statement, ...]
