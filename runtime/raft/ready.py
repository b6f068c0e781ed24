"""What the shell has to do after each call, in this order.

1. `send` at once: these messages promise nothing that must survive.
2. `persist`, if there is something, and flush it to the disk. This may take long and be done beside further calls, one
   after the other in the order given.
3. `promise`: sent once everything given to persist so far is durable; then `Raft.persisted` with its number.
4. `apply`: these entries are committed, in order, each exactly once in a run of the member. After a restart they come
   again from the snapshot on.
"""

from dataclasses import dataclass

from runtime.raft.log import Entry, Snapshot
from runtime.raft.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class HardState:
    """What a member must never forget: the newest term it knows, and whom it voted for in it."""

    term: int = 0
    vote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Persist:
    """One write: first the snapshot, then what is left of the log's end, then entries; the hard state with them.

    `truncate_from`: entries from this index on are gone (0: none are).
    """

    number: int
    hard: HardState | None = None
    snapshot: Snapshot | None = None
    truncate_from: int = 0
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """See above. `install`: before `apply`, the state machine is to become what this snapshot holds."""

    send: tuple[Message, ...] = ()
    persist: Persist | None = None
    promise: tuple[Message, ...] = ()
    install: Snapshot | None = None
    apply: tuple[Entry, ...] = ()


NOTHING_TO_DO = Ready()
