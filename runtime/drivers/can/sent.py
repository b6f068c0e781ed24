"""A message that is sent: its payloads from the values of its points.

A multiplexed message has a payload for each multiplexer value that one of its points needs, one after the other, unless
a tag drives the multiplexer itself. Signals that nobody drives have the start value of the database.
"""

from collections.abc import Sequence

from cantools.database.can import Message, Signal
from cantools.database.errors import Error as DatabaseError

from runtime.core.elementary import Value
from runtime.drivers.can.checksum import checksum
from runtime.iomap.plan.plan import MessagePlan, OutputPoint
from runtime.iomap.wire import CanWire

Selection = dict[str, int]
"""Raw values of the multiplexers that make up one variant of a message."""


class SentMessage:
    """One message of one device. `next_ns`: when it is due."""

    def __init__(self, plan: MessagePlan, codec: Message, outputs: tuple[OutputPoint, ...]) -> None:
        self.plan = plan
        self.next_ns = 0
        self.points = tuple(p for p in outputs if isinstance(p.wire, CanWire) and p.wire.message == plan.name)
        self._codec = codec
        self._raw: dict[str, int | float] = {s.name: s.raw_initial or 0 for s in codec.signals}
        driven = {p.wire.signal for p in self.points if isinstance(p.wire, CanWire)}
        self._selections = _selections(codec.signals, driven)
        self._counter = 0
        self._counter_end = 1 << codec.get_signal_by_name(plan.counter).length if plan.counter else 1

    @property
    def is_constant(self) -> bool:
        """True when the payload changes only with the values: nothing in it counts or takes turns."""
        return not self.plan.counter and len(self._selections) == 1

    def payloads(self, values: Sequence[Value | None]) -> list[bytes]:
        """What to send, given a value (or None: keep the last) for each of `points`.

        Empty when a signal would have a value that must never go out, or a multiplexer one that does not exist.
        """
        for point, value in zip(self.points, values, strict=True):
            if value is not None:
                assert isinstance(point.wire, CanWire)
                self._raw[point.wire.signal] = point.wire.number.encode(value)
        if any(self._raw[signal] == raw for signal, raw in self.plan.never_sent):
            return []
        try:
            return [self._payload(selection) for selection in self._selections]
        except DatabaseError:  # a tag drives the multiplexer to a value that the database does not have
            return []

    def _payload(self, selection: Selection) -> bytes:
        raw = self._raw | selection
        if self.plan.counter:
            raw[self.plan.counter] = self._counter
            self._counter = (self._counter + 1) % self._counter_end
        payload = self._codec.encode(raw, scaling=False, strict=False)
        guard = self.plan.checksum
        if guard is None:
            return payload
        return payload[: guard.byte] + bytes([checksum(guard, payload, self.plan.frame_id)]) + payload[guard.byte + 1 :]


def _selections(signals: Sequence[Signal], driven: set[str]) -> list[Selection]:
    """The variants in which a driven signal occurs, each once; one empty selection for a plain message."""
    by_name = {s.name: s for s in signals}
    some = _some_selection(signals, {s.name for s in signals if s.is_multiplexer} - driven)
    found: list[Selection] = []
    for signal in signals:
        if signal.name not in driven or signal.multiplexer_signal is None:
            continue
        for way in _ways_to(signal, by_name):
            selection = some | way
            if not driven & way.keys() and selection not in found:
                found.append(selection)
    return found or [some]


def _ways_to(signal: Signal, by_name: dict[str, Signal]) -> list[Selection]:
    """The multiplexer values under which a signal is in the frame."""
    if signal.multiplexer_signal is None:
        return [{}]
    outer = _ways_to(by_name[signal.multiplexer_signal], by_name)
    return [{**way, signal.multiplexer_signal: raw} for way in outer for raw in signal.multiplexer_ids or ()]


def _some_selection(signals: Sequence[Signal], multiplexers: set[str]) -> Selection:
    """Some multiplexer values that exist, so that the frame can be encoded at all."""
    return {
        name: min((raw for s in signals if s.multiplexer_signal == name for raw in s.multiplexer_ids or ()), default=0)
        for name in multiplexers
    }
