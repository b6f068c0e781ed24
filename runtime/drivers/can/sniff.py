"""Frames of a bus as people read them: whose they are, what their signals say, how often they come."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import can
from cantools.database.can import Message
from cantools.database.errors import Error as DatabaseError

from runtime.iomap.dbc import parse_database
from runtime.iomap.plan.plan import DevicePlan

RATE_OF = 16
"""Frames of one id that its rate is taken from."""


@dataclass(frozen=True, slots=True)
class SignalValue:
    """A decoded signal: a number in `unit`, or the label of its raw value."""

    name: str
    value: float | int | str
    unit: str


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A frame as seen. `name` is `<device>.<message>`, empty when no device of the map has it.

    `problem`: why a known frame could not be decoded. `rate_hz`: of this id, 0 before its second frame.
    """

    frame: can.Message
    name: str
    signals: tuple[SignalValue, ...]
    problem: str
    rate_hz: float


class Sniffer:
    """Decodes what comes by the databases of a link's devices, in either direction."""

    def __init__(self, devices: Iterable[DevicePlan]) -> None:
        self._known = list(_messages(devices))
        self._times: dict[tuple[int, bool], deque[float]] = {}

    def take(self, frame: can.Message) -> Sniffed:
        """What a frame says."""
        rate_hz = self._rate(frame)
        if frame.is_error_frame:
            return Sniffed(frame, "", (), "error frame", rate_hz)
        for (frame_id, mask, extended), name, codec in self._known:
            if extended == frame.is_extended_id and not (frame.arbitration_id ^ frame_id) & mask:
                return self._decoded(frame, name, codec, rate_hz)
        return Sniffed(frame, "", (), "", rate_hz)

    def _decoded(self, frame: can.Message, name: str, codec: Message, rate_hz: float) -> Sniffed:
        if frame.is_remote_frame:
            return Sniffed(frame, name, (), "remote frame", rate_hz)
        try:
            decoded = codec.decode_simple(bytes(frame.data), allow_truncated=True)
        except (DatabaseError, ValueError) as fault:
            return Sniffed(frame, name, (), str(fault), rate_hz)
        problem = "" if len(frame.data) >= codec.length else f"{len(frame.data)} bytes instead of {codec.length}"
        units = {signal.name: signal.unit or "" for signal in codec.signals}
        signals = tuple(
            SignalValue(signal, value if isinstance(value, (int, float)) else str(value), units[signal])
            for signal, value in decoded.items()
        )
        return Sniffed(frame, name, signals, problem, rate_hz)

    def _rate(self, frame: can.Message) -> float:
        times = self._times.setdefault((frame.arbitration_id, frame.is_extended_id), deque(maxlen=RATE_OF))
        times.append(frame.timestamp)
        span_s = times[-1] - times[0]
        return (len(times) - 1) / span_s if span_s > 0 else 0.0


_Id = tuple[int, int, bool]


def _messages(devices: Iterable[DevicePlan]) -> Iterator[tuple[_Id, str, Message]]:
    for device in devices:
        database = parse_database(device.dbc, device.dbc_format)
        for plan in device.messages:
            codec = database.get_message_by_name(plan.name)
            yield (plan.frame_id, plan.id_mask, plan.extended), f"{device.name}.{plan.name}", codec
