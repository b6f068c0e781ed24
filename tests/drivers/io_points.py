"""Small plans for tests: points, devices and links by a few words."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.core.elementary import Value
from runtime.iomap.plan.plan import InputPoint, OutputPoint, WritePolicy
from runtime.iomap.wire import WORDS, ModbusWire, Numeric, RawType, Table

MS = 1_000_000


def modbus_wire(kind: str = "u16", *, table: str = "holding", address: int = 0, **changes: object) -> ModbusWire:
    """`bits`: (lowest, highest) of a part of the registers; `chars` of a string; `number`: changes to the number."""
    raw = RawType(kind)
    of_number: dict[str, object] = {
        "bits": 8 * int(str(changes.pop("chars"))) if "chars" in changes else 16 * WORDS[raw],
        "signed": kind[0] == "i",
        "floating": kind in ("f32", "f64"),
        "boolean": raw in (RawType.BIT, RawType.FLAG),
        "digits": {"bcd16": 4, "bcd32": 8}.get(kind, 0),
        "padding": "nul" if raw is RawType.STRING else None,
    }
    if raw is RawType.BIT:
        of_number["bits"] = 1
    if "bits" in changes:
        low, high = changes.pop("bits")  # type: ignore[misc]
        changes["bit"], of_number["bits"] = low, high - low + 1  # type: ignore[has-type]
    of_number |= changes.pop("number", {})  # type: ignore[arg-type]
    number = Numeric(**of_number)  # type: ignore[arg-type]
    made = {"table": Table(table), "address": address, "type": raw, "number": number} | changes
    return ModbusWire(**made)  # type: ignore[arg-type]


def input_point(name: str = "p", entry: int = 0, wire: ModbusWire | None = None, **changes: object) -> InputPoint:
    made = {
        "name": name,
        "tag": f"device_1.{name}",
        "type_name": "REAL",
        "entry": entry,
        "wire": wire or modbus_wire(),
        "period_ns": 100 * MS,
    } | changes
    return InputPoint(**made)  # type: ignore[arg-type]


def output_point(name: str = "p", entry: int = 0, fail_safe: Value | None = 0.0, **changes: object) -> OutputPoint:
    policy = {
        key: changes.pop(key)
        for key in ("dead_band", "refresh_ns", "min_interval_ns", "attempts", "retry_ns")
        if key in changes
    }
    made = {
        "name": name,
        "tag": f"device_1.{name}",
        "type_name": "REAL",
        "entry": entry,
        "wire": modbus_wire("f32"),
        "fail_safe": fail_safe,
        "policy": WritePolicy(**policy),  # type: ignore[arg-type]
    } | changes
    return OutputPoint(**made)  # type: ignore[arg-type]


@dataclass
class Right:
    """What redundancy said last to a member of a pair."""

    lead_term: int = 0
    lease_until_ns: int = 0
    replicated_scan: int = 0
    solo: bool = False


@dataclass(frozen=True)
class FakeFrame:
    values: Sequence[Value] = (5.0,)
    term: int = 1
    valid_until_ns: int = 50 * MS
    driving: bool = True
    scan_no: int = 1
    leased: bool = True
