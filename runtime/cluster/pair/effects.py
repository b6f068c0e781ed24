"""What the shell of a pair member has to do after each call, in this order.

1. `right`, if it changed: into shared memory, before anything else. It is what scan and io act on.
2. `mirror`, if there is one: for the scan of a standby, before the acknowledgement in `stream` that promises it.
   `restore`: a scan that has been started anew is to be given the newest state that lies in shared memory, whoever made
   it; then the member is told of it (`scanned`). What the member knows may be older than what was written.
3. `stream`: to the other controller. It promises nothing that must survive.
4. `readies`, in order: as `raft.ready` says; their `install` and `apply` have been dealt with.
5. `deliveries`: into the mailbox of the scan, in order; the scan passes over those it has taken already.
6. `accepted`: these commands of clients cannot be lost any more. `known`: those had been, as they stand in the log.
7. `forces`, if they changed: all that both controllers hold.
8. `prepare`: the supervisor is to get this version of the programs ready beside the one that runs. `go_over`: the own
   scan is to go over to the version that is ready. `offered`: what becomes of the version that the supervisor offers.
   `drop`: the version that was made ready is not wanted any more.
9. `told`: events for people.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from runtime.cluster.pair.agreed import Delivery
from runtime.cluster.pair.entries import Command
from runtime.cluster.pair.frame import State, StreamMessage
from runtime.raft.ready import Ready


@dataclass(frozen=True, slots=True)
class Right:
    """What this controller may do with its outputs (image/control.py has the words).

    `lead_term` 0: its programs do not run, it mirrors. `lease_until_ns`: by the own monotonic clock. `replicated_scan`:
    frames up to it are at the standby. `solo`: there is no standby to wait for.
    """

    lead_term: int = 0
    lease_until_ns: int = 0
    replicated_scan: int = 0
    solo: bool = False


NO_RIGHT = Right()


@dataclass(frozen=True, slots=True)
class Mirror:
    """A state of the leader for the scan of this controller, and when it came (own monotonic ns).

    `version`: of the programs whose state it is: the own scan's, or the one that it is to go over to.
    """

    term: int
    state: State
    received_ns: int
    version: int


@dataclass(frozen=True, slots=True)
class Package:
    """A version of the programs, and all that another controller needs to run it; opaque here."""

    version: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Offered:
    """A leader may go over to the version that its supervisor offers, or why it may not."""

    version: int
    why_not: str = ""


class Severity(StrEnum):
    """How much an event matters to people."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Told:
    """An event for people."""

    severity: Severity
    text: str


@dataclass(slots=True)
class Effects:
    """See the head of this file."""

    right: Right | None = None
    mirror: Mirror | None = None
    restore: bool = False
    stream: list[StreamMessage] = field(default_factory=list)
    readies: list[Ready] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    accepted: list[Command] = field(default_factory=list)
    known: list[Delivery] = field(default_factory=list)
    forces: dict[str, str] | None = None
    prepare: Package | None = None
    go_over: int = 0
    drop: int = 0
    offered: Offered | None = None
    told: list[Told] = field(default_factory=list)
