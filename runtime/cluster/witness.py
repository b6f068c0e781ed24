"""The witness: it votes, and keeps the log of what the controllers agreed on; it has no outputs and gets no states.

It may have to lead for a moment, without a lease, to bring a controller up to date: a witness without the log could
leave a group in which nobody may lead.
"""

import time
from collections.abc import Callable

from runtime.cluster.disk.writer import Writer
from runtime.cluster.joining import Joining
from runtime.cluster.keys import read_keys
from runtime.cluster.memberloop import MemberLoop
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.memberstate import open_member
from runtime.cluster.memberwatch import MemberWatch
from runtime.cluster.transport.post import Post
from runtime.cluster.witnesslog import WitnessLog
from runtime.raft.core import Raft
from runtime.raft.ready import Ready


class Witness:
    """A running witness. `log` is told what has changed, in one line each; `each_turn` what it does, with each turn."""

    def __init__(
        self,
        plan: MemberPlan,
        *,
        log: Callable[[str], None],
        each_turn: Callable[[str, int], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Raises ConfigFault and ClusterFault when its state or its address cannot be had."""
        now_ns = clock()
        self._clock = clock
        self._each_turn = each_turn
        keys = read_keys(plan.key_file)
        store, kept = open_member(plan)
        self._log = WitnessLog(log)
        self._log.install(kept.snapshot)
        self._raft = Raft(
            plan.settings, hard=kept.hard, snapshot=kept.snapshot, entries=tuple(kept.entries), now_ns=now_ns
        )
        self._post = Post(plan.name, plan.endpoints, keys, plan.peers, pact=plan.pact)
        self._writer = Writer(store, self._post.wake)
        self.loop = MemberLoop(
            self._raft, self._carry_out, carrier=self._post, disk=self._writer, each_turn=self._look, clock=clock
        )
        self._watch = MemberWatch(tuple(plan.peers), log, now_ns)
        every_ns = plan.settings.times.election_min_ns
        self._joining = Joining(plan.name, tuple(plan.peers), self._post, every_ns=every_ns)

    def close(self) -> None:
        """After its loop has ended: lead no more, write what was given, and let everything go."""
        now_ns = self._clock()
        self._carry_out(self._raft.release(now_ns), now_ns)
        self._writer.close()
        self._post.close()

    def _carry_out(self, ready: Ready, now_ns: int) -> None:
        self.loop.give(ready)
        if ready.install is not None:
            self._log.install(ready.install)
        for entry in ready.apply:
            self._log.take(entry)
        content = self._log.compacted()
        if content is not None:
            self._carry_out(self._raft.compact(content, now_ns), now_ns)

    def _look(self, now_ns: int) -> None:
        self._joining.look(self._raft, now_ns)
        self._watch.look(self._raft, self._post, now_ns)
        self._each_turn(self._watch.situation, now_ns)
