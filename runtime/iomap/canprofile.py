"""Checks the CAN part of a device profile against its database: messages, signals, counters, checksums."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.core.fault import ConfigFault
from runtime.iomap.dbc import CanDatabase, CanFrame, read_dbc
from runtime.iomap.profile import CanMessage, Point, Profile
from runtime.iomap.read import Document, did_you_mean
from runtime.iomap.wire import CanWire, Numeric


@dataclass(frozen=True, slots=True)
class CanPart:
    """What the check of a profile found: its database (None: it cannot be used), sound points, mistakes."""

    database: CanDatabase | None
    wires: dict[str, CanWire]
    mistakes: list[Diagnostic]


def check_can(document: Document[Profile], dbc_folder: Path) -> CanPart:
    """Resolve each point of a CAN profile to its signal."""
    rules, places = document.content.can, document.places
    assert rules is not None, "the schema asks for [can]"
    try:
        database = read_dbc(dbc_folder / rules.dbc)
    except ConfigFault as fault:
        at = Label(places.value("can", "dbc"), fault.what)
        return CanPart(
            None, {}, [error("M1007", "the CAN database of this profile cannot be used", at, help=fault.mend)]
        )
    found = [
        mistake
        for name, rule in document.content.messages.items()
        for mistake in _message(document, database, name, rule)
    ]
    wires: dict[str, CanWire] = {}
    for name, point in document.content.points.items():
        wire, mistakes = _resolve(document, database, name, point)
        found += mistakes
        if wire is not None:
            wires[name] = wire
    return CanPart(database, wires, [*found, *_signals_twice(document)])


def _message(document: Document[Profile], database: CanDatabase, name: str, rule: CanMessage) -> Iterator[Diagnostic]:
    """What is wrong with one table of [messages]."""
    places, rules = document.places, document.content.can
    assert rules is not None
    frame = database.frames.get(name)
    if frame is None:
        mend = did_you_mean(name, database.frames, what="messages")
        yield error(
            "M2004", f"unknown message `{name}`", Label(places.key("messages", name), f"not in {rules.dbc}"), help=mend
        )
        return
    if rules.ids == "j1939" and not frame.extended:
        at = Label(places.key("messages", name), f"0x{frame.frame_id:X} has 11 bits")
        yield error("M2004", f"`{name}` has no J1939 id", at, help='take ids = "j1939" out of [can]')
    if rule.min_bytes is not None and rule.min_bytes > frame.length:
        at = Label(places.value("messages", name, "min_bytes"), f"the database says {frame.length} bytes")
        yield error("M2004", f"no frame of `{name}` is long enough", at, help=f"at most {frame.length}")
    if rule.counter and rule.counter not in frame.signals:
        yield _unknown_signal(
            Label(places.value("messages", name, "counter"), f"not in message {name}"), rule.counter, frame
        )
    if rule.checksum is not None:
        yield from _checksum(
            Label(places.value("messages", name, "checksum"), f"not in message {name}"), rule.checksum.signal, frame
        )
    if rule.keep_alive != "no" and rule.sent_by == "device":
        at = Label(places.key("messages", name, "keep_alive"), f"message {name} is sent by the device")
        yield error("M2005", "`keep_alive` has no meaning here", at, help="take it out")


def _checksum(at: Label, signal: str, frame: CanFrame) -> Iterator[Diagnostic]:
    if signal not in frame.signals:
        yield _unknown_signal(at, signal, frame)
    elif signal not in frame.byte_of:
        where = Label(at.span, f"{signal} has {frame.signals[signal].bits} bits")
        yield error("M2004", f"`{signal}` cannot be the checksum", where, help="a checksum is one whole byte")


def _unknown_signal(at: Label, signal: str, frame: CanFrame) -> Diagnostic:
    return error("M2004", f"unknown signal `{signal}`", at, help=did_you_mean(signal, frame.signals, what="signals"))


def _signals_twice(document: Document[Profile]) -> Iterator[Diagnostic]:
    first_by_signal: dict[tuple[str | None, str | None], str] = {}
    for name, point in document.content.points.items():
        first = first_by_signal.setdefault((point.message, point.signal), name)
        if first != name:
            here = Label(document.places.key("points", name), f"signal {point.signal} of {point.message}")
            there = Label(document.places.key("points", first), "the same signal")
            yield error("M2001", f"`{name}` and `{first}` are one signal", here, there, help="keep one of them")


def _resolve(
    document: Document[Profile], database: CanDatabase, name: str, point: Point
) -> tuple[CanWire | None, list[Diagnostic]]:
    places, messages = document.places, document.content.messages
    message, signal = point.message or "", point.signal or ""
    rule, frame = messages.get(message), database.frames.get(message)
    if rule is None or frame is None:
        mend = did_you_mean(message, messages, what="messages")
        at = Label(places.value("points", name, "message"), "not a message of this profile")
        return None, [error("M2004", f"`{name}` is in an unknown message `{message}`", at, help=mend)]
    if signal not in frame.signals:
        return None, [
            _unknown_signal(Label(places.value("points", name, "signal"), f"not in message {message}"), signal, frame)
        ]
    written = rule.sent_by == "controller"
    if written != (point.access == "w"):
        at = Label(places.key("points", name), f"message {message} is sent by the {rule.sent_by}")
        right = 'access = "w"' if written else 'access = "r"'
        return None, [error("M2005", f"`{name}` has the wrong access", at, help=f"write {right}")]
    number = _number(frame.signals[signal], point)
    return CanWire(message=message, signal=signal, frame_id=frame.frame_id, number=number), []


def _number(number: Numeric, point: Point) -> Numeric:
    if point.on is not None:
        return replace(number, boolean=True, on=point.on, not_implemented=point.not_implemented)
    return replace(number, not_implemented=point.not_implemented)
