"""When an output is due to be written: on change, as a refresh, after a reconnect; never too often."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runtime.core.elementary import Value
from runtime.iomap.plan.plan import Heartbeat, OutputPoint

REST_NS = 60_000_000_000
"""After as many failed tries as the policy allows, before the next: a device that refuses is not to be hammered."""
NEVER_NS = 1 << 62

ValueOf = Callable[[OutputPoint, int], Value | None]
"""The value to write to a point at a time; None: write nothing. `OutputSink.value`."""


@dataclass(slots=True)
class _Written:
    value: Value | None = None
    at_ns: int = -NEVER_NS
    not_before_ns: int = -NEVER_NS
    tries: int = 0
    refused: Value | None = None
    rests_until_ns: int = -NEVER_NS


class WriteSchedule:
    """The outputs of one device. Pure: the caller brings time and values.

    `order`: outputs, by number, of which those wanted at one time are written one after the other. One waits until
    each before it was written with what was wanted when its own turn began, but no longer than the tries of that one
    take: a device that refuses a setpoint must still get its stop.
    """

    def __init__(self, points: Sequence[OutputPoint], order: Sequence[int] = ()) -> None:
        self.points = tuple(points)
        self._order = tuple(order)
        self._written = [_Written() for _ in points]
        self._wanted_since_ns: dict[int, int] = {}
        self._turn = 0

    def due(self, now_ns: int, value_of: ValueOf, *, patient: bool = True) -> tuple[int, Value] | None:
        """The next output to write (its number in `points`) and its value; each in its turn.

        `patient` False: of those in order, none waits for one that failed.
        """
        values = {number: value_of(self.points[number], now_ns) for number in self._order}
        self._note_wanted(values, now_ns)
        for step in range(len(self.points)):
            number = (self._turn + step) % len(self.points)
            value = values[number] if number in values else value_of(self.points[number], now_ns)
            if value is None or not self.is_due(number, value, now_ns):
                continue
            if number in values and self._must_wait(number, now_ns, patient=patient):
                continue
            self._turn = number + 1
            return number, value
        return None

    def next_ns(self) -> int:
        """When a refresh or a retry is due at the earliest, if no value changes."""
        times = [NEVER_NS]
        for point, last in zip(self.points, self._written, strict=True):
            if last.value is None:
                times.append(max(last.not_before_ns, last.rests_until_ns))
            elif point.policy.refresh_ns:
                times.append(max(last.at_ns + point.policy.refresh_ns, last.not_before_ns))
        return min(times)

    def held(self, number: int) -> Value | None:
        """What the device took last of this output, as far as is known."""
        return self._written[number].value

    def fails(self, number: int) -> bool:
        """Whether the device has not taken its last write."""
        return self._written[number].refused is not None

    def written(self, number: int, value: Value, now_ns: int) -> None:
        """The device has taken the value."""
        interval_ns = self.points[number].policy.min_interval_ns
        self._written[number] = _Written(value, now_ns, now_ns + interval_ns)
        self._wanted_since_ns.pop(number, None)

    def failed(self, number: int, value: Value, now_ns: int) -> bool:
        """The device has not taken the value. True when that was the last try for now: another value may be written."""
        policy, last = self.points[number].policy, self._written[number]
        last.tries = 1 if last.refused != value else last.tries + 1
        last.value, last.refused = None, value
        last.not_before_ns = now_ns + policy.retry_ns
        if last.tries < policy.attempts:
            return False
        last.tries, last.rests_until_ns = 0, now_ns + REST_NS
        return True

    def forget(self) -> None:
        """What the device holds is not known (it was away) or not good enough: write everything, exactly, at once."""
        self._written = [_Written() for _ in self.points]
        self._wanted_since_ns.clear()

    def is_due(self, number: int, value: Value, now_ns: int) -> bool:
        """Is this value to be written now?"""
        last = self._written[number]
        if now_ns < last.not_before_ns or (now_ns < last.rests_until_ns and value == last.refused):
            return False
        return self._is_wanted(number, value, now_ns)

    def _note_wanted(self, values: Mapping[int, Value | None], now_ns: int) -> None:
        for number, value in values.items():
            if value is None or not self._is_wanted(number, value, now_ns):
                self._wanted_since_ns.pop(number, None)
            else:
                self._wanted_since_ns.setdefault(number, now_ns)

    def _must_wait(self, number: int, now_ns: int, *, patient: bool) -> bool:
        since_ns = self._wanted_since_ns[number]
        for place in self._order[: self._order.index(number)]:
            last, policy = self._written[place], self.points[place].policy
            if place not in self._wanted_since_ns or last.at_ns >= since_ns or (last.tries and not patient):
                continue
            if now_ns - since_ns < max(policy.attempts * policy.retry_ns, policy.min_interval_ns):
                return True
        return False

    def _is_wanted(self, number: int, value: Value, now_ns: int) -> bool:
        policy, last = self.points[number].policy, self._written[number]
        if last.value is None:
            return True
        if policy.refresh_ns and now_ns - last.at_ns >= policy.refresh_ns:
            return True
        if policy.dead_band > 0 and not isinstance(value, str) and not isinstance(last.value, str):
            return abs(value - last.value) > policy.dead_band
        return value != last.value


class HeartbeatCounter:
    """The next value of a heartbeat that the driver makes itself."""

    def __init__(self, rule: Heartbeat) -> None:
        self.rule = rule
        self.next_ns = -NEVER_NS
        self._value: int | None = None

    def beat(self, now_ns: int) -> int:
        """The value to write now; the next one is due a period later."""
        self.next_ns = now_ns + self.rule.period_ns
        low, high, last = self.rule.minimum, self.rule.maximum, self._value
        if self.rule.kind == "down":
            self._value = high if last is None or last <= low else last - 1
        elif self.rule.kind == "up":
            self._value = low if last is None or last >= high else last + 1
        else:
            self._value = high if last == low else low
        return self._value
