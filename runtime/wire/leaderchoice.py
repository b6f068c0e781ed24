"""Which controller of a pair a console listens to: the one that drives; with nobody driving, one that is heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.wire.stream import SILENCE_MS


@dataclass(slots=True)
class _Heard:
    at_ns: int
    drives: bool
    term: int


class LeaderChoice:
    """Time is an argument, in monotonic ns. `name`: the choice; before anybody is heard the first of all names.

    Of two that say they drive the newer term counts: the other has not heard of it yet, and its outputs are refused.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.name = names[0]
        self._names = tuple(names)
        self._heard: dict[str, _Heard] = {}

    def heard(self, name: str, *, drives: bool, term: int, now_ns: int) -> None:
        """A status frame of that controller; a controller alone drives in term 0."""
        self._heard[name] = _Heard(now_ns, drives, term)

    def is_heard(self, name: str, now_ns: int) -> bool:
        """Lately enough."""
        heard = self._heard.get(name)
        return heard is not None and now_ns - heard.at_ns <= SILENCE_MS * 1_000_000

    def look(self, now_ns: int) -> bool:
        """Choose; whether another is chosen than before."""
        before = self.name
        here = sorted((n for n in self._names if self.is_heard(n, now_ns)), key=lambda name: name != before)
        driving = [name for name in here if self._heard[name].drives]
        if driving:
            self.name = max(driving, key=lambda name: self._heard[name].term)
        elif here:
            self.name = here[0]
        return self.name != before
