"""What a witness makes of the log: the same as the controllers, so that a snapshot can take the place of old entries.

What an entry of a later version of this software says it cannot know. Then it keeps the entries themselves, until a
leader's snapshot or an update lets it go on.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.cluster.pair.agreed import Agreed
from runtime.core.fault import ClusterFault
from runtime.raft.log import Entry, Snapshot

ENTRIES_MAX = 1000
"""Applied entries that are kept before a snapshot takes their place."""
BYTES_MAX = 4 << 20
"""Of their contents: a download of programs is megabytes in few entries."""


@dataclass(slots=True)
class WitnessLog:
    """`log` is told, in a line, when something cannot be understood."""

    log: Callable[[str], None]
    _agreed: Agreed | None = None
    _entries: int = 0
    _bytes: int = 0

    def install(self, snapshot: Snapshot) -> None:
        """Go on from what a snapshot holds."""
        self._entries = self._bytes = 0
        try:
            self._agreed = Agreed.of_bytes(snapshot.content)
        except (ValueError, KeyError, TypeError) as fault:
            self._give_up(f"snapshot {snapshot.index} cannot be read ({fault})")

    def take(self, entry: Entry) -> None:
        """The next committed entry."""
        self._entries += 1
        self._bytes += len(entry.content)
        if self._agreed is None:
            return
        try:
            self._agreed.apply(entry)
        except ClusterFault as fault:
            self._give_up(f"entry {entry.index}: {fault.what}")

    def compacted(self) -> bytes | None:
        """The bytes for a snapshot, when it is time for one; else None."""
        if self._agreed is None or (self._entries <= ENTRIES_MAX and self._bytes <= BYTES_MAX):
            return None
        self._entries = self._bytes = 0
        return self._agreed.to_bytes()

    def _give_up(self, why: str) -> None:
        self._agreed = None
        self.log(f"{why}: the log is kept whole from here on; update this member to the others' version")
