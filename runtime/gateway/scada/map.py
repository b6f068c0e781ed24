"""A SCADA map as it is once checked: its registers in order of address, and what they may show that is no tag."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from runtime.core.tag import Tag
from runtime.gateway.scada.text import TextWire
from runtime.iomap.wire import ModbusWire


class Status(StrEnum):
    """What a register may show that is no tag."""

    HEARTBEAT = "heartbeat"
    """Number of the last scan, modulo the register's range: it stands when the scan stands."""
    STATE_BITS = "state_bits"
    """Bits: 0 scanning, 1 outputs driven, 2 stopped by a program fault, 3 forces active, 4 an input is BAD."""
    PAIR_ROLE = "pair_role"
    """The controller's part in its pair, as `PairRole` counts them: a master that knows both asks who leads."""
    PAIR_TERM = "pair_term"
    """The term of the pair that it knows: of two that say they lead, the newer one does. 0 for a controller alone."""
    MAP_VERSION = "map_version"
    """`version` of the map."""


class PairRole(IntEnum):
    """Values of a register with `status = "pair_role"`."""

    ALONE = 0
    LEADER = 1
    STANDBY = 2
    STANDBY_NOT_IN_SYNC = 3
    NOBODY_LEADS = 4


STATE_BIT_TEXTS = (
    "the scan runs",
    "outputs are driven by the programs",
    "a program fault stops the outputs",
    "a force is active",
    "an input is BAD",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScadaRegister:
    """One checked register (or run of registers). `inputs` holds, by bit, what a quality register watches. `is_field`:
    it is written as a part of `command` (groups.py)."""

    name: str
    wire: ModbusWire | TextWire
    text: str
    tag: Tag | None = None
    status: Status | None = None
    command: str | None = None
    is_field: bool = False
    quality: tuple[str, ...] = ()
    inputs: tuple[tuple[Tag, ...], ...] = ()

    @property
    def address(self) -> int:
        """First address, from 0."""
        return self.wire.address

    @property
    def end(self) -> int:
        """First address after it."""
        return self.wire.end


@dataclass(frozen=True, slots=True, kw_only=True)
class ScadaMap:
    """A checked map; `registers` by address, none overlapping."""

    name: str
    version: int
    units: tuple[int, ...]
    write_ttl_ns: int
    registers: tuple[ScadaRegister, ...]

    @property
    def start(self) -> int:
        """First address."""
        return self.registers[0].address if self.registers else 0

    @property
    def end(self) -> int:
        """First address after the last register."""
        return self.registers[-1].end if self.registers else 0
