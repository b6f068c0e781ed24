"""A message that is expected: which frames of it are news, and how old the values of each multiplexer value are.

A frame is news when it is long enough, its checksum is right and its counter has moved. A short frame makes the values
BAD at once (the sender has changed its format), and so do frames that bring the same bytes for too long, where the
profile says so: of a message without a counter that is how a sender that hangs is found out. A wrong checksum or a
standing counter leave them to the time-out.
"""

from dataclasses import dataclass, field

from cantools.database.can import Message
from cantools.database.errors import Error as DatabaseError

from runtime.drivers.can.checksum import checksum
from runtime.iomap.plan.plan import InputPoint, MessagePlan
from runtime.iomap.wire import CanWire


@dataclass(slots=True)
class SignalGroup:
    """Signals that come together: those of one multiplexer value, or those that are in every frame (`when` is empty).

    `entries` of the device's page by signal. `missing`: not heard for the message's time-out, or unsound.
    """

    when: str
    entries: dict[str, int] = field(default_factory=dict)
    last_ns: int = 0
    missing: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What a frame brought: raw values by entry, entries that it had no value for, and groups that were heard."""

    raw: dict[int, int | float]
    without: list[int]
    groups: list[SignalGroup]


class ReceivedMessage:
    """One message of one device. `problem` says why the newest frame was none, for people; empty when it was."""

    def __init__(self, plan: MessagePlan, codec: Message, inputs: tuple[InputPoint, ...]) -> None:
        self.plan = plan
        self.problem = ""
        self.groups = _groups(plan, codec, inputs)
        self.multiplexed = codec.is_multiplexed()
        self.unsound = False
        self._codec = codec
        self._counter: int | float | None = None
        self._bytes: dict[tuple[str, ...], bytes] = {}
        """The newest payload, of a multiplexed message by what it brought."""
        self._moved_ns = 0

    def opened(self, now_ns: int) -> None:
        """The bus has just been opened: nothing is missing yet, and any counter will do."""
        self._counter, self.problem, self.unsound = None, "", False
        self._bytes.clear()
        for group in self.groups:
            group.last_ns, group.missing = now_ns, False

    def take(self, payload: bytes, now_ns: int) -> News | None:
        """What a frame of this message brings; None when it is no news, see `problem` and `unsound`."""
        self.unsound = len(payload) < self.plan.min_bytes
        if self.unsound:
            self.problem = f"has {len(payload)} bytes instead of {self.plan.min_bytes}"
            return None
        guard = self.plan.checksum
        if guard is not None and payload[guard.byte] != checksum(guard, payload, self.plan.frame_id):
            self.problem = f"has a wrong checksum ({guard.signal})"
            return None
        try:
            decoded = self._codec.decode_simple(payload, decode_choices=False, scaling=False, allow_truncated=True)
        except (DatabaseError, ValueError) as fault:
            self.problem = f"is not as its database says ({fault})"
            return None
        if self.plan.counter:
            counter = decoded.get(self.plan.counter)
            if counter == self._counter:
                self.problem = f"repeats itself: its counter {self.plan.counter} stands still"
                return None
            assert isinstance(counter, (int, float)) or counter is None
            self._counter = counter
        news = self._news(decoded)
        self.unsound = self.plan.frozen_after_ns > 0 and self._stands(news, payload, now_ns)
        if self.unsound:
            self.problem = f"has brought the same bytes for {self.plan.frozen_after_ns / 1e9:g} s: its sender hangs"
            return None
        self.problem = ""
        return news

    def overdue(self, now_ns: int) -> list[SignalGroup]:
        """The groups that have been away for the time-out and were not missing before."""
        return [g for g in self.groups if not g.missing and now_ns - g.last_ns >= self.plan.timeout_ns]

    def overdue_ns(self) -> int | None:
        """When the next group will be overdue, None when all are missing."""
        return min((g.last_ns + self.plan.timeout_ns for g in self.groups if not g.missing), default=None)

    def _stands(self, news: News, payload: bytes, now_ns: int) -> bool:
        brought = tuple(group.when for group in news.groups)
        if self._bytes.get(brought) != payload:
            self._bytes[brought], self._moved_ns = payload, now_ns
        return now_ns - self._moved_ns >= self.plan.frozen_after_ns

    def _news(self, decoded: object) -> News:
        assert isinstance(decoded, dict)
        raw: dict[int, int | float] = {}
        without: list[int] = []
        heard = []
        for group in self.groups:
            came = {entry: decoded[signal] for signal, entry in group.entries.items() if signal in decoded}
            if came or not group.when:
                heard.append(group)
                raw |= came
                without += [entry for entry in group.entries.values() if entry not in came]
        return News(raw, without, heard)


def _groups(plan: MessagePlan, codec: Message, inputs: tuple[InputPoint, ...]) -> list[SignalGroup]:
    """The bound signals by multiplexer value. A message without any has one group, so that its silence is noticed."""
    groups: dict[tuple[str | None, tuple[int, ...]], SignalGroup] = {}
    for point in inputs:
        if not isinstance(point.wire, CanWire) or point.wire.message != plan.name:
            continue
        signal = codec.get_signal_by_name(point.wire.signal)
        key = (signal.multiplexer_signal, tuple(signal.multiplexer_ids or ()))
        when = f"{key[0]} = {' or '.join(map(str, key[1]))}" if key[0] else ""
        groups.setdefault(key, SignalGroup(when)).entries[point.wire.signal] = point.entry
    return list(groups.values()) or [SignalGroup("")]
