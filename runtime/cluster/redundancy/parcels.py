"""What the two controllers of a pair send each other beside Raft's messages, as content of parcels."""

import json
import struct
from dataclasses import fields
from enum import IntEnum
from typing import Any, Final

from runtime.cluster.pair.frame import Frame, FrameAck, Need, Standing, StreamMessage, decode_frame, encode_frame
from runtime.cluster.transport.codec import Parcel

_STANDING_NUMBERS: Final = (
    "life",
    "term",
    "state_term",
    "scan_no",
    "version",
    "wanted",
    "prepared",
    "refused",
    "links_lost",
)
_STANDING_FIELDS: Final = tuple(field.name for field in fields(Standing))
_ACK = struct.Struct("<QQQB")
ACK_SCAN_NO_AT = struct.calcsize("<Q")
"""In an acknowledgement: term, scan, life, need."""


class Label(IntEnum):
    """What is in a parcel."""

    FRAME = 1
    ACK = 2
    STANDING = 3
    RELAY = 4
    """From one gateway to the other, as JSON."""


def parcel_of(message: StreamMessage, *, source: str, target: str) -> Parcel:
    """A message of the state stream, packed."""
    match message:
        case Frame():
            return _parcel(source, target, message.term, Label.FRAME, encode_frame(message))
        case FrameAck():
            content = _ACK.pack(message.term, message.scan_no, message.life, message.need)
            return _parcel(source, target, message.term, Label.ACK, content)
        case Standing():
            return _parcel(source, target, message.term, Label.STANDING, _standing_json(message))


def message_of(parcel: Parcel) -> StreamMessage | None:
    """The message in a parcel; None where there is none, or none that can be read."""
    try:
        match parcel.label:
            case Label.FRAME:
                return decode_frame(parcel.content)
            case Label.ACK:
                term, scan_no, life, need = _ACK.unpack(parcel.content)
                return FrameAck(term=term, scan_no=scan_no, life=life, need=Need(need))
            case Label.STANDING:
                return _standing(json.loads(parcel.content))
    except (ValueError, TypeError, KeyError, struct.error):
        return None
    return None


def relay_parcel(content: dict[str, Any], *, source: str, target: str) -> Parcel:
    """What a gateway says to the other controller's."""
    return _parcel(source, target, 0, Label.RELAY, json.dumps(content, separators=(",", ":")).encode())


def relay_content(parcel: Parcel) -> dict[str, Any] | None:
    """What the other gateway said; None when it is none of that."""
    try:
        content = json.loads(parcel.content) if parcel.label == Label.RELAY else None
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _standing_json(standing: Standing) -> bytes:
    return json.dumps({name: getattr(standing, name) for name in _STANDING_FIELDS}).encode()


def _standing(told: dict[str, Any]) -> Standing:
    return Standing(
        source=str(told["source"]),
        why_not=str(told["why_not"]),
        reaches_witness=bool(told["reaches_witness"]),
        **{name: int(told[name]) for name in _STANDING_NUMBERS},
    )


def _parcel(source: str, target: str, term: int, label: Label, content: bytes) -> Parcel:
    return Parcel(source=source, target=target, term=term, label=label, content=content)
