"""What the console knows: the state that frames and answers update and that widgets paint. No I/O, no clock.

Every method that depends on time is given it. Frames arrive at 10 Hz and only replace fields here; widgets read the
model when they paint, so a slow terminal never holds up the stream.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from hmi import roles
from hmi.status import Scalar, Statistics, Status, fault_details_of, number_of, statistics_of, status_of
from hmi.trend import Sample, Trend
from runtime.core.quality import Quality
from runtime.wire.exercise import TESTING
from runtime.wire.iofigures import IoFigures
from runtime.wire.pairport import PairStatus

SILENCE_NS = 1_500_000_000
"""No status frame for this long is no connection (wire protocol, version 1)."""
EVENTS_MAX = 1000
"""Events kept for the log; the gateway's ring is the record, this is a window on it."""


@dataclass(frozen=True, slots=True)
class TagInfo:
    """What does not change about a tag while its program runs."""

    name: str
    type: str
    unit: str = ""
    comment: str = ""
    direction: str = "internal"
    device: str = ""
    labels: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    forceable: bool = False
    fail_safe: Scalar | None = None


@dataclass(frozen=True, slots=True)
class TagReading:
    """A tag's value now."""

    value: Scalar
    quality: Quality
    age_ms: float
    forced: bool


@dataclass(frozen=True, slots=True)
class Force:
    """A variable that is held at a value, or will be when what is prepared is armed. `how`: input, output, variable."""

    name: str
    value: Scalar
    type: str
    how: str
    keep: bool
    client: str
    t_wall_ns: int
    prepared: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the event log."""

    id: int
    t_wall_ns: int
    severity: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Connection:
    """Whether the controller is heard; if not, since when (wall time; 0 when it never was)."""

    up: bool
    since_wall_ns: int = 0
    ever: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of several controllers the one that is listened to, since when, and which one was before; "" for none."""

    name: str
    since_wall_ns: int
    before: str = ""


