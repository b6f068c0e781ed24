"""The memory that makes a repeated submission harmless."""

from collections import OrderedDict
from dataclasses import dataclass

from runtime.commands.submission import Outcome, Submit

REMEMBERED_NS = 60_000_000_000
"""A client that repeats itself does so within seconds; after this long its (client, seq) is forgotten."""
REMEMBERED_MAX = 4096
"""Submissions within REMEMBERED_NS: 68 a second without end. One more is rejected, for none may be forgotten early."""


@dataclass(slots=True)
class Remembered:
    """One submission, when it came, and, once it has ended, its outcome and when."""

    submit: Submit
    ticket: int
    submitted_ns: int = 0
    outcome: Outcome | None = None
    ended_ns: int = 0


class Memory:
    """Submissions by (client, seq), the oldest first; bounded."""

    def __init__(self, limit: int = REMEMBERED_MAX) -> None:
        self._limit = limit
        self._known: OrderedDict[tuple[str, int], Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, client: str, seq: int) -> Remembered | None:
        """The submission of that name, if it is remembered."""
        return self._known.get((client, seq))

    def has_room(self, now_ns: int) -> bool:
        """Forget what is old enough; True when one more fits."""
        while self._known:
            oldest = next(iter(self._known.values()))
            if oldest.outcome is None or now_ns - oldest.ended_ns < REMEMBERED_NS:
                break
            self._known.popitem(last=False)
        return len(self._known) < self._limit

    def add(self, submit: Submit, ticket: int, now_ns: int) -> Remembered:
        """Remember a submission from now on."""
        entry = Remembered(submit, ticket, now_ns)
        self._known[submit.client, submit.seq] = entry
        return entry

    def recall(self, submit: Submit, outcome: Outcome, ended_ns: int) -> None:
        """Remember what a dispatcher before this one was given and how it ended; call it in the order of their ends."""
        if len(self._known) < self._limit:
            self._known[submit.client, submit.seq] = Remembered(submit, 0, ended_ns, outcome, ended_ns)

    def known(self) -> list[Remembered]:
        """All that is remembered, the oldest first."""
        return list(self._known.values())

    def end_all(self, outcome: Outcome, now_ns: int) -> list[Remembered]:
        """Whatever has not ended ends so; nobody follows it any more."""
        open_ones = [entry for entry in self._known.values() if entry.outcome is None]
        for entry in open_ones:
            entry.outcome, entry.ended_ns = outcome, now_ns
        return open_ones

    def forget_open(self) -> None:
        """Whatever has not ended is not known any more: somebody else knows it."""
        for name in [name for name, entry in self._known.items() if entry.outcome is None]:
            del self._known[name]
