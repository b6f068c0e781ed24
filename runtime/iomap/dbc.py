"""The facts of a CAN database that a map needs: frames, and each signal as a `Numeric`.

The file's ending says its format: DBC, KCD, SYM or ARXML. CDD and its like describe diagnostic services, not messages.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.fault import ConfigFault
from runtime.iomap.wire import Numeric

if TYPE_CHECKING:
    from cantools.database.can import Database, Message, Signal

ENCODINGS = {"dbc": "cp1252", "sym": "cp1252", "kcd": "utf-8", "arxml": "utf-8"}
"""Formats by file ending, and how their files are encoded."""


@dataclass(frozen=True, slots=True)
class CanFrame:
    """One message of a database. `length` in bytes.

    `byte_of`: the signals that are one whole byte, and which. `texts`: those that can be a text: whole bytes, the first
    character first. `start`: raw value of each signal that nobody drives.
    """

    name: str
    frame_id: int
    extended: bool
    length: int
    signals: dict[str, Numeric]
    byte_of: dict[str, int]
    texts: frozenset[str]
    start: dict[str, int | float]
    fd: bool = False


@dataclass(frozen=True, slots=True)
class CanDatabase:
    """The text of a database, its format (a key of ENCODINGS), and the frames in it by name."""

    text: str
    frames: dict[str, CanFrame]
    format: str = "dbc"


def read_dbc(path: Path) -> CanDatabase:
    """Read a CAN database. Raises ConfigFault when it is not there or not a database."""
    form = path.suffix.lower().removeprefix(".")
    if form not in ENCODINGS:
        known = ", ".join(f".{name}" for name in ENCODINGS)
        raise ConfigFault(
            f"{path.name} is no CAN database: it ends in none of {known}",
            mend="export the messages as DBC" if form != "cdd" else "CDD describes diagnostics; export messages as DBC",
        )
    try:
        text = path.read_text(encoding=ENCODINGS[form])
        database = parse_database(text, form)
    except OSError as fault:
        told = f"cannot read {path.name}: {fault.strerror}"
        raise ConfigFault(told, mend=f"put it into {path.parent.name}/") from fault
    except ValueError as fault:  # cantools' own errors are ValueErrors too, see parse_database
        raise ConfigFault(f"{path.name} is not a {form.upper()} file: {fault}", mend="export it again") from fault
    return CanDatabase(text, {message.name: _frame(message) for message in database.messages}, form)


def parse_database(text: str, form: str) -> "Database":
    """The database of a text in one of the formats. Raises ValueError when it is none, or its signals overlap."""
    # Imported here: a site without CAN does not pay its 100 ms.
    from xml.etree.ElementTree import ParseError

    from cantools.database.can import Database
    from cantools.database.errors import Error
    from textparser import Error as SyntaxMistake

    database = Database()
    add = {
        "dbc": database.add_dbc_string,
        "kcd": database.add_kcd_string,
        "sym": database.add_sym_string,
        "arxml": database.add_arxml_string,
    }[form]
    try:
        add(text)
    except (Error, SyntaxMistake, ParseError) as fault:
        raise ValueError(str(fault)) from fault
    return database


def _frame(message: "Message") -> CanFrame:
    signals = message.signals
    return CanFrame(
        name=message.name,
        frame_id=message.frame_id,
        extended=message.is_extended_frame,
        length=message.length,
        signals={s.name: _numeric(s) for s in signals},
        byte_of={s.name: s.start // 8 for s in signals if _is_whole_byte(s)},
        texts=frozenset(s.name for s in signals if _is_text(s)),
        start={s.name: s.raw_initial or 0 for s in signals},
        fd=message.is_fd,
    )


def _is_whole_byte(signal: "Signal") -> bool:
    first_bit = 0 if signal.byte_order == "little_endian" else 7
    return signal.length == 8 and signal.start % 8 == first_bit


def _is_text(signal: "Signal") -> bool:
    in_order = signal.byte_order == "big_endian" and signal.start % 8 == 7
    return in_order and signal.length % 8 == 0 and not signal.is_signed and not signal.is_float


def _numeric(signal: "Signal") -> Numeric:
    return Numeric(
        bits=signal.length,
        signed=signal.is_signed,
        floating=signal.is_float,
        scale=float(signal.scale),
        offset=float(signal.offset),
    )
