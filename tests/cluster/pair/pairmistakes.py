"""Mistakes put in on purpose, in Raft, in the pair above it and in what stands around it: chance must find each.

`put(owner, name, value)` sets an attribute for as long as the mistake is to last (`pytest.MonkeyPatch.setattr`). Those
of Raft alone are those that it is tested with by itself.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "raft"))

import pairlibc
from pairdisk import Disk, Held
from pairio import Device, Sink
from pairmember import ControllerNode
from pairscan import MirrorEntry, VirtualScan
from pairworld import World
from raftmistakes import (
    commit_an_old_term_by_counting,
    lease_from_the_acknowledgement,
    no_mute_after_a_restart,
    no_trial_before_an_election,
    own_entry_counted_before_it_is_durable,
    truncate_on_a_duplicate_append,
    vote_for_a_shorter_log,
)

from runtime.cluster.pair import frame, member, steady, stream
from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.frame import State
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.settings import PairSettings
from runtime.cluster.pair.situation import Situation
from runtime.cluster.pair.stream import StandbyStream
from runtime.cluster.redundancy import exchangecode
from runtime.image.delta import patch
from runtime.raft import pace
from runtime.raft.lease import Lease
from runtime.raft.ready import HardState

Put = Callable[[Any, str, Any], None]


def skip_fsync(put: Put) -> None:
    keep, crash = Disk.keep, Disk.crash

    def forgets(self, persist):
        if getattr(self, "cached", None) is None:
            held = self.held
            self.cached = Held(held.hard, held.snapshot, list(held.entries))
        keep(self, persist)

    def crash_and_lose(self):
        crash(self)
        self.held, self.cached = getattr(self, "cached", None) or self.held, None

    put(Disk, "keep", forgets)
    put(Disk, "crash", crash_and_lose)


def vote_again_after_an_unreadable_file(put: Put) -> None:
    start = World.start_node

    def forgetful(self, name):
        node = self.nodes[name]
        if not node.process.runs:
            node.disk.held.hard = HardState(term=max(0, node.disk.held.hard.term - 1))
        start(self, name)

    put(World, "start_node", forgetful)


def sink_without_term_check(put: Put) -> None:
    put(Device, "refuses", lambda *_: False)


def outputs_before_the_acknowledgement(put: Put) -> None:
    put(Sink, "may_go", lambda self, frame: frame.term == self._control.lead_term)


def take_over_while_not_in_sync(put: Put) -> None:
    both = property(lambda s: (s.settings.name, s.settings.other))
    put(Situation, "in_sync_in_log", both)


def delta_on_any_base(put: Put) -> None:
    def takes_all(frame, before):
        memory = frame.body
        if frame.base_scan:
            patched = patch(before.memory, frame.body) if before is not None else None
            if patched is None:
                return None
            memory = patched
        return State(
            scan_no=frame.scan_no, plc_now_ns=frame.plc_now_ns, applied_index=frame.applied_index, memory=memory
        )

    put(stream, "take_frame", takes_all)


def commands_run_as_often_as_they_come(put: Put) -> None:
    note = Agreed._note

    def notes_all(self, index, command):
        self._ran.pop(command.client, None)
        return note(self, index, command)

    put(Agreed, "_note", notes_all)


def alone_before_it_is_committed(put: Put) -> None:
    waits = Situation.waits_for.fget

    def impatient(s):
        return waits(s) and not (s.leading is not None and s.leading.stream.lag > 1)

    put(Situation, "waits_for", property(impatient))


def in_sync_while_scans_are_unseen(put: Put) -> None:
    put(PairSettings, "unseen_scans", property(lambda _: 0))


def commands_up_to_the_floor_are_passed_over(put: Put) -> None:
    put(
        Agreed,
        "deliveries_after",
        lambda self, applied: tuple(d for d in self.commands if d.index > max(applied, self.applied_floor)),
    )


def take_over_before_the_scan_runs_the_states_version(put: Put) -> None:
    may = member._may_take_over

    def hasty(s, now_ns):
        before, s.standby.state_version = s.standby.state_version, s.standby.version
        found = may(s, now_ns)
        s.standby.state_version = before
        return found

    put(member, "_may_take_over", hasty)


def rights_kept_in_a_swap(put: Put) -> None:
    """The leader goes on driving while it hands over: by its right, and by its lease. Each of the two being withdrawn
    keeps the outputs still, so that leaving out either alone breaks nothing that can be seen."""
    give = PairMember._give_right

    def keeps(self):
        swap = self.situation.leading.swap if self.situation.leading is not None else None
        if swap is None:
            give(self)

    put(Lease, "withdraw", lambda _: None)
    put(PairMember, "_give_right", keeps)


def frames_of_an_earlier_life_are_taken(put: Put) -> None:
    take = StandbyStream.take

    def takes_any(self, frame):
        self.life, life = frame.life, self.life
        taken = take(self, frame)
        self.life = life
        return taken

    put(StandbyStream, "take", takes_any)


def outputs_before_their_state_outlives_the_scan(put: Put) -> None:
    put(VirtualScan, "publishes", property(lambda self: (self.publish_frame, self.publish_state)))


def what_was_told_last_restored(put: Put) -> None:
    """A new scan goes on from the newest state that redundancy knows, not from the newest there is."""

    def restores_what_is_known(self):
        held = self.member.situation.standby
        if held.state is None:
            return None
        state = held.state
        entry = MirrorEntry(held.term, state.scan_no, state.plc_now_ns, self.now_ns(), state.memory)
        self.control.mirrors[self.scan.version] = entry
        return held.term, state

    put(ControllerNode, "restore", restores_what_is_known)


def frames_without_a_check(put: Put) -> None:
    """Neither of the bytes that arrive nor of the memory that they lead to."""

    class AnySum(int):
        def __ne__(self, _):
            return False

    put(frame, "zlib", SimpleNamespace(crc32=lambda *_: 0))
    put(frame, "check_sum", lambda _: AnySum())


def native_lease_from_the_answer(put: Put) -> None:
    """It counts from when the answer came, not from when the round was sent."""
    answered = exchangecode._answered

    def late(r, code, plan, way):
        answered(r, code, _Instead(plan, "sent_ns", r.call(code["now"], r["plan"])), way)

    put(exchangecode, "_answered", late)
    _write_anew(put)


def native_outputs_before_the_answer(put: Put) -> None:
    """The standby is taken to hold a frame as soon as it is sent."""
    send_round = exchangecode._send_round

    def hasty(r, code, plan, *rest):
        send_round(r, code, plan, *rest)
        plan["replicated"] = plan["scan_no"]
        plan["replicated_word"].store(plan["scan_no"], "release")

    put(exchangecode, "_send_round", hasty)
    _write_anew(put)


def newest_native_round_forgotten(put: Put) -> None:
    catch_up = pace.catch_up
    put(pace, "catch_up", lambda state, paced: catch_up(state, replace(paced, rounds=paced.rounds[:-1])))


def newest_native_scan_forgotten(put: Put) -> None:
    catch_up = steady.catch_up
    put(steady, "catch_up", lambda s, walked: catch_up(s, replace(walked, state=None)))


def native_with_an_entry_under_way(put: Put) -> None:
    """The steady state is handed over although an entry is not committed."""

    def hasty(state, _):
        leading = state.leading
        sent_ns = leading and leading.lease.sent_ns(leading.lease.round)
        if sent_ns is None or leading.transfer is not None or leading.lease.withdrawn:
            return None
        lease = leading.lease
        return pace.Pace(lease.round, sent_ns, leading.heartbeat_ns, lease.until_ns, state.commit)

    put(pace, "pace", hasty)


class _Instead:
    """A structure in which one word is another one."""

    def __init__(self, plan, name, word):
        self._plan, self._name, self._word = plan, name, word

    def __getitem__(self, name):
        return self._word if name == self._name else self._plan[name]

    def __setitem__(self, name, word):
        self._plan[name] = word

    def address(self, name):
        return self._plan.address(name)


def _write_anew(put: Put) -> None:
    put(pairlibc, "native_code", cache(pairlibc.native_code.__wrapped__))


QUICK = [
    skip_fsync,
    truncate_on_a_duplicate_append,
    no_trial_before_an_election,
    outputs_before_the_acknowledgement,
    take_over_while_not_in_sync,
    commands_run_as_often_as_they_come,
    frames_without_a_check,
]
"""Caught within a few seeds."""
RARE = [
    vote_again_after_an_unreadable_file,
    lease_from_the_acknowledgement,
    no_mute_after_a_restart,
    commit_an_old_term_by_counting,
    sink_without_term_check,
    delta_on_any_base,
    alone_before_it_is_committed,
    in_sync_while_scans_are_unseen,
    commands_up_to_the_floor_are_passed_over,
    frames_of_an_earlier_life_are_taken,
    rights_kept_in_a_swap,
    take_over_before_the_scan_runs_the_states_version,
    own_entry_counted_before_it_is_durable,
    vote_for_a_shorter_log,
    outputs_before_their_state_outlives_the_scan,
    what_was_told_last_restored,
    native_lease_from_the_answer,
    native_outputs_before_the_answer,
    newest_native_round_forgotten,
    newest_native_scan_forgotten,
    native_with_an_entry_under_way,
]
"""Caught within SEEDS_MAX."""
SEEDS_MAX = 1000
