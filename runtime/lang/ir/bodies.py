"""The code of a POU type in the IR: its block, its frame, its parameters, and where each statement came from."""

from dataclasses import dataclass
from typing import Literal

from runtime.core.elementary import Elementary
from runtime.lang.ir.statements import Block


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value parameter of a FUNCTION: stored at `offset` of its frame before the block runs."""

    type: Elementary
    offset: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement was written. `form` is what it is there: `Assign`, `CallStatement`, `If`, `For`, …"""

    file: str
    line: int
    column: int
    form: str


@dataclass(frozen=True, slots=True)
class Local:
    """A single value that lies in the frame, for those who look at a running body.

    A static one lies in application memory, one with a `param` where that by-reference parameter leads.
    """

    name: str
    type: Elementary
    offset: int
    labels: tuple[tuple[str, int], ...] = ()
    is_static: bool = False
    param: int = -1


@dataclass(frozen=True, slots=True)
class Body:
    """The code of one POU type; it exists once, however many instances there are.

    `frame` is the frame's content at each call (its length is the frame's size); value parameters are stored over it.
    `origins` has a place in the source for each statement that `walk` meets, None for what the compiler added;
    `locals` are the frame's variables. Neither means anything to what the body does.
    `refs` counts by-reference parameters. A FUNCTION's or METHOD's result is read at `result_offset` of the frame, or
    (`result_is_static`) of application memory. All but a FUNCTION run on an instance; a method that others inherit
    exists once for each type of instance.
    """

    name: str
    kind: Literal["PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "METHOD"]
    block: Block
    frame: bytes
    may_cut: bool
    values: tuple[Parameter, ...] = ()
    refs: int = 0
    result: Elementary | None = None
    result_offset: int = 0
    origins: tuple[Origin | None, ...] = ()
    locals: tuple[Local, ...] = ()
    result_is_static: bool = False
