"""What io has counted, device by device and bus by bus: a file in the run directory that io writes anew each second.

A file, not messages: it outlives a killed gateway, and costs nothing while nobody asks.
"""

import json
from pathlib import Path
from typing import TypedDict, cast

IO_FIGURES_NAME = "io.json"
PERIOD_S = 1.0
"""How often io writes it."""


class DeviceFigures(TypedDict):
    """One device since io started. `good_ns` is monotonic: when it was last heard; 0 never."""

    name: str
    link: str
    connected: bool
    requests: int
    errors: int
    round_trip_ns: int
    good_ns: int


class BusFigures(TypedDict):
    """What a CAN controller has told in error frames since io started; `tx_errors` and `rx_errors` are its own counters
    (ISO 11898-1, 12.1.4) as it last told them."""

    link: str
    error_frames: int
    bus_off_count: int
    restarts: int
    overflows: int
    tx_errors: int
    rx_errors: int
    passive: bool
    off: bool


class IoFigures(TypedDict):
    """All of io at a monotonic time."""

    t_ns: int
    devices: list[DeviceFigures]
    buses: list[BusFigures]


def bus_state(figures: BusFigures) -> str:
    """The controller's state on the bus (ISO 11898-1, 12.1.4)."""
    return "BUS-OFF" if figures["off"] else "error-passive" if figures["passive"] else "error-active"


def save_figures(run: Path, figures: IoFigures) -> None:
    """Write them whole or not at all."""
    partial = run / f"{IO_FIGURES_NAME}.partial"
    partial.write_text(json.dumps(figures))
    partial.replace(run / IO_FIGURES_NAME)


def load_figures(run: Path) -> IoFigures | None:
    """What io wrote last; None when it has not written yet."""
    try:
        told = (run / IO_FIGURES_NAME).read_text()
    except FileNotFoundError:
        return None
    return cast(IoFigures, json.loads(told))  # io is of the same version
