"""Tells people each alarm of the pair once when it comes, and once when it is over."""

from collections.abc import Sequence

from runtime.cluster.pair.effects import Severity, Told


class AlarmWatch:
    """For one thread."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def look(self, alarms: Sequence[str]) -> list[Told]:
        """What is to be told, now that these are all the alarms there are."""
        come = [Told(Severity.WARNING, f"pair: {alarm}") for alarm in alarms if alarm not in self._known]
        gone = [Told(Severity.INFO, f"pair: no longer so: {alarm}") for alarm in self._known if alarm not in alarms]
        self._known = tuple(alarms)
        return come + gone
