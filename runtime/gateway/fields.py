"""Fields of a request, checked: whatever a client sends, a handler meets the type it expects or a fault."""

from collections.abc import Mapping
from typing import Any

from runtime.wire.fault import WireFault
from runtime.wire.messages import JsonValue

NAME_MAX = 500
NAMES_MAX = 10_000
"""Names of one request; a whole table is asked for by the pattern `*`."""
_SEQ_MAX = 2**63 - 1


def text(message: Mapping[str, Any], field: str, default: str | None = None) -> str:
    """A name. Raises WireFault when it is missing (and has no default), empty or no text."""
    value = message.get(field, default)
    if not isinstance(value, str) or not 0 < len(value) <= NAME_MAX:
        raise _wrong(field, f"a text of 1 to {NAME_MAX} characters")
    return value


def texts(message: Mapping[str, Any], field: str) -> list[str]:
    """A list of names. Raises WireFault."""
    value = message.get(field)
    if not isinstance(value, list) or not 0 < len(value) <= NAMES_MAX:
        raise _wrong(field, f"a list of 1 to {NAMES_MAX} names")
    if not all(isinstance(name, str) and 0 < len(name) <= NAME_MAX for name in value):
        raise _wrong(field, "a list of names")
    return value


def whole(message: Mapping[str, Any], field: str, default: int | None = None) -> int:
    """A whole number from 0. Raises WireFault."""
    value = message.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _SEQ_MAX:
        raise _wrong(field, "a whole number from 0")
    return value


def flag(message: Mapping[str, Any], field: str) -> bool:
    """True or false; false when it is missing. Raises WireFault."""
    value = message.get(field, False)
    if not isinstance(value, bool):
        raise _wrong(field, "true or false")
    return value


def json_value(message: Mapping[str, Any], field: str) -> JsonValue:
    """A value for a variable. Raises WireFault when it is missing or no single value."""
    value = message.get(field)
    if not isinstance(value, bool | int | float | str):
        raise _wrong(field, "a number, a text, true or false")
    return value


def _wrong(field: str, expected: str) -> WireFault:
    return WireFault(f"`{field}` must be {expected}", where="request", mend=f"send {expected} as `{field}`")