class Model:
    """Everything the console shows. One instance, used from one event loop."""

    def __init__(self, endpoint: str = "") -> None:
        self.endpoint = endpoint
        self.hello: Mapping[str, Any] = {}
        self.status: Status | None = None
        self.infos: tuple[TagInfo, ...] = ()
        self.infos_seen = 0
        self.readings: list[TagReading] = []
        self._places: dict[str, int] = {}
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self.events_seen = 0
        self.statistics: Statistics | None = None
        self.io: IoFigures | None = None
        self.pair: PairStatus | None = None
        self.pair_problem = ""
        self.testing: Mapping[str, Scalar] = {}
        self.chosen: Chosen | None = None
        self.forces: tuple[Force, ...] = ()
        self.fault_details: Mapping[tuple[str, int], str] = {}
        self.trend = Trend()
        self.heard_ns: int | None = None
        self._program = 0
        self.heard_wall_ns = 0
        self.started_wall_ns = 0
        self.now_ns = 0
        self.now_wall_ns = 0

    # --- what arrives

    def tick(self, now_ns: int, now_wall_ns: int) -> None:
        """Take the time at which everything until the next tick is painted."""
        self.now_ns = now_ns
        self.now_wall_ns = now_wall_ns
        if not self.started_wall_ns:
            self.started_wall_ns = now_wall_ns

    def take_status(self, frame: Mapping[str, Any], now_ns: int, now_wall_ns: int) -> bool:
        """A status frame. True when it ends a silence, or comes from another version of the programs: names and
        events must then be asked for anew."""
        program = int(frame.get("program", {}).get("number", 0))
        regained = self.heard_ns is None or now_ns - self.heard_ns > SILENCE_NS or program != self._program
        self._program = program
        self.status = status_of(frame)
        self.heard_ns = now_ns
        self.heard_wall_ns = now_wall_ns
        self.trend.take(self.status.t_wall_ns // 1_000_000_000, self._sample())
        return regained

    def take_tags(self, frame: Mapping[str, Any]) -> bool:
        """A frame of tag values, in the order of `infos`. False when it does not match them: of another program."""
        rows = frame["values"]
        if len(rows) != len(self.infos):
            return False
        self.readings = [TagReading(v, Quality(q), float(age), bool(forced)) for v, q, age, forced in rows]
        return True

    def take_infos(self, tags: Sequence[Mapping[str, Any]]) -> None:
        """The answer to `tags`."""
        self.infos = tuple(_info_of(tag) for tag in tags)
        self._places = {info.name: place for place, info in enumerate(self.infos)}
        self.infos_seen += 1
        self.readings = []

    def forget_readings(self) -> None:
        """Nobody has values sent any more: the last ones would pass for those of now."""
        self.readings = []

    def take_events(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Events in any order, some of them perhaps known: after a silence the whole ring is asked for."""
        known = {(event.id, event.t_wall_ns) for event in self.events}
        fresh = [e for e in map(_event_of, told) if (e.id, e.t_wall_ns) not in known]
        if fresh:
            ordered = sorted([*self.events, *fresh], key=lambda event: (event.t_wall_ns, event.id))
            self.events = deque(ordered, maxlen=EVENTS_MAX)
            self.events_seen += len(fresh)

    def take_io(self, result: Mapping[str, Any]) -> None:
        """The answer to `io`."""
        self.io = cast(IoFigures, result)  # the gateway is of the same version

    def take_pair(self, result: Mapping[str, Any]) -> None:
        """The answer to `pair`."""
        self.pair, self.pair_problem = cast(PairStatus, result), ""  # the gateway is of the same version

    def take_testing(self, result: Mapping[str, Any]) -> None:
        """The answer to `read` for `testing_names`."""
        self.testing = {str(told["name"]): told["value"] for told in result.get("values", ())}

    def take_chosen(self, told: Mapping[str, Any], now_wall_ns: int) -> None:
        """Whoever drives a pair, or at least is heard, is listened to from now on. What the other one was asked for is
        not this one's."""
        before = self.chosen.name if self.chosen is not None else ""
        self.chosen = Chosen(str(told["name"]), now_wall_ns, before)
        self.pair = self.statistics = self.io = None

    def take_no_pair(self, why: str) -> None:
        """There is none, or it says nothing."""
        self.pair, self.pair_problem = None, why

    def take_statistics(self, result: Mapping[str, Any]) -> None:
        """The answer to `stats`."""
        self.statistics = statistics_of(result)

    def take_forces(self, result: Mapping[str, Any]) -> None:
        """The answer to `forces`: what is prepared, then what acts."""
        groups = ((result.get("prepared", ()), True), (result.get("forces", ()), False))
        self.forces = tuple(_force_of(told, prepared=prepared) for group, prepared in groups for told in group)

    def take_fault_log(self, result: Mapping[str, Any]) -> None:
        """The answer to `faults`."""
        self.fault_details = fault_details_of(result)

    # --- what is asked

    @property
    def connection(self) -> Connection:
        """Is the controller heard, as of the last tick?"""
        if self.heard_ns is None:
            return Connection(up=False, since_wall_ns=self.started_wall_ns)
        silent = self.now_ns - self.heard_ns > SILENCE_NS
        return Connection(up=not silent, since_wall_ns=self.heard_wall_ns if silent else 0, ever=True)

    @property
    def live(self) -> bool:
        """Are the values on the screen those of now?"""
        return self.connection.up and self.status is not None and self.status.scanning

    def value(self, name: str) -> Scalar | None:
        """A tag's value in the last status frame."""
        return None if self.status is None else self.status.view.get(name)

    def number(self, name: str) -> float:
        """A tag's number in the last status frame; NaN when it is not there."""
        return number_of(self.value(name))

    def text(self, name: str, default: str = "–") -> str:
        """A tag's value as text."""
        value = self.value(name)
        return default if value is None else str(value)

    def is_bad(self, name: str) -> bool:
        """Is this reading not to be trusted: an input of BAD quality, or a figure computed from such inputs?"""
        if self.status is None:
            return False
        bad = self.status.bad_inputs
        if name == roles.LOAD_KW:
            return self.value(roles.LOAD_GOOD) is False
        if name == roles.SOC_PCT:
            racks = self.racks()
            return bool(racks) and all(f"{rack}.soc_pct" in bad for rack in racks)
        return name in bad

    def is_forced(self, name: str) -> bool:
        """Is this tag forced?"""
        return self.status is not None and any(forced == name for forced, *_ in self.status.forces)

    def racks(self) -> list[str]:
        """The battery racks that the view tells of."""
        return [] if self.status is None else roles.racks(list(self.status.view))

    def info(self, name: str) -> TagInfo | None:
        """What is known about a tag."""
        place = self._places.get(name)
        return None if place is None else self.infos[place]

    def testing_names(self) -> list[str]:
        """The tags that tell of test mode, and of the plant what it moves; none at a site without it."""
        names = [info.name for info in self.infos if info.name.startswith(TESTING)]
        return [*names, *roles.TESTED] if names else []

    def reading_of(self, name: str) -> TagReading | None:
        """A tag's reading in the last frame of tags."""
        place = self._places.get(name)
        return None if place is None or place >= len(self.readings) else self.readings[place]

    def labels(self, *names: str) -> tuple[str, ...]:
        """The names of an enumeration's values, from the first of these tags that has any."""
        for name in names:
            info = self.info(name)
            if info and info.labels:
                return info.labels
        return ()

    def _sample(self) -> Sample:
        def good(name: str) -> float:
            return float("nan") if self.is_bad(name) else self.number(name)

        return Sample(
            p_set_kw=good(roles.P_SET_KW),
            p_inverter_kw=good(roles.INVERTER_KW),
            p_grid_kw=good(roles.GRID_KW),
            soc_pct=good(roles.SOC_PCT),
        )


def _info_of(told: Mapping[str, Any]) -> TagInfo:
    return TagInfo(
        name=str(told["name"]),
        type=str(told.get("type", "")),
        unit=str(told.get("unit", "")),
        comment=str(told.get("comment", "")),
        direction=str(told.get("direction", "internal")),
        device=str(told.get("device") or ""),
        labels=tuple(str(label) for label in told.get("labels") or ()),
        minimum=told.get("minimum"),
        maximum=told.get("maximum"),
        forceable=bool(told.get("forceable", False)),
        fail_safe=told.get("fail_safe"),
    )


def _force_of(told: Mapping[str, Any], *, prepared: bool) -> Force:
    return Force(
        name=str(told["name"]),
        value=told["value"],
        type=str(told.get("type", "")),
        how=str(told.get("how", "")),
        keep=bool(told.get("keep", False)),
        client=str(told.get("client", "")),
        t_wall_ns=int(told.get("t_wall_ns", 0)),
        prepared=prepared,
    )


def _event_of(told: Mapping[str, Any]) -> Event:
    return Event(
        id=int(told.get("id", 0)),
        t_wall_ns=int(told.get("t_wall_ns", 0)),
        severity=str(told.get("severity", "info")),
        source=str(told.get("source", "")),
        text=str(told.get("text", "")),
    )
