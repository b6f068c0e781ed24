"""Storage in a real folder, and the thread that writes: up to a process that is killed while it acknowledges."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from diskruns import TRIO, marks
from lossyfiles import MemoryFiles, full_disk

from runtime.cluster.disk.files import Folder
from runtime.cluster.disk.store import create, open_store
from runtime.cluster.disk.writer import Writer
from runtime.core.fault import ClusterFault, ConfigFault
from runtime.raft.log import Entry, EntryKind, Snapshot
from runtime.raft.ready import HardState, Persist

EMPTY = Snapshot(configuration=TRIO)
ACKNOWLEDGER = Path(__file__).with_name("acknowledger.py")


def _entry(index, content=b""):
    return Entry(index=index, term=1, kind=EntryKind.COMMAND, content=content)


def test_folder_when_a_store_is_closed_and_opened_then_all_is_there_for_its_owner_alone(tmp_path):
    folder = Folder(tmp_path / "new" / "a")
    create(folder, "a", EMPTY, mark=marks())
    store, _ = open_store(folder, "a", mark=marks(1))
    store.write([Persist(number=1, hard=HardState(term=3, vote="b"), entries=(_entry(1, b"x" * 200_000),))])
    store.close()
    folder = Folder(tmp_path / "new" / "a")
    (name,) = folder.names()
    assert (tmp_path / "new" / "a" / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new" / "a").stat().st_mode & 0o777 == 0o700
    _, kept = open_store(folder, "a", mark=marks(2))
    assert kept.hard == HardState(term=3, vote="b")
    assert kept.entries == [_entry(1, b"x" * 200_000)]
    folder.close()


def test_folder_when_another_process_has_it_then_it_is_refused(tmp_path):
    first = Folder(tmp_path / "a")
    with pytest.raises(ConfigFault, match="another process has the state"):
        Folder(tmp_path / "a")
    first.close()
    Folder(tmp_path / "a").close()


def test_folder_when_it_cannot_be_made_then_it_says_where(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigFault, match="cannot be used") as fault:
        Folder(tmp_path / "file" / "a")
    assert "state_dir" in fault.value.mend


class _SlowFiles(MemoryFiles):
    """A disk whose syncs wait to be let go, one by one."""

    def __init__(self):
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.let_go = threading.Semaphore(1_000)

    def sync(self, name):
        self.begun.release()
        self.let_go.acquire()
        super().sync(name)


def test_writer_when_several_writes_wait_then_one_sync_makes_all_durable():
    files = _SlowFiles()
    create(files, "a", EMPTY, mark=marks())
    store, _ = open_store(files, "a", mark=marks(1))
    told = threading.Semaphore(0)
    files.let_go, files.begun = threading.Semaphore(0), threading.Semaphore(0)
    now_ns = 0
    writer = Writer(store, told.release, clock=lambda: now_ns)
    writer.give(Persist(number=1, entries=(_entry(1),)))
    files.begun.acquire()
    assert writer.longest_ns(5) == 5
    now_ns = 7
    for number in range(2, 10):
        writer.give(Persist(number=number, entries=(_entry(number),)))
    assert writer.durable() == 0
    before = sum(kind == "sync" for kind, _, _ in files.ops)
    files.let_go.release()
    told.acquire()
    assert writer.durable() == 1
    assert writer.longest_ns(8) == 7
    assert writer.longest_ns(9) == 2  # the first is no longer waited for, those after it since 7
    files.begun.acquire()
    files.let_go.release()
    told.acquire()
    assert writer.durable() == 9
    assert sum(kind == "sync" for kind, _, _ in files.ops) == before + 2
    files.begun.acquire()  # nothing more comes: it seals
    files.let_go.release()
    writer.close()
    assert store.is_sealed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_writer_when_its_thread_ends_by_a_mistake_then_who_asks_for_durability_hears_that():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())
    store, _ = open_store(files, "a", mark=marks(1))
    told = threading.Semaphore(0)
    writer = Writer(store, told.release)
    writer.give(Persist(number=1, entries=(_entry(7),)))  # where 1 is due
    assert told.acquire(timeout=30.0)
    with pytest.raises(ClusterFault, match="ended by a mistake of its own"):
        writer.durable()
    writer.close()


def test_writer_when_the_disk_fails_then_who_asks_for_durability_hears_why():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())
    store, _ = open_store(files, "a", mark=marks(1))
    told = threading.Semaphore(0)
    files.refuse = full_disk(0)
    writer = Writer(store, told.release)
    writer.give(Persist(number=1, entries=(_entry(1),)))
    told.acquire()
    with pytest.raises(ClusterFault, match="No space left"):
        writer.durable()
    writer.close()


def test_process_when_it_is_killed_while_it_acknowledges_then_every_acknowledged_entry_is_there(tmp_path):
    create(folder := Folder(tmp_path / "a"), "a", EMPTY, mark=marks())
    folder.close()
    last = 0
    for round_ in range(3):
        with subprocess.Popen(
            [sys.executable, str(ACKNOWLEDGER), str(tmp_path / "a")], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(20 + 7 * round_):
                last = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            last = max([last, *(int(line) for line in process.stdout.readlines() if line.endswith("\n"))])
        folder = Folder(tmp_path / "a")
        _, kept = open_store(folder, "a", mark=marks(round_))
        folder.close()
        assert len(kept.entries) >= last
        assert [e.content for e in kept.entries] == [b"%d" % (n + 1) for n in range(len(kept.entries))]
