"""What the name of a variable stands for. It is filled in on demand: a constant may be declared after its use."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.diagnostic import Span
from runtime.core.elementary import Value
from runtime.lang import ir, tree
from runtime.lang.semantics.addresses import Address
from runtime.lang.semantics.types import UNKNOWN, Type


@dataclass(slots=True, eq=False)
class VarSymbol:
    """A variable or constant. `place` is set when it lies somewhere, `value` when it is a folded constant.

    `access` is PUBLIC, PRIVATE and so on where that was said, `retain` RETAIN or NON_RETAIN, `owner` the POU it was
    declared in. `address` is where AT puts it; one at a bit has `bit`, and `cell` is the offset of its cell
    (addresses.py).
    `first_leaf` is the tag index of a global's first leaf, else -1. `offset` counts in its owner: application memory,
    instance, or frame.
    `in_frame` is set for a variable of a call that is static because its address is taken: what the frame holds at this
    place when the call begins is its first value.
    `leads_to` is the ADR or REF that a pointer begins with (initial_addresses.py).
    """

    name: str
    span: Span
    section: str
    constant: bool
    note: tree.Note
    type: Type = UNKNOWN
    place: ir.Place | None = None
    value: Value | None = None
    initial: bytes = b""
    first_leaf: int = -1
    in_frame: ir.Place | None = None
    reason_read_only: str = ""
    resolve: Callable[["VarSymbol"], None] | None = None
    busy: bool = False
    access: str = ""
    owner: str = ""
    retain: str = ""
    address: Address | None = None
    bit: int = -1
    cell: int = -1
    leads_to: tree.CallExpr | None = None

    def resolved(self) -> "VarSymbol":
        """Itself, with type and value known."""
        if self.resolve is not None:
            resolve, self.resolve = self.resolve, None
            self.busy = True
            resolve(self)
            self.busy = False
        return self

    @property
    def is_global(self) -> bool:
        """Declared in a VAR_GLOBAL."""
        return self.section == "VAR_GLOBAL"


@dataclass(frozen=True, slots=True)
class EdgeInput:
    """An input declared R_EDGE or F_EDGE: what callers write, what the body reads, and the trigger's memory M."""

    kind: str
    given: VarSymbol
    seen: VarSymbol
    memory: VarSymbol
