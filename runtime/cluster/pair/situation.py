"""All that a pair member knows, and the few steps that following and leading share."""

from dataclasses import dataclass, field

from runtime.cluster.pair.agreed import Agreed, in_sync_at_any, in_sync_at_end
from runtime.cluster.pair.effects import Effects, Package, Right, Severity, Told
from runtime.cluster.pair.entries import Cause
from runtime.cluster.pair.frame import Standing
from runtime.cluster.pair.settings import PairSettings
from runtime.cluster.pair.stream import LeaderStream, StandbyStream
from runtime.cluster.pair.swap import Swap
from runtime.raft.core import Raft
from runtime.raft.log import Entry

STANDINGS_MISSED_MAX = 4


@dataclass(slots=True)
class Publishing:
    """A package on its way into the log: `part` comes next, once the entry at `index` is committed."""

    package: Package
    part: int = 0
    index: int = 0


@dataclass(slots=True)
class Leading:
    """What only a leader has, for one term. `confirmed`: that it has taken over is committed.

    `in_sync_at`, `applied_told`: index of the last proposal about who is in sync, and the applied index told last.
    `joins_at`: the standby is waited for already, and goes into the log once it holds this scan; 0: it is not.
    `granted_ns`: when io was last allowed to write a newer scan. `for_devices`: the other controller has handed over,
    at `begun_ns`, because it lost devices.
    """

    term: int
    stream: LeaderStream
    last_scan_ns: int
    voters_due_ns: int
    confirmed: bool = False
    swap: Swap | None = None
    in_sync_at: int = 0
    joins_at: int = 0
    begun_ns: int = 0
    granted_ns: int = 0
    for_devices: bool = False
    applied_told: int = 0
    publishing: Publishing | None = None


@dataclass(slots=True)
class Situation:
    """One controller. Times are its monotonic ns. `effects` collects what the running call asks of the shell.

    Of versions: `package` of the one that the own scan runs, `offer` that the supervisor wants to go over to; `asked`
    and `refused`: those that the supervisor was asked to get ready, and could not, which is tried again after
    `ask_again_ns`. `part_bytes`: of packages in the log since its last snapshot. `gave_back_ns`: when leadership was
    last handed to the other without having driven. `claimed_after`: the last term in which the other was known to have
    taken over when an operator claimed that it does not drive. `witness_reached`: whether it answers this one.
    """

    settings: PairSettings
    raft: Raft
    agreed: Agreed
    standby: StandbyStream
    standing_due_ns: int
    leader_known_ns: int
    gave_back_ns: int = 0
    state_ns: int = 0
    leading: Leading | None = None
    effects: Effects = field(default_factory=Effects)
    right: Right = field(default_factory=Right)
    heard_ns: dict[str, int] = field(default_factory=dict)
    other: Standing | None = None
    other_ns: int = 0
    standing_told: tuple[object, ...] = ()
    links_lost: int = 0
    links_lost_ns: int = 0
    witness_reached: bool = True
    claimed: bool = False
    claimed_after: int = 0
    cause: Cause = Cause.LOST
    wall_ns: int = 0
    package: Package | None = None
    offer: Package | None = None
    asked: int = 0
    refused: int = 0
    why_refused: str = ""
    ask_again_ns: int = 0
    part_bytes: int = 0
    name: str = field(init=False)
    """This controller's; kept, for it is asked for thousands of times a second."""

    def __post_init__(self) -> None:
        self.name = self.settings.name

    @property
    def tail(self) -> tuple[Entry, ...]:
        """Entries that are not committed, as far as is known here."""
        return self.raft.uncommitted

    @property
    def in_sync_in_log(self) -> tuple[str, ...] | None:
        """Who is in sync by the whole log; None before the first take-over."""
        return in_sync_at_end(self.agreed.in_sync, self.tail)

    @property
    def waits_for(self) -> bool:
        """Leader: whether the standby is in sync, or may be before this member knows it.

        Before the very first take-over is agreed on anybody may still begin, from what it holds by then.
        """
        other, known = self.settings.other, self.agreed.in_sync
        if known is None:
            return True
        if other in known:  # so it is all the time but for moments, and asked with every call
            return True
        joins = self.leading is not None and self.leading.joins_at > 0
        return joins or other in in_sync_at_any(known, self.tail)

    @property
    def applied(self) -> int:
        """Up to which index commands are in the state at hand."""
        state = self.standby.state
        return 0 if state is None else state.applied_index

    def is_here(self, member: str, now_ns: int) -> bool:
        """Heard so lately that it can be counted on."""
        heard_ns = self.heard_ns.get(member)
        return heard_ns is not None and now_ns - heard_ns <= 2 * self.settings.raft.times.election_max_ns

    def told_lately(self, now_ns: int) -> bool:
        """Whether the other has told how it stands within the last few times that it should have."""
        return self.other is not None and now_ns - self.other_ns < STANDINGS_MISSED_MAX * self.settings.standing_ns

    def tell(self, severity: Severity, text: str) -> None:
        """Let people know."""
        self.effects.told.append(Told(severity, text))
