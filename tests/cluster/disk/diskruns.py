"""Runs of a store under chance, with what must be there again after each step."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from lossyfiles import MemoryFiles, after_a_power_cut

from runtime.cluster.disk.kept import Kept
from runtime.cluster.disk.store import NoState, Store, create, open_store
from runtime.core.fault import ClusterFault
from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind, Snapshot
from runtime.raft.ready import HardState, Persist

TRIO = Configuration(controllers=("a", "b"), witnesses=("w",))


def marks(seed: int = 0) -> Callable[[], bytes]:
    """Chance that is the same in each run."""
    random = Random(seed)
    return lambda: random.randbytes(8)


@dataclass
class Model:
    """What a member knows, and the writes by which it comes to know more."""

    random: Random
    kept: Kept = field(default_factory=lambda: Kept(HardState(), Snapshot(configuration=TRIO)))
    number: int = 0

    def persist(self) -> Persist:
        """One write as the core makes them."""
        term = self.kept.hard.term
        last = self.kept.snapshot.index + len(self.kept.entries)
        hard, snapshot, truncate_from = None, None, 0
        lot = self.random.random()
        if lot < 0.4 or term == 0:
            term += 1
            hard = HardState(term=term, vote=self.random.choice(("", "a", "w")))
        if lot > 0.9 and self.kept.entries:
            at = self.random.choice(self.kept.entries)
            snapshot = Snapshot(
                configuration=TRIO,
                index=at.index,
                term=at.term,
                content=self.random.randbytes(self.random.randint(0, 20)),
            )
        elif lot > 0.7 and self.kept.entries:
            truncate_from = self.random.choice(self.kept.entries).index
            last = truncate_from - 1
        entries = tuple(self._entry(last + n, term) for n in range(1, self.random.randint(1, 4)))
        self.number += 1
        return Persist(number=self.number, hard=hard, snapshot=snapshot, truncate_from=truncate_from, entries=entries)

    def _entry(self, index: int, term: int) -> Entry:
        kind = self.random.choice(list(EntryKind))
        content = self.random.randbytes(self.random.randint(0, 20)) if kind is EntryKind.COMMAND else b""
        configuration = TRIO if kind is EntryKind.CONFIGURATION else None
        return Entry(index=index, term=term, kind=kind, content=content, configuration=configuration)


@dataclass
class Run:
    """A recorded run. `states[n]` is what is there after n groups; `begun[n]`, `ended[n]`: operations before and after
    group n; group 0 is the making of the store."""

    files: MemoryFiles
    states: list[Kept]
    begun: list[int]
    ended: list[int]
    store: Store


def recorded(seed: int, *, groups: int = 7, files: MemoryFiles | None = None) -> Run:
    """A store that takes groups of writes, one after the other."""
    files = files or MemoryFiles()
    model = Model(Random(seed))
    create(files, "a", model.kept.snapshot, mark=marks(seed))
    run = Run(
        files, [copy.deepcopy(model.kept)], [0], [len(files.ops)], open_store(files, "a", mark=marks(seed + 1))[0]
    )
    for number in range(groups):
        group = []
        for _ in range(model.random.randint(1, 3)):
            group.append(model.persist())
            model.kept.take(group[-1])
        run.begun.append(len(files.ops))
        run.store.write(group)
        run.ended.append(len(files.ops))
        run.states.append(copy.deepcopy(model.kept))
        if number % 4 == 3:
            run.store.seal()
    return run


def broken_promises(run: Run) -> Iterator[str]:
    """Wherever the power is cut: what was acknowledged is there, and nothing that was never given."""
    for cut in range(len(run.files.ops) + 1):
        acknowledged = sum(ended <= cut for ended in run.ended) - 1
        given = sum(begun < cut for begun in run.begun) - 1
        allowed = run.states[max(0, acknowledged) : given + 1]
        for content in after_a_power_cut(run.files.ops[:cut]):
            found = reopened(content)
            if found not in (allowed if acknowledged >= 0 else [None, *allowed]):
                yield f"after {cut} operations: {found} instead of one of {len(allowed)} states"


def reopened(content: dict[str, bytes]) -> Kept | str | None:
    """What a member finds: its state, None for nothing, or why it is refused."""
    try:
        return open_store(MemoryFiles(dict(content)), "a", mark=marks(99))[1]
    except NoState:
        return None
    except ClusterFault as fault:
        return str(fault)


def flipped(content: bytes) -> Iterator[bytes]:
    """One bit of every byte, one after the other."""
    for at in range(len(content)):
        yield content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]


def last_file(files: MemoryFiles) -> tuple[str, bytes]:
    """The file that holds the state now."""
    (name,) = [name for name in files.content if name.startswith("log-")]
    return name, files.content[name]
