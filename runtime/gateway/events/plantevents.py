"""What a plant's program notes as events (EVENT_LOG in programs/plant), as messages on topics: nobody polls for them.

The log lies in application memory: its last events, the newest first, each with a number that is never given twice. So
none is missed between two looks, as long as no more happen than the log holds. A topic for each kind stands beside it,
as a string.
"""

from typing import Any, Final

from runtime.core.tag import TagTable, Variable
from runtime.image.snapshot import Snapshot
from runtime.wire.values import to_json

_NEWEST: Final = ".events[1].id"
_SAYS: Final = ("state", "mode", "operation", "meter_good", "climate_bad", "setup", "grid_forming", "error")
"""Variables of EVENT_LOG in the order of EVENT_KIND: their enumerations name what an event counts."""
EVENTS_MAX: Final = 16
"""How many events a log holds (EVENTS in programs/plant/event_log.st)."""
_ERROR: Final = "ERROR"
"""The kind whose events are of an error of the plant's list: the catalogue says more of it."""
_OF_AN_ERROR: Final = ("source", "severity", "text")


class PlantEvents:
    """The logs of all plants in the programs. Called ten times a second."""

    def __init__(self, tags: TagTable) -> None:
        leaves = (*tags, *tags.variables)
        logs = [_Log(tags, leaf.name.removesuffix(_NEWEST)) for leaf in leaves if leaf.name.endswith(_NEWEST)]
        self._logs = [log for log in logs if log.is_whole]

    def seen(self, snapshot: Snapshot | None) -> list[tuple[str, dict[str, Any]]]:
        """Topic and message of each new event, the oldest first; of the very first look none."""
        return [] if snapshot is None else [found for log in self._logs for found in log.seen(snapshot)]


class _Log:
    """`is_whole`: what stands there is a log, and nothing of a program's own that has but the name of its newest event.
    Programs of before events had a power say none."""

    def __init__(self, tags: TagTable, plant: str) -> None:
        def leaves(name: str, count: int, field: str = "") -> list[Variable]:
            found = (tags.find(f"{plant}.{name}[{i}]{field}") for i in range(1, count + 1))
            return [leaf for leaf in found if leaf is not None]

        self._ids = leaves("events", EVENTS_MAX, ".id")
        fields = [leaves("events", EVENTS_MAX, f".{field}") for field in ("kind", "from", "now", "at")]
        self._rows = list(zip(*fields, strict=False))
        self._powers = leaves("events", EVENTS_MAX, ".p_kw")
        self._topics = leaves("log.topics", len(_SAYS))
        self.is_whole = bool(self._topics) and all(len(field) == len(self._ids) for field in fields)
        self._says = [tags.find(f"{plant}.log.{name}") for name in _SAYS]
        self._tags, self._errors = tags, f"{plant}.errors"
        self._last: int | None = None

    def seen(self, snapshot: Snapshot) -> list[tuple[str, dict[str, Any]]]:
        ids = [int(snapshot.value(leaf)) for leaf in self._ids]
        last, self._last = self._last, max(ids)
        if last is None:
            return []
        return [self._told(snapshot, row) for row, number in reversed(list(enumerate(ids))) if number > last]

    def _told(self, snapshot: Snapshot, row: int) -> tuple[str, dict[str, Any]]:
        kind, before, now, at = self._rows[row]
        number = int(snapshot.value(kind))
        body: dict[str, Any] = {
            "id": int(snapshot.value(self._ids[row])),
            "kind": to_json(snapshot.value(kind), kind),
            "from": self._name(number, int(snapshot.value(before))),
            "now": self._name(number, int(snapshot.value(now))),
            "at_ns": int(snapshot.value(at)),
        }
        if self._powers:
            body["p_kw"] = to_json(snapshot.value(self._powers[row]), self._powers[row])
        if body["kind"] == _ERROR:
            body |= self._of_error(snapshot, int(snapshot.value(now)) or int(snapshot.value(before)))
        return str(snapshot.value(self._topics[number - 1])), body

    def _of_error(self, snapshot: Snapshot, code: int) -> dict[str, Any]:
        """What the catalogue says of it, and the number of this one (the list keeps that of the newest of its code)."""
        where = {name: f"{self._errors}.catalogue[{code}].{name}" for name in _OF_AN_ERROR}
        where["error_id"] = f"{self._errors}.records[{code}].id"
        found = ((name, self._tags.find(leaf)) for name, leaf in where.items())
        return {name: to_json(snapshot.value(leaf), leaf) for name, leaf in found if leaf is not None}

    def _name(self, kind: int, value: int) -> str | bool | int:
        says = self._says[kind - 1]
        if says is None or not says.labels:
            return bool(value)
        return {number: name for name, number in says.labels}.get(value, value)
