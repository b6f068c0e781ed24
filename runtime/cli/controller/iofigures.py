"""What io has counted, as tables of `voltscan status --devices`."""

from collections.abc import Mapping
from typing import Any

from runtime.cli.textable import table
from runtime.core.duration import duration_text
from runtime.wire.iofigures import BusFigures, DeviceFigures, bus_state

_DEVICE_HEAD = ("device", "link", "", "requests", "errors", "round trip", "heard")
_BUS_HEAD = ("CAN bus", "", "error frames", "bus-off", "restarts", "overflows", "tx errors", "rx errors")


def io_tables(told: Mapping[str, Any]) -> str:
    """A row a device, then a row a CAN bus if there is one; says so when io has not counted for a while."""
    t_ns = told["t_ns"] + told["age_ms"] * 1_000_000
    parts = [table([_device(row, t_ns) for row in told["devices"]], head=_DEVICE_HEAD, right=(3, 4, 5, 6))]
    if told["buses"]:
        parts.append(table([_bus(row) for row in told["buses"]], head=_BUS_HEAD, right=tuple(range(2, 8))))
    if told["age_ms"] > STALE_MS:
        parts.append(f"io last told this {duration_text(told['age_ms'] * 1_000_000)} ago: does it run?")
    return "\n\n".join(parts)


STALE_MS = 5_000
"""io tells once a second."""


def _device(row: DeviceFigures, now_ns: int) -> tuple[str, ...]:
    ago_ms = max(0, now_ns - row["good_ns"]) // 1_000_000
    heard = f"{duration_text(ago_ms * 1_000_000)} ago" if row["good_ns"] else "never"
    trip = duration_text(row["round_trip_ns"]) if row["round_trip_ns"] else ""
    state = "connected" if row["connected"] else "LOST"
    return row["name"], row["link"], state, str(row["requests"]), str(row["errors"]), trip, heard


def _bus(row: BusFigures) -> tuple[str, ...]:
    counts = (
        row["error_frames"],
        row["bus_off_count"],
        row["restarts"],
        row["overflows"],
        row["tx_errors"],
        row["rx_errors"],
    )
    return row["link"], bus_state(row), *map(str, counts)
