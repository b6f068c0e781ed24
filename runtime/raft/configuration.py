"""Who takes part: controllers and witnesses vote, learners only listen.

A configuration is an entry of the log and holds from the moment it is appended, committed or not (dissertation, 4.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Names of the members. A witness votes and keeps the log; it has no outputs, so it never holds a lease."""

    controllers: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()

    @property
    def voters(self) -> tuple[str, ...]:
        """All whose votes and acknowledgements count."""
        return (*self.controllers, *self.witnesses)

    @property
    def members(self) -> tuple[str, ...]:
        """Voters and learners."""
        return (*self.voters, *self.learners)

    @property
    def quorum(self) -> int:
        """How many voters are a majority."""
        return len(self.voters) // 2 + 1

    def agreed(self, reached: Mapping[str, int]) -> int:
        """The highest number that a majority of the voters has reached; who is not told has reached 0."""
        numbers = sorted([reached.get(name, 0) for name in self.voters])
        return numbers[(len(numbers) - 1) // 2]

    def why_not_from(self, before: "Configuration") -> str:
        """Why this may not follow `before`; empty when it may: two majorities of neighbours must share a member."""
        if not self.controllers:
            return "nobody would be left to drive the outputs"
        if len(set(self.members)) != len(self.members):
            return "a member is named twice"
        if len(set(self.voters) ^ set(before.voters)) > 1:
            return "only one voter can come or go at a time"
        return ""
