"""One device's input page as its driver sees it: the newest reading of each point, published whole."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.frozen import FrozenWatch
from runtime.iomap.plan import InputPoint
from runtime.iomap.wire import Numeric

_Reading = tuple[Value | None, Quality, int]


class _Writer(Protocol):
    def write(self, readings: Sequence[_Reading]) -> object: ...


class DevicePage:
    """Readings of a device in map order. They start as `remembered`: what the page held when an earlier io ended.

    Remembered readings keep their time, so the scan judges their age as if io had never been away. Without any, all
    start BAD with time stamp 0: never read. `frozen` sees which values stand still that should not.
    """

    def __init__(
        self,
        points: Sequence[InputPoint],
        writer: _Writer | None,
        remembered: Sequence[_Reading] | None = None,
        frozen: FrozenWatch | None = None,
    ) -> None:
        self.points = tuple(points)
        self._writer = writer
        self._frozen = frozen or FrozenWatch("", lambda _level, _text: None)
        self._readings: list[_Reading] = list(remembered or [(None, Quality.BAD, 0) for _ in points])
        assert len(self._readings) == len(self.points), "remembered readings are of another layout"
        self.publish()

    @property
    def readings(self) -> tuple[_Reading, ...]:
        """The newest readings."""
        return tuple(self._readings)

    def take(self, entry: int, raw: float, stamp_ns: int, number: Numeric | None = None) -> None:
        """A raw number came from the device at `stamp_ns`. `number`: how to read it, where the device has a say."""
        value, quality = interpret(self.points[entry], raw, number)
        if value is None or quality is Quality.BAD:
            self.bad([entry])
        else:
            point = self.points[entry]
            if self._frozen.stands(
                point.name, raw, stamp_ns, after_ns=point.frozen_after_ns, meaning="it is UNCERTAIN"
            ):
                quality = Quality.UNCERTAIN
            self._readings[entry] = (value, quality, stamp_ns)

    def bad(self, entries: Iterable[int]) -> None:
        """The device has no value for these: BAD, with value and time of the last good reading."""
        for entry in entries:
            value, _, stamp_ns = self._readings[entry]
            self._readings[entry] = (value, Quality.BAD, stamp_ns)

    def all_bad(self) -> None:
        """The device is lost."""
        self._frozen.forget()
        self.bad(range(len(self.points)))

    def publish(self) -> None:
        """Hand the page to the scan."""
        if self._writer is not None:
            self._writer.write(self._readings)


def interpret(point: InputPoint, raw: float, number: Numeric | None = None) -> tuple[Value | None, Quality]:
    """Engineering value and quality of a raw number.

    No value (not implemented, NaN) or one that the enumeration does not know is BAD; one outside the point's limits is
    UNCERTAIN.
    """
    value = (number or point.wire.number).decode(raw, point.kind)
    if value is None or (point.allowed and value not in point.allowed):
        return None, Quality.BAD
    if isinstance(value, str):
        return value, Quality.GOOD
    low, high = point.minimum, point.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return value, Quality.UNCERTAIN
    return value, Quality.GOOD
