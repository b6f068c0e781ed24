"""Sequential function charts in text (IEC 61131-3, 3rd edition, 6.7): steps, transitions, actions."""

from dataclasses import dataclass

from runtime.core.diagnostic import Span
from runtime.lang.tree.expressions import Expr, Ident
from runtime.lang.tree.statements import Block


@dataclass(frozen=True, slots=True)
class Association:
    """`action(QUALIFIER, T#time, indicator);` inside a step; the arguments as they were written."""

    name: Ident
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """`STEP name: … END_STEP`, or INITIAL_STEP."""

    span: Span
    name: Ident
    initial: bool
    associations: tuple[Association, ...]


@dataclass(frozen=True, slots=True)
class TransitionSetting:
    """`(PRIORITY := n)`: the word as written, and its value."""

    word: Ident
    value: Expr


@dataclass(frozen=True, slots=True)
class Transition:
    """`TRANSITION name (PRIORITY := n) FROM sources TO targets := condition; END_TRANSITION`."""

    span: Span
    name: Ident | None
    setting: TransitionSetting | None
    sources: tuple[Ident, ...]
    targets: tuple[Ident, ...]
    condition: Expr


@dataclass(frozen=True, slots=True)
class Action:
    """`ACTION name: … END_ACTION`; `nested` are elements of an SFC inside it."""

    span: Span
    name: Ident
    body: Block
    nested: tuple["Element", ...]


Element = Step | Transition | Action
