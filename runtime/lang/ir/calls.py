"""Nodes of the IR that call functions and methods, directly or through what an interface variable holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.core.elementary import ULINT, Elementary

if TYPE_CHECKING:
    from runtime.lang.ir.expressions import Expr, Place
    from runtime.lang.ir.statements import Block


@dataclass(frozen=True, slots=True)
class Call:
    """A user's FUNCTION or METHOD. `values` fill the value parameters, `refs` the by-reference ones, each in order.

    Values first, then `instance` (what a METHOD runs on), then refs, are evaluated left to right. With a bad index in
    instance or a ref the call is not made and the result is the default. `type` is None for a body without result (then
    only as an Evaluate statement).
    """

    type: Elementary | None
    body: str
    values: tuple["Expr", ...]
    refs: tuple["Place", ...] = ()
    instance: "Place | None" = None


@dataclass(frozen=True, slots=True)
class DispatchArm:
    """A type of instance a method call may reach: its number, its method's body, and how an instance lies."""

    number: int
    body: str
    size: int
    alignment: int


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A METHOD called through an interface variable or a reference; the arms are the table of types it may lead to.

    `subject` comes first. A ULINT: the instance's offset in application memory in its lower 32 bits, the number of its
    type in the upper ones. A POINTER: its tag is the number, and its bounds must hold the instance. Without an arm of
    that number, or with an instance not aligned within [HEADER_SIZE, end): fault at `site`, nothing more is evaluated,
    the result is the default. Else all goes on as in `Call`.
    """

    type: Elementary | None
    subject: "Expr"
    arms: tuple[DispatchArm, ...]
    end: int
    values: tuple["Expr", ...]
    refs: tuple["Place", ...]
    site: int


@dataclass(frozen=True, slots=True)
class Locate:
    """A ULINT: the offset of a place in application memory, with `tag` in the upper 32 bits.

    0 when an index of the place is bad; 0 and a fault at `site` when it lies outside [HEADER_SIZE, end).
    """

    place: "Place"
    tag: int
    end: int
    site: int

    @property
    def type(self) -> Elementary:
        """Always ULINT."""
        return ULINT


@dataclass(frozen=True, slots=True)
class After:
    """`value`, evaluated after the statements `first` ran: a call whose result is a structure, one that has EN or ENO.

    Nothing in `first` leaves it: no Exit, Continue, Return or Advance.
    """

    type: Elementary
    first: "Block"
    value: "Expr"
