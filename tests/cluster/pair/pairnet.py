"""The ways between nodes: each message takes its own time, so they overtake each other; some are lost, some doubled.

A way is directed, so a cut may be one way only, and a and b may both see the witness but not each other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pairtime import MS, Events, Process

from runtime.cluster.pair.frame import Frame, decode_frame, encode_frame
from runtime.raft.message import Append

FAST_NS = (MS // 10, MS // 2)
"""What a message takes on a healthy way, at least and at most."""
LARGE_LATE_NS = 20 * MS
WHOLE_AGAIN_NS = 40 * MS
OLD_MAX = 64
"""Messages said before that may come once more."""

Way = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Datagram:
    """What is said at once on the quick lane: it comes whole, or not at all."""

    source: str
    messages: tuple[Any, ...]

    @property
    def frame(self) -> Frame | None:
        """The state in it."""
        return next((message for message in self.messages if isinstance(message, Frame)), None)


@dataclass(slots=True)
class Weather:
    """How bad the ways are. Chances are per message; `slow` ways take up to `slow_ns`.

    State frames go over a connection of their own: on the ways `large_late` they come after what is said later, on
    `large_lost` never. Nor do entries of the log on the ways `entries_lost`. On the ways `whole_again` a whole state
    comes a second time, WHOLE_AGAIN_NS later. In a `damaged` state frame one bit is another one.
    """

    cut: set[Way] = field(default_factory=set)
    slow: set[Way] = field(default_factory=set)
    large_late: set[Way] = field(default_factory=set)
    large_lost: set[Way] = field(default_factory=set)
    entries_lost: set[Way] = field(default_factory=set)
    whole_again: set[Way] = field(default_factory=set)
    slow_ns: int = 40 * MS
    lost: float = 0.0
    late: float = 0.0
    doubled: float = 0.0
    again: float = 0.0
    damaged: float = 0.0


class Network:
    """Carries anything to whoever is registered under a name."""

    def __init__(self, events: Events, random: Random) -> None:
        self.weather = Weather()
        self._events = events
        self._random = random
        self._ends: dict[str, tuple[Process, Callable[[Any], None]]] = {}
        self._old: list[tuple[str, Any]] = []

    def register(self, name: str, process: Process, receive: Callable[[Any], None]) -> None:
        """Who gets what is sent to that name, in whatever life."""
        self._ends[name] = (process, receive)

    def send(self, source: str, target: str, message: Any) -> None:
        """It may arrive; never at once."""
        weather, chance = self.weather, self._random.random
        if target not in self._ends or (source, target) in weather.cut:
            return
        if (source, target) in weather.large_lost and _frame_in(message) is not None:
            return
        if (source, target) in weather.entries_lost and isinstance(message, Append):
            return
        if weather.again and chance() < weather.again:
            self._echo(target, message)
        if weather.lost and chance() < weather.lost:
            return
        self._carry(source, target, message)
        if (source, target) in weather.whole_again and isinstance(message, Frame) and not message.base_scan:
            self._arrive_in(WHOLE_AGAIN_NS, target, message)
        if weather.doubled and chance() < weather.doubled:
            self._carry(source, target, message)

    def _damage(self, frame: Frame) -> Frame | None:
        """What is made of it where it arrives."""
        content = bytearray(encode_frame(frame))
        bit = int(self._random.random() * len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        return decode_frame(bytes(content))

    def _carry(self, source: str, target: str, message: Any) -> None:
        weather, chance = self.weather, self._random.random
        if weather.damaged and _frame_in(message) is not None and chance() < weather.damaged:
            if isinstance(message, Datagram):
                return  # its seal is broken
            message = self._damage(message)
            if message is None:
                return
        least_ns, most_ns = FAST_NS
        delay_ns = least_ns + int((most_ns - least_ns) * chance())
        if (source, target) in weather.slow or (weather.late and chance() < weather.late):
            delay_ns += int(weather.slow_ns * chance())
        elif (source, target) in weather.large_late and _frame_in(message) is not None:
            delay_ns += int(LARGE_LATE_NS * chance())
        self._arrive_in(delay_ns, target, message)

    def _arrive_in(self, delay_ns: int, target: str, message: Any) -> None:
        """Whoever has the name when it arrives gets it: also one that was started since."""
        self._events.after(delay_ns, None, self._arrive, target, message)

    def _arrive(self, target: str, message: Any) -> None:
        process, receive = self._ends[target]
        if process.runs:
            self._events.now(process, receive, message)

    def _echo(self, target: str, message: Any) -> None:
        """Something said long ago arrives once more."""
        old, chance = self._old, self._random.random
        if len(old) < OLD_MAX:
            old.append((target, message))
        else:
            old[int(OLD_MAX * chance())] = (target, message)
        again_target, again = old[int(len(old) * chance())]
        self._arrive_in(int(MS * chance()), again_target, again)


def _frame_in(message: Any) -> Frame | None:
    return message.frame if isinstance(message, Datagram) else message if isinstance(message, Frame) else None
