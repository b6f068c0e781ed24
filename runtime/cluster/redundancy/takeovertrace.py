"""What each step of a take-over took, from the last word of the former leader until this controller may write.

One line for people, so that a slow take-over shows where its time went: until this member stood for election (its
time-out, or a machine that woke it late), until a trial was won, until it led, until its first scan, until the log said
that nobody is waited for.
"""

from runtime.cluster.pair.situation import Situation
from runtime.raft.state import Role

STOOD, ASKED, LEADS, SCANNED, WRITES = "stood for election", "asked for votes", "leads", "first scan", "may write"
_MS = 1e6


class TakeOverTrace:
    """For one thread. Look after whatever may have changed the role; tell it of scans, and of ticks."""

    def __init__(self) -> None:
        self._role = Role.FOLLOWER
        self._heard_ns = -1
        self._marks: dict[str, int] = {}
        self._elections = 0
        self._late_ns = 0
        self._is_open = False

    def ticked(self, s: Situation, *, late_ns: int) -> None:
        """Time passed, so long after it should have; a follower's is the machine's fault, and delays an election."""
        if self._role is not Role.LEADER:
            self._look_at_last_word(s)
            self._late_ns = max(self._late_ns, late_ns)

    def scanned(self, now_ns: int) -> None:
        """A scan of the own programs has ended while this controller leads."""
        if self._is_open:
            self._marks.setdefault(SCANNED, now_ns)

    def look(self, s: Situation, now_ns: int) -> str:
        """What the take-over took, once it is complete; empty otherwise."""
        role = s.raft.role
        if role is not self._role:
            self._turn(role, s, now_ns)
        elif not self._is_open:
            return ""
        if not self._is_open or s.waits_for:
            return ""
        self._marks.setdefault(WRITES, now_ns)
        if SCANNED not in self._marks:
            return ""
        self._is_open = False
        return self._told(s)

    def _turn(self, role: Role, s: Situation, now_ns: int) -> None:
        self._role, self._is_open = role, role is Role.LEADER
        self._look_at_last_word(s)
        if role is Role.TRIAL:
            self._marks.setdefault(STOOD, now_ns)
        elif role is Role.CANDIDATE:
            self._marks[ASKED] = now_ns
            self._elections += 1
        elif role is Role.LEADER:
            self._marks[LEADS] = now_ns

    def _look_at_last_word(self, s: Situation) -> None:
        """Another one begins the story anew: what came before it was no take-over."""
        heard_ns = s.heard_ns.get(s.settings.other, 0)
        if heard_ns != self._heard_ns and not self._is_open:
            self._heard_ns, self._marks, self._elections, self._late_ns = heard_ns, {}, 0, 0

    def _told(self, s: Situation) -> str:
        since_ns = self._heard_ns or min(self._marks.values())
        steps = ", ".join(f"{what} {(at_ns - since_ns) / _MS:.1f}" for what, at_ns in self._marks.items())
        last = f"{s.settings.other} was heard last" if self._heard_ns else "it began"
        return (
            f"{s.name} took over in term {s.raft.term}; ms after {last}: {steps} "
            f"(elections {self._elections}, woken late by up to {self._late_ns / _MS:.1f} ms)"
        )
