"""A member without outputs, as a process: `python membershell.py PLAN.json`.

Takes `propose SEQ` and `list` on its standard input, and says what happens to it on its standard output.
"""

import sys
import threading
import time
from itertools import chain
from pathlib import Path

from runtime.cluster.disk.writer import Writer
from runtime.cluster.keys import read_keys
from runtime.cluster.memberloop import MemberLoop
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.memberstate import open_member
from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.entries import Command, encode_entry
from runtime.cluster.transport.post import Post
from runtime.raft.core import Raft
from runtime.raft.state import Role

SEQS_A_CLIENT = 32
"""Fewer than are remembered of each client, so that all are."""
COMPACT_AFTER = 8


class Shell:
    def __init__(self, plan: MemberPlan) -> None:
        store, kept = open_member(plan)
        self.agreed = Agreed.of_bytes(kept.snapshot.content)
        self.raft = Raft(
            plan.settings,
            hard=kept.hard,
            snapshot=kept.snapshot,
            entries=tuple(kept.entries),
            now_ns=time.monotonic_ns(),
        )
        post = Post(plan.name, plan.endpoints, read_keys(plan.key_file), plan.peers, pact=plan.pact)
        self.loop = MemberLoop(
            self.raft, self.carry_out, carrier=post, disk=Writer(store, post.wake), each_turn=self.look
        )
        self.situation = ""

    def carry_out(self, ready, now_ns) -> None:
        self.loop.give(ready)
        if ready.install is not None:
            self.agreed = Agreed.of_bytes(ready.install.content)
            print(f"installed {ready.install.index}", flush=True)
        for entry in ready.apply:
            said = self.agreed.apply(entry)
            if isinstance(said, Command):
                print(f"applied {said.seq}", flush=True)
        if self.raft.commit - self.raft.log.snapshot.index > COMPACT_AFTER:
            self.carry_out(self.raft.compact(self.agreed.to_bytes(), now_ns), now_ns)

    def look(self, _now_ns) -> None:
        ready = self.raft.role is Role.LEADER and not self.raft.why_not_propose()
        situation = f"leads {self.raft.term}" if ready else f"follows {self.raft.leader or 'nobody'}"
        if situation != self.situation:
            self.situation = situation
            print(situation, flush=True)

    def propose(self, seq: int, now_ns: int) -> None:
        content = encode_entry(Command(client=f"test-{seq // SEQS_A_CLIENT}", seq=seq, body="mode=1"))
        self.carry_out(self.raft.propose(content, now_ns)[1], now_ns)

    def hear(self) -> None:
        for line in sys.stdin:
            word, *more = line.split()
            if word == "propose":
                seq = int(more[0])
                self.loop.call(lambda now_ns, seq=seq: self.propose(seq, now_ns))
            elif word == "list":
                self.loop.call(lambda _: print("list", *chain.from_iterable(self.agreed._ran.values()), flush=True))
        self.loop.stop()


def main() -> None:
    shell = Shell(MemberPlan.of_json(Path(sys.argv[1]).read_text()))
    threading.Thread(target=shell.hear, daemon=True).start()
    shell.loop.run()


if __name__ == "__main__":
    main()
