"""Checks the CAN part of a device profile against its database: messages, signals, counters, checksums."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.core.fault import ConfigFault
from runtime.iomap.dbc import CanDatabase, CanFrame, read_dbc
from runtime.iomap.kinds.can.keys import CanMessage, CanPoint, CanProfile
from runtime.iomap.reading.locate import Locator
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.wire import CanWire, Numeric


def resolve(loaded: LoadedProfile, dbc_folder: Path) -> list[Diagnostic]:
    """See `DeviceProtocol.resolve`."""
    profile, places = loaded.profile, loaded.document.places
    assert isinstance(profile, CanProfile), "the schema of this protocol"
    try:
        database = loaded.database = read_dbc(dbc_folder / profile.can.dbc)
    except ConfigFault as fault:
        at = Label(places.value("can", "dbc"), fault.what)
        return [error("M1007", "the CAN database of this profile cannot be used", at, help=fault.mend)]
    found = [
        mistake
        for name, rule in profile.messages.items()
        for mistake in _message(profile, places, database, name, rule)
    ]
    for name, point in profile.points.items():
        wire, mistakes = _resolve(profile, places, database, name, point)
        found += mistakes
        if wire is not None:
            loaded.wires[name] = wire
    return [*found, *_signals_twice(profile, places)]


def _message(
    profile: CanProfile, places: Locator, database: CanDatabase, name: str, rule: CanMessage
) -> Iterator[Diagnostic]:
    """What is wrong with one table of [messages]."""
    rules = profile.can
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
    if 0 < rule.frozen_after_ms < 2 * rule.period_ms:
        at = Label(places.value("messages", name, "frozen_after_ms"), f"it comes every {rule.period_ms} ms")
        yield error("M2004", f"`{name}` would count as hanging between two frames", at, help="at least two periods")
    if rule.frozen_after_ms and rule.sent_by == "controller":
        at = Label(places.key("messages", name, "frozen_after_ms"), f"message {name} is sent by the controller")
        yield error("M2005", "`frozen_after_ms` has no meaning here", at, help="take it out")
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


def _signals_twice(profile: CanProfile, places: Locator) -> Iterator[Diagnostic]:
    first_by_signal: dict[tuple[str, str], str] = {}
    for name, point in profile.points.items():
        first = first_by_signal.setdefault((point.message, point.signal), name)
        if first != name:
            here = Label(places.key("points", name), f"signal {point.signal} of {point.message}")
            there = Label(places.key("points", first), "the same signal")
            yield error("M2001", f"`{name}` and `{first}` are one signal", here, there, help="keep one of them")


def _resolve(
    profile: CanProfile, places: Locator, database: CanDatabase, name: str, point: CanPoint
) -> tuple[CanWire | None, list[Diagnostic]]:
    messages, message, signal = profile.messages, point.message, point.signal
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
    if point.padding is not None and signal not in frame.texts:
        at = Label(places.value("points", name, "padding"), f"{signal} is not whole bytes, the first character first")
        return None, [error("M2005", f"`{name}` cannot be a text", at, help="take padding out, or mend the database")]
    number = _number(frame.signals[signal], point)
    return CanWire(message=message, signal=signal, frame_id=frame.frame_id, number=number), []


def _number(number: Numeric, point: CanPoint) -> Numeric:
    if point.padding is not None:
        return replace(number, padding=point.padding, not_implemented=point.not_implemented)
    if point.on is not None:
        return replace(number, boolean=True, on=point.on, not_implemented=point.not_implemented)
    return replace(number, not_implemented=point.not_implemented)
