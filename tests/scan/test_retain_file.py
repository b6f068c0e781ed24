"""The two files of retained values: whatever a power cut leaves of them, one whole state is there."""

import errno
from random import Random

import pytest

from runtime.scan.retain.retainfile import FILES, Folder, RetainStore

BLOCK = 512
CUTS = 1000


class PowerCut(Exception):
    """The machine is off."""


class CutDisk:
    """A disk that loses its power at a given step.

    What was synced stays. Of what was written since, any blocks may have arrived and any may not, in whatever order,
    the block under way perhaps torn in the middle; and the file may have its new length or the former one.
    """

    def __init__(self, random: Random, steps: int) -> None:
        self._random = random
        self._steps = steps
        self._durable: dict[str, bytes] = {}
        self._seen: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self._seen.get(name)

    def write(self, name: str, content: bytes) -> None:
        for at in range(0, len(content), BLOCK):
            self._step()
            before = self._seen.get(name, b"")
            block = content[at : at + BLOCK]
            self._seen[name] = before[:at] + block + before[at + len(block) :]

    def sync(self, name: str) -> None:
        self._step()
        self._durable[name] = self._seen[name]

    def set_aside(self, name: str, suffix: str) -> None:
        raise NotImplementedError

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise PowerCut

    def after_the_cut(self) -> "CutDisk":
        """The same disk when power is back."""
        again = CutDisk(self._random, 1_000_000)
        for name, seen in self._seen.items():
            left = self._what_is_left(self._durable.get(name), seen)
            if left is not None:
                again._seen[name] = again._durable[name] = left
        return again

    def _what_is_left(self, durable: bytes | None, seen: bytes) -> bytes | None:
        random = self._random
        if durable is None and random.random() < 0.3:
            return None  # not even its name had arrived
        durable = durable or b""
        size = random.choice((len(durable), len(seen)))
        left = bytearray(durable.ljust(size, b"\0")[:size])
        for at in range(0, size, BLOCK):
            new = seen[at : at + BLOCK]
            if new == durable[at : at + BLOCK] or random.random() < 0.5:
                continue
            torn = random.randrange(1, BLOCK) if random.random() < 0.2 else len(new)
            left[at : at + torn] = new[:torn]
        return bytes(left[:size])


def state(number: int) -> tuple[bytes, bytes]:
    """Layout and values of save `number`, of a length of its own: a mixture of two can be told."""
    random = Random(number)
    return random.randbytes(300 + number % 7 * 200), random.randbytes(1000 + number % 5 * 700)


def save(store: RetainStore, number: int) -> None:
    layout, values = state(number)
    store.save(layout=layout, values=values, wall_ns=number)


@pytest.mark.parametrize("hundred", range(CUTS // 100))
def test_power_when_cut_anywhere_then_the_last_or_the_one_before_last_state_is_there(hundred):
    for seed in range(hundred * 100, hundred * 100 + 100):
        random = Random(seed)
        disk, finished = CutDisk(random, random.randrange(80)), 0
        saved: list[int] = []  # of all saves that returned, whichever life they were in
        for life in range(3):  # a cut after a cut: the writer goes on from what the first one left
            store = RetainStore(disk)
            try:
                while True:
                    save(store, finished + 1)
                    finished += 1
                    saved.append(finished)
            except PowerCut:
                disk = disk.after_the_cut()
            found, _ = RetainStore(disk).newest()
            expected = {finished, finished + 1} if saved else {0, 1}
            number = 0 if found is None else found.saved_wall_ns
            assert number in expected, f"seed {seed}, life {life}: found {number}, {finished} saves had returned"
            if found is not None:
                assert (found.layout, found.values) == state(number), f"seed {seed}: a mixture"
            finished = number
            disk._steps = random.randrange(80)


def test_disk_when_a_write_fails_then_the_whole_state_is_never_written_over(tmp_path):
    class FullDisk(Folder):
        full = False

        def sync(self, name: str) -> None:
            if self.full:
                (tmp_path / name).write_bytes(b"half")
                raise OSError(errno.ENOSPC, "No space left on device")
            super().sync(name)

    disk = FullDisk(tmp_path)
    store = RetainStore(disk)
    save(store, 1)
    save(store, 2)
    disk.full = True
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            save(store, 3)
    found, problems = RetainStore(disk).newest()
    assert found is not None
    assert found.saved_wall_ns == 2
    assert list(problems.values()) == ["it is too short"]
    disk.full = False
    save(store, 3)
    found, problems = RetainStore(disk).newest()
    assert found is not None
    assert found.saved_wall_ns == 3
    assert not problems


@pytest.mark.parametrize("damage", ["cut", "flipped", "another file", "empty", "huge length"])
def test_file_when_damaged_then_the_other_one_serves_and_it_is_said_why(tmp_path, damage):
    store = RetainStore(Folder(tmp_path))
    save(store, 1)
    save(store, 2)
    newest = tmp_path / FILES[1]
    raw = bytearray(newest.read_bytes())
    if damage == "cut":
        raw = raw[:-1]
    elif damage == "flipped":
        raw[len(raw) // 2] ^= 1
    elif damage == "another file":
        raw[:8] = b"SQLite f"
    elif damage == "huge length":
        raw[24:32] = b"\xff" * 8
    newest.write_bytes(b"" if damage == "empty" else raw)
    found, problems = RetainStore(Folder(tmp_path)).newest()
    assert found is not None
    assert found.saved_wall_ns == 1
    assert set(problems) == (set() if damage == "empty" else {FILES[1]})


def test_store_when_dropped_then_the_files_are_kept_under_another_name(tmp_path):
    store = RetainStore(Folder(tmp_path))
    save(store, 1)
    store.drop("dropped")
    assert store.newest() == (None, {})
    assert [f.name for f in tmp_path.iterdir()] == ["retain.a.dropped"]
    save(store, 2)
    found, _ = store.newest()
    assert found is not None
    assert found.saved_wall_ns == 2
