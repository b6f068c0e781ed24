"""Tells people each alarm of the pair once when it comes, and once when it is over."""

from collections.abc import Sequence

from runtime.cluster.pair.effects import Severity, Told
from runtime.wire.pairport import PairAlarm


class AlarmWatch:
    """For one thread."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], PairAlarm] = {}

    def look(self, alarms: Sequence[PairAlarm]) -> list[Told]:
        """What is to be told, now that these are all the alarms there are."""
        now = {(alarm["id"], alarm["source"]): alarm for alarm in alarms}
        come = [_come(alarm) for name, alarm in now.items() if name not in self._known]
        gone = [_gone(alarm) for name, alarm in self._known.items() if name not in now]
        self._known = now
        return come + gone


def _come(alarm: PairAlarm) -> Told:
    return Told(Severity(alarm["severity"]), f"pair: {alarm['text']}")


def _gone(alarm: PairAlarm) -> Told:
    return Told(Severity.INFO, f"pair: no longer so: {alarm['text']}")
