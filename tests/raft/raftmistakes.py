"""Mistakes of the protocol, each put in on purpose: an invariant must catch it, or the invariants prove nothing.

`put(owner, name, value)` sets an attribute for as long as the mistake is to last (`pytest.MonkeyPatch.setattr`).
"""

from collections.abc import Callable
from typing import Any

import raftfaults

from runtime.raft import election, leading, replication
from runtime.raft.lease import Lease
from runtime.raft.log import Log, Merged
from runtime.raft.ready import HardState
from runtime.raft.state import Role, State

Put = Callable[[Any, str, Any], None]


def skip_fsync(put: Put) -> None:
    flush = raftfaults.Group.flush

    def forgets(self, name, count=None):
        disk = self.members[name].disk
        before = (disk.hard, disk.snapshot, list(disk.entries))
        flush(self, name, count)
        self.unsafe = getattr(self, "unsafe", {})
        self.unsafe.setdefault(name, before)

    crash = raftfaults.Group.crash

    def crash_and_lose(self, name, *, lost=None):
        crash(self, name, lost=lost)
        before = getattr(self, "unsafe", {}).pop(name, None)
        if before is not None:
            disk = self.members[name].disk
            disk.hard, disk.snapshot, disk.entries = before[0], before[1], list(before[2])

    put(raftfaults.Group, "flush", forgets)
    put(raftfaults.Group, "crash", crash_and_lose)


def vote_again_after_an_unreadable_file(put: Put) -> None:
    start = raftfaults.Run._start

    def forgetful(self, name):
        disk = self.group.members[name].disk
        disk.hard = HardState(term=max(0, disk.hard.term - 1))
        start(self, name)

    put(raftfaults.Run, "_start", forgetful)


def truncate_on_a_duplicate_append(put: Put) -> None:
    merge = Log.merge

    def eager(self, previous_index, previous_term, entries):
        merged = merge(self, previous_index, previous_term, entries)
        last = previous_index + len(entries)
        if merged is not None and entries and self.last_index > last > self.snapshot.index:
            del self.entries[last - self.snapshot.index :]
            return Merged(last + 1, merged.added)
        return merged

    put(Log, "merge", eager)


def lease_from_the_acknowledgement(put: Put) -> None:
    on_reply = leading.on_heartbeat_reply

    def late(state, reply, now_ns):
        on_reply(state, reply, now_ns)
        lease: Lease | None = state.leading.lease if state.leading is not None else None
        if lease is not None and lease.until_ns:
            lease.until_ns = now_ns + lease.length_ns

    put(leading, "on_heartbeat_reply", late)


def no_mute_after_a_restart(put: Put) -> None:
    put(State, "is_mute", lambda *_: False)


def no_trial_before_an_election(put: Put) -> None:
    ask = election._ask

    def at_once(state, now_ns, *, trial, handed_over):
        assert trial or handed_over or state.role is not Role.TRIAL
        ask(state, now_ns, trial=False, handed_over=handed_over)

    put(election, "_ask", at_once)


def commit_an_old_term_by_counting(put: Put) -> None:
    def counts(state):
        if state.leading is None:
            return
        reached = {name: peer.match for name, peer in state.leading.peers.items()}
        state.commit = max(state.commit, state.configuration.agreed({**reached, state.name: state.durable_index}))

    put(replication, "commit", counts)


def lease_kept_in_a_swap(put: Put) -> None:
    put(Lease, "withdraw", lambda _: None)


def two_voters_at_a_time(put: Put) -> None:
    put(raftfaults.Configuration, "why_not_from", lambda *_: "")

    def leap(self, now):
        only = self._leader()
        alone = raftfaults.Configuration(controllers=(only,), learners=tuple({"a", "b", "w"} - {only}))
        return alone if len(now.voters) == 3 else raftfaults.Configuration(controllers=("a", "b"), witnesses=("w",))

    put(raftfaults.Run, "_other_configuration", leap)


def own_entry_counted_before_it_is_durable(put: Put) -> None:
    commit = replication.commit

    def hasty(state):
        state.durable_index = state.log.last_index
        commit(state)

    put(replication, "commit", hasty)


def vote_for_a_shorter_log(put: Put) -> None:
    put(Log, "is_no_newer_than", lambda *_: True)


QUICK = [
    skip_fsync,
    vote_again_after_an_unreadable_file,
    truncate_on_a_duplicate_append,
    no_trial_before_an_election,
    vote_for_a_shorter_log,
]
"""Caught within a few seeds."""
RARE = [
    lease_from_the_acknowledgement,
    no_mute_after_a_restart,
    lease_kept_in_a_swap,
    two_voters_at_a_time,
    own_entry_counted_before_it_is_durable,
]
"""Need a rare turn of events; caught within SEEDS_MAX."""
SEEDS_MAX = 1000
BY_SCRIPT = [(commit_an_old_term_by_counting, "5_4_commit_of_old_terms")]
"""Needs its steps in one order, which chance does not find: the script shows it."""
