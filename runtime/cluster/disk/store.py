"""The durable state of one member: term and vote, snapshot, log entries.

One file holds it: a first batch with everything, then a batch for each group of writes (batches.py). A snapshot, and
every opening, begin a new file: it is written and synced under another name, then renamed, and only then the one before
it goes. So nothing is ever cut off or written over, and what was read from the kernel's memory after a crash of the
process alone, or after a sync that failed, is on the disk before anything rests on it.

A member whose state cannot be read may have voted or acknowledged what it no longer knows. It must never take part
under its name again: `Unreadable` says so, and how it comes back.
"""

from collections.abc import Callable, Sequence

from runtime.cluster.disk.batches import Damaged, batch_bytes, read_batches
from runtime.cluster.disk.files import Files
from runtime.cluster.disk.kept import Kept, first_body, persists_body, read_first_body, read_persists_body
from runtime.cluster.encoding import Malformed
from runtime.core.fault import ClusterFault, ConfigFault
from runtime.raft.log import Snapshot
from runtime.raft.ready import HardState, Persist

FILE_SIZE_MIN = 1 << 22
"""A file is written anew, without what was overwritten, once it is as long and four times what it began with."""
_PARTIAL = "partial"
_PREFIX = "log-"
_NEW_NAME = (
    "keep the folder for whoever looks into it; let this member come back under a new name, with `--join`, and let the "
    "leader add it: by its old name it might vote twice"
)


class NoState(ConfigFault):
    """Nothing is stored for this member."""


class Unreadable(ClusterFault):
    """What is stored cannot be trusted: this member must not vote under its name again."""


def create(files: Files, member: str, snapshot: Snapshot, *, mark: Callable[[], bytes]) -> None:
    """Store the state of a member that has never been: term 0, no vote, the snapshot it begins with.

    Raises ConfigFault when there is a state already, ClusterFault when it cannot be written.
    """
    if _files(files):
        raise ConfigFault(
            f"member {member} has a state already",
            where=str(files),
            mend="start it without --found and --join; a state is never made twice",
        )
    Store(files, member, Kept(HardState(), snapshot), mark=mark)


def open_store(files: Files, member: str, *, mark: Callable[[], bytes]) -> tuple["Store", Kept]:
    """The member's state, whole and durable, and the store to go on with.

    `mark` gives MARK_SIZE bytes by chance. Raises NoState, Unreadable, ClusterFault when it cannot be written.
    """
    names = _files(files)
    if not names:
        raise NoState(
            f"nothing is stored for member {member}",
            where=str(files),
            mend="a group's very first start: run once with --found; if the disk was lost or replaced, give the member "
            "a new name and run once with --join: by its old name it might vote twice",
        )
    where = f"{files}/{names[-1]}"
    try:
        owner, kept = _read(files.read(names[-1]))
    except (Damaged, Malformed) as fault:
        raise Unreadable(f"the state of member {member} is damaged: {fault}", where=where, mend=_NEW_NAME) from fault
    except OSError as fault:
        raise Unreadable(
            f"the state of member {member} cannot be read: {fault.strerror}", where=where, mend=_NEW_NAME
        ) from fault
    if owner != member:
        raise ConfigFault(
            f"this is the state of member {owner}, not of {member}",
            where=where,
            mend="no two members share a folder; set another state_dir",
        )
    store = Store(files, member, Kept(kept.hard, kept.snapshot, list(kept.entries)), mark=mark)
    return store, kept


class Store:
    """The way to the disk, for one thread. After a ClusterFault it is of no use: what it wrote last may be lost."""

    def __init__(self, files: Files, member: str, kept: Kept, *, mark: Callable[[], bytes]) -> None:
        """`kept` becomes the store's own, and durable. Raises ClusterFault."""
        self._files = files
        self._member = member
        self._kept = kept
        self._draw_mark = mark
        self._batches = 0
        self._size = self._first_size = 0
        self._is_sealed = True
        self._failed = False
        self._guarded(self._begin_file)

    @property
    def is_sealed(self) -> bool:
        """Nothing has been written since the last seal."""
        return self._is_sealed

    def write(self, persists: Sequence[Persist]) -> None:
        """Make all of them durable, in order, with one sync. Raises ClusterFault."""
        assert persists
        for persist in persists:
            self._kept.take(persist)
        if any(persist.snapshot is not None for persist in persists) or self._is_long():
            self._guarded(self._begin_file)
        else:
            self._guarded(lambda: self._append(persists_body(persists)))
            self._is_sealed = False

    def seal(self) -> None:
        """Let every flipped bit in what is written so far be found; for when nothing else is to be done."""
        if not self._is_sealed:
            self._guarded(lambda: self._append(persists_body([])))
            self._is_sealed = True

    def close(self) -> None:
        """Seal, and let the folder go."""
        if not self._failed:
            self.seal()
        self._files.close()

    def _is_long(self) -> bool:
        return self._size > max(FILE_SIZE_MIN, 4 * self._first_size)

    def _append(self, body: bytes) -> None:
        content = batch_bytes(self._mark, self._batches, body)
        self._files.append(self._name, content)
        self._files.sync(self._name)
        self._batches += 1
        self._size += len(content)

    def _begin_file(self) -> None:
        before = _files(self._files)
        self._name = _name(_number(before[-1]) + 1 if before else 1)
        self._mark = self._draw_mark()
        content = batch_bytes(self._mark, 0, first_body(self._member, self._kept))
        self._files.create(_PARTIAL, content)
        self._files.sync(_PARTIAL)
        self._files.rename(_PARTIAL, self._name)
        self._files.sync_folder()
        for name in before:
            self._files.remove(name)
        self._batches = 1
        self._size = self._first_size = len(content)
        self._is_sealed = True

    def _guarded(self, act: Callable[[], None]) -> None:
        assert not self._failed, "the store was used after it had failed"
        self._failed = True
        try:
            act()
        except OSError as fault:
            raise ClusterFault(
                f"the state of member {self._member} cannot be written: {fault.strerror}",
                where=str(self._files),
                mend="look at the disk: its space, its rights, its health (dmesg); the member starts again from what "
                "is durable",
            ) from fault
        self._failed = False


def _read(content: bytes) -> tuple[str, Kept]:
    first, *rest = read_batches(content)
    member, kept = read_first_body(first)
    for body in rest:
        for persist in read_persists_body(body):
            kept.take(persist)
    return member, kept


def _name(number: int) -> str:
    return f"{_PREFIX}{number:012d}"


def _number(name: str) -> int:
    return int(name.removeprefix(_PREFIX))


def _files(files: Files) -> list[str]:
    """The files that hold a state, oldest first. More than one is left when it ended between rename and removal."""
    return sorted(n for n in files.names() if n.startswith(_PREFIX) and n.removeprefix(_PREFIX).isdecimal())
