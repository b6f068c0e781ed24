"""Which identifiers a message has on a bus: the database's id moved by an offset, or a J1939 id by its addresses.

A J1939 id is priority (3 bits), data page (2), PDU format (8), PDU specific (8), source address (8). Below PDU format
240 the PDU specific is the destination address, from 240 on it belongs to the parameter group number (SAE J1939-21,
5.2). Priority never counts.
"""

from dataclasses import dataclass
from typing import Literal

STANDARD_ID_MAX = 0x7FF
EXTENDED_ID_MAX = 0x1FFF_FFFF
IdScheme = Literal["exact", "j1939"]

_PAGE_AND_FORMAT = 0x03FF_0000
_SPECIFIC = 0x0000_FF00
_SOURCE = 0x0000_00FF
_BROADCAST_FORMAT_MIN = 240


@dataclass(frozen=True, slots=True)
class BusId:
    """What a frame's id must be in the bits of `mask`; as sent it is `frame_id`."""

    frame_id: int
    mask: int
    extended: bool

    def meets(self, other: "BusId") -> bool:
        """True when some frame is of both."""
        return self.extended == other.extended and not (self.frame_id ^ other.frame_id) & self.mask & other.mask


def exact_id(frame_id: int, *, extended: bool, offset: int = 0) -> BusId:
    """The id of the database, moved by the device's offset."""
    return BusId(frame_id + offset, EXTENDED_ID_MAX if extended else STANDARD_ID_MAX, extended)


def j1939_id(frame_id: int, *, source: int | None, destination: int | None) -> BusId:
    """The id of a parameter group. Addresses that are None are the database's when sent, and any when received."""
    is_addressed = frame_id >> 16 & 0xFF < _BROADCAST_FORMAT_MIN
    mask = _PAGE_AND_FORMAT if is_addressed else _PAGE_AND_FORMAT | _SPECIFIC
    if source is not None:
        frame_id = frame_id & ~_SOURCE | source
        mask |= _SOURCE
    if is_addressed and destination is not None:
        frame_id = frame_id & ~_SPECIFIC | destination << 8
        mask |= _SPECIFIC
    return BusId(frame_id, mask, extended=True)
