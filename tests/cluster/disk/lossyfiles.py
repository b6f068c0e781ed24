"""A folder in memory that notes every operation, and all that a power cut may leave of it.

The model is weaker than any real file system: of what was not synced, any suffix is lost; of a write that was not
synced any part may be there, with zeros or nothing for the rest.
"""

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

Op = tuple[str, str, object]
"""Kind, file name, content or new name."""


@dataclass
class MemoryFiles:
    """Files as a dictionary. `refuse` may raise OSError before an operation is done."""

    content: dict[str, bytes] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    refuse: Callable[[Op], None] = lambda _: None

    def names(self):
        return sorted(self.content)

    def read(self, name):
        return self.content[name]

    def create(self, name, content):
        self._do("create", name, content)

    def append(self, name, content):
        self._do("append", name, content)

    def sync(self, name):
        self._do("sync", name)

    def rename(self, name, to):
        self._do("rename", name, to)

    def remove(self, name):
        self._do("remove", name)

    def sync_folder(self):
        self._do("sync_folder", "")

    def close(self):
        pass

    def _do(self, kind, name, more=None):
        op = (kind, name, more)
        self.refuse(op)
        self.ops.append(op)
        _change(self.content, op)


def _change(content: dict[str, bytes], op: Op) -> None:
    kind, name, more = op
    match kind:
        case "create":
            content[name] = more
        case "append":
            content[name] += more
        case "rename":
            content[more] = content.pop(name)
        case "remove":
            del content[name]


def full_disk(at: int) -> Callable[[Op], None]:
    """Refuses the operation of that number, and all after it."""
    done = [0]

    def refuse(_op: Op) -> None:
        done[0] += 1
        if done[0] > at:
            raise OSError(errno.ENOSPC, "No space left on device")

    return refuse


@dataclass
class _File:
    durable: bytes = b""
    pending: bytes = b""


def after_a_power_cut(ops: Sequence[Op]) -> Iterator[dict[str, bytes]]:
    """Every content that the folder may have when the power goes after these operations were asked for."""
    names: dict[str, _File] = {}
    tables = [dict(names)]  # of names: the durable one, and after each change of names since
    for kind, name, more in ops:
        match kind:
            case "create":
                names[name] = _File(pending=more)
            case "append":
                names[name].pending += more
            case "sync":
                names[name].durable += names[name].pending
                names[name].pending = b""
            case "rename":
                names[more] = names.pop(name)
            case "remove":
                del names[name]
            case "sync_folder":
                tables.clear()
        if kind in ("create", "rename", "remove", "sync_folder"):
            tables.append(dict(names))
    for table in tables:
        yield from _contents(table)


def _contents(table: dict[str, _File]) -> Iterator[dict[str, bytes]]:
    unsynced = [name for name, file in table.items() if file.pending]
    whole = {name: file.durable + file.pending for name, file in table.items()}
    if not unsynced:
        yield whole
        return
    (name,) = unsynced  # storage never has two of them
    file = table[name]
    for part in _parts(file.pending):
        yield whole | {name: file.durable + part}


def _parts(written: bytes) -> Iterator[bytes]:
    for cut in range(len(written) + 1):
        lost = bytes(len(written) - cut)
        yield written[:cut]
        yield written[:cut] + lost
        yield bytes(cut) + written[cut:]
