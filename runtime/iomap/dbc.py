"""The facts of a CAN database that a map needs: frames, and each signal as a `Numeric`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.fault import ConfigFault
from runtime.iomap.wire import Numeric

if TYPE_CHECKING:
    from cantools.database.can import Signal


@dataclass(frozen=True, slots=True)
class CanFrame:
    """One message of a database. `length` in bytes."""

    name: str
    frame_id: int
    extended: bool
    length: int
    signals: dict[str, Numeric]


@dataclass(frozen=True, slots=True)
class CanDatabase:
    """The text of a database and the frames in it by name."""

    text: str
    frames: dict[str, CanFrame]


def read_dbc(path: Path) -> CanDatabase:
    """Read a DBC file. Raises ConfigFault when it is not there or not a database."""
    # Imported here: a site without CAN does not pay its 100 ms.
    from cantools.database.can import Database
    from cantools.database.errors import Error

    try:
        text = path.read_text(encoding="cp1252")
        database = Database()
        database.add_dbc_string(text)
    except OSError as fault:
        told = f"cannot read {path.name}: {fault.strerror}"
        raise ConfigFault(told, mend=f"put it into {path.parent.name}/") from fault
    except (Error, ValueError) as fault:
        raise ConfigFault(f"{path.name} is not a DBC file: {fault}", mend="export it again as DBC") from fault
    frames = {
        m.name: CanFrame(m.name, m.frame_id, m.is_extended_frame, m.length, {s.name: _numeric(s) for s in m.signals})
        for m in database.messages
    }
    return CanDatabase(text, frames)


def _numeric(signal: "Signal") -> Numeric:
    return Numeric(
        bits=signal.length,
        signed=signal.is_signed,
        floating=signal.is_float,
        scale=float(signal.scale),
        offset=float(signal.offset),
    )
