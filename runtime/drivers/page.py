"""One device's input page as its driver sees it: the newest reading of each point, published whole."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.frozen import FrozenWatch
from runtime.iomap.plan.plan import InputPoint
from runtime.iomap.wire import Numeric

_Reading = tuple[Value | None, Quality, int]


_Interpreter = Callable[[float], tuple[Value | None, Quality]]
_NOTHING = (None, Quality.BAD)


class _Writer(Protocol):
    def write(self, readings: Sequence[_Reading], changed: Iterable[int] | None = None) -> object: ...


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
        self._watched = {entry for entry, point in enumerate(self.points) if point.frozen_after_ns}
        self._interpreters = [interpreter(point) for point in self.points]
        self._readings: list[_Reading] = list(remembered or [(None, Quality.BAD, 0) for _ in points])
        self._changed: list[int] = []
        assert len(self._readings) == len(self.points), "remembered readings are of another layout"
        self.publish(whole=True)

    @property
    def readings(self) -> tuple[_Reading, ...]:
        """The newest readings."""
        return tuple(self._readings)

    def read_as(self, entry: int, number: Numeric | None) -> None:
        """How the raw numbers of a point are read from now on, where the device has a say; None: not at all."""
        self._interpreters[entry] = _no_value if number is None else interpreter(self.points[entry], number)

    def take(self, entry: int, raw: float, stamp_ns: int, number: Numeric | None = None) -> None:
        """A raw number came from the device at `stamp_ns`. `number`: how to read this one."""
        interpret_it = self._interpreters[entry] if number is None else interpreter(self.points[entry], number)
        value, quality = interpret_it(raw)
        if value is None:
            self.bad([entry])
            return
        if entry in self._watched and self._stands(entry, raw, stamp_ns):
            quality = Quality.UNCERTAIN
        self._readings[entry] = (value, quality, stamp_ns)
        self._changed.append(entry)

    def take_all(self, entries: Sequence[int], raws: Iterable[float], stamp_ns: int) -> None:
        """Raw numbers came for these points, one each, in one answer (there may be more of them: they are others')."""
        readings, interpreters, watched = self._readings, self._interpreters, self._watched
        for entry, raw in zip(entries, raws, strict=False):
            value, quality = interpreters[entry](raw)
            if value is None:
                value, _, was_ns = readings[entry]
                readings[entry] = (value, Quality.BAD, was_ns)
                continue
            if watched and entry in watched and self._stands(entry, raw, stamp_ns):
                quality = Quality.UNCERTAIN
            readings[entry] = (value, quality, stamp_ns)
        self._changed += entries

    def bad(self, entries: Iterable[int]) -> None:
        """The device has no value for these: BAD, with value and time of the last good reading."""
        for entry in entries:
            value, _, stamp_ns = self._readings[entry]
            self._readings[entry] = (value, Quality.BAD, stamp_ns)
            self._changed.append(entry)

    def all_bad(self) -> None:
        """The device is lost."""
        self._frozen.forget()
        self.bad(range(len(self.points)))

    def publish(self, *, whole: bool = False) -> None:
        """Hand the page to the scan; `whole`: to one that may not hold what has not changed since."""
        if self._writer is not None:
            self._writer.write(self._readings, None if whole else self._changed)
        self._changed = []

    def _stands(self, entry: int, raw: float, stamp_ns: int) -> bool:
        point = self.points[entry]
        return self._frozen.stands(point.name, raw, stamp_ns, after_ns=point.frozen_after_ns, meaning="it is UNCERTAIN")


def interpreter(point: InputPoint, number: Numeric | None = None) -> _Interpreter:
    """What makes engineering value and quality of a raw number. `number`: how to read it, where the device has a say.

    No value (not implemented, NaN) or one that the enumeration does not know is BAD; one outside the point's limits is
    UNCERTAIN.
    """
    decode = (number or point.wire.number).decoder(point.kind)
    allowed, low, high = frozenset(point.allowed), point.minimum, point.maximum

    def interpret_any(raw: float) -> tuple[Value | None, Quality]:
        value = decode(raw)
        return _NOTHING if value is None else (value, Quality.GOOD)

    def interpret_bounded(raw: float) -> tuple[Value | None, Quality]:
        value = decode(raw)
        if value is None or (allowed and value not in allowed):
            return _NOTHING
        if isinstance(value, str):
            return value, Quality.GOOD
        if (low is not None and value < low) or (high is not None and value > high):
            return value, Quality.UNCERTAIN
        return value, Quality.GOOD

    return interpret_bounded if allowed or low is not None or high is not None else interpret_any


def interpret(point: InputPoint, raw: float) -> tuple[Value | None, Quality]:
    """Engineering value and quality of one raw number: see `interpreter`."""
    return interpreter(point)(raw)


def _no_value(_raw: float) -> tuple[Value | None, Quality]:
    return _NOTHING
