"""A running body: where its instance, its frame and its by-reference parameters lie."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from runtime.core.elementary import Value
from runtime.lang.machine import Buffer

Spot = tuple[Buffer, int]
"""An address: the buffer (application memory or some call's frame) and the offset in it."""


@dataclass(slots=True)
class Activation:
    """One call of a body. `buffer` and `offset` say where the instance starts (a FUNCTION has none)."""

    buffer: Buffer
    offset: int
    frame: bytearray
    refs: tuple[Spot, ...]


class Signal(Enum):
    """Why a block ended early."""

    EXIT = auto()
    CONTINUE = auto()
    RETURN = auto()


class TaskCut(Exception):
    """The budget is used up: unwinds to the task's entry and never leaves it."""


Evaluator = Callable[[Activation], Value]
"""A compiled expression."""

Locator = Callable[[Activation], Spot | None]
"""A compiled place; None when an index was out of range (the fault is recorded by then)."""

Runner = Callable[[Activation], Signal | None]
"""A compiled statement or block."""
