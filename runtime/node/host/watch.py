"""Do scan and outputs go on? What restarts a process that stands, and what decides whether watchdogs are fed.

The supervisor sees a process that died by itself. This sees one that is there and does nothing: a scan whose counter
stands, an io that no longer looks at the output frame. Times are monotonic ns; pure.
"""

from dataclasses import dataclass

from runtime.image.control import Control

STUCK_NS_MIN = 2_000_000_000
"""Longer than any stall of a busy virtual machine that was seen (130 ms), by an order of magnitude."""
STUCK_CYCLES = 10
FIRST_WORK_WITHIN_NS = 60_000_000_000
"""From the start of a process to its first scan or look: interpreter, code from the cache or the code generator."""


def stuck_after_ns(cycle_ns: int) -> int:
    """How long a scan of this cycle may stand unless the site file says so."""
    return max(STUCK_NS_MIN, STUCK_CYCLES * cycle_ns)


@dataclass(slots=True)
class _Progress:
    """A word that somebody must keep changing."""

    seen: tuple[int, ...] = ()
    changed_ns: int | None = None

    def look(self, word: tuple[int, ...], now_ns: int) -> None:
        """The word as it stands now. The first look only remembers it."""
        if self.seen and word != self.seen:
            self.changed_ns = now_ns
        self.seen = word

    def began_anew(self) -> None:
        """Another process works on it from now on."""
        self.changed_ns = None


class ProgressWatch:
    """Watches scan and, where there are devices, io."""

    def __init__(self, control: Control, *, stuck_after_ns: int, has_io: bool) -> None:
        self._control = control
        self._stuck_after_ns = stuck_after_ns
        self._progress = {"scan": _Progress()} | ({"io": _Progress()} if has_io else {})
        self._started_ns: dict[str, int] = {}

    def look(self, now_ns: int) -> None:
        """Look at the words. Called about ten times a second."""
        control = self._control
        # A standby's scan has no number of its own: its deadlines tell.
        scan = (control.scan_start_count, control.scan_no, control.scan_clock_ns)
        words = {"scan": scan, "io": (control.sink_clock_ns,)}
        for name, progress in self._progress.items():
            progress.look(words[name], now_ns)

    def started(self, name: str, now_ns: int) -> None:
        """A process has been started (again)."""
        self._started_ns[name] = now_ns
        if name in self._progress:
            self._progress[name].began_anew()

    def stuck(self, now_ns: int) -> list[tuple[str, int]]:
        """The processes that stand, and for how long in ns. Only those that are alive matter: the caller knows."""
        found: list[tuple[str, int]] = []
        for name, progress in self._progress.items():
            since = progress.changed_ns if progress.changed_ns is not None else self._started_ns.get(name, now_ns)
            limit = self._stuck_after_ns if progress.changed_ns is not None else FIRST_WORK_WITHIN_NS
            if now_ns - since >= limit:
                found.append((name, now_ns - since))
        return found

    def goes_on(self, now_ns: int) -> bool:
        """True while every watched process has worked within the limit: only then may a watchdog be fed."""
        times = [progress.changed_ns for progress in self._progress.values()]
        return all(at is not None and now_ns - at < self._stuck_after_ns for at in times)
