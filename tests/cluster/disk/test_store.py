"""Whatever a crash or a bad disk leaves, a member finds what it acknowledged, or knows that it must not vote."""

import pytest
from diskruns import TRIO, broken_promises, flipped, last_file, marks, recorded, reopened
from lossyfiles import MemoryFiles, full_disk

from runtime.cluster.disk import batches
from runtime.cluster.disk.store import FILE_SIZE_MIN, NoState, Unreadable, create, open_store
from runtime.core.fault import ClusterFault, ConfigFault
from runtime.raft.log import Entry, EntryKind, Snapshot
from runtime.raft.ready import HardState, Persist

EMPTY = Snapshot(configuration=TRIO)


@pytest.mark.parametrize("seed", range(2))
def test_store_when_the_power_is_cut_anywhere_then_nothing_acknowledged_is_lost(seed):
    assert next(broken_promises(recorded(seed)), None) is None


def _no_sync(files):
    files.sync = lambda _: None


def _no_folder_sync(files):
    files.sync_folder = lambda: None


def _rename_without_sync(files):
    sync = files.sync
    files.sync = lambda name: None if name == "partial" else sync(name)


@pytest.mark.parametrize("mistake", [_no_sync, _no_folder_sync, _rename_without_sync], ids=lambda f: f.__name__)
def test_cut_power_when_storage_has_a_mistake_on_purpose_then_it_is_found(mistake):
    files = MemoryFiles()
    mistake(files)
    assert next(broken_promises(recorded(0, files=files)), None) is not None


def test_cut_power_when_no_checksum_is_kept_then_it_is_found(monkeypatch):
    monkeypatch.setattr(batches.zlib, "crc32", lambda _: 0)
    assert next(broken_promises(recorded(0)), None) is not None


@pytest.mark.parametrize("seed", range(4))
def test_sealed_store_when_any_bit_flips_then_it_is_found_or_harms_nothing(seed):
    run = recorded(seed)
    run.store.seal()
    name, content = last_file(run.files)
    found = [reopened({name: one}) for one in flipped(content)]
    refused = [one for one in found if isinstance(one, str)]
    assert all("is damaged" in one and "new name" in one for one in refused)
    assert all(one == run.states[-1] for one in found if not isinstance(one, str))
    assert len(found) - len(refused) <= batches.HEADER_SIZE + 4  # bits of the seal itself


def test_store_when_a_bit_flips_before_the_seal_then_at_most_the_last_group_is_taken_for_torn():
    run = recorded(1, groups=7)
    name, content = last_file(run.files)
    for one in flipped(content):
        found = reopened({name: one})
        assert isinstance(found, str) or found in run.states[-2:]


def test_store_when_a_file_is_cut_below_its_first_batch_then_it_is_refused():
    run = recorded(0)
    name, content = last_file(run.files)
    for size in (0, 1, 31, 60):
        assert "damaged" in str(reopened({name: content[:size]}))


def test_store_when_a_batch_in_the_middle_is_gone_then_it_is_refused():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())
    store, _ = open_store(files, "a", mark=marks(1))
    sizes = []
    for term in (1, 2, 3):
        sizes.append(len(last_file(files)[1]))
        store.write([Persist(number=term, hard=HardState(term=term))])
    name, content = last_file(files)
    without = content[: sizes[1]] + content[sizes[2] :]
    assert "batch 3 stands where 2 should" in str(reopened({name: without}))


def test_store_when_two_files_are_left_then_the_newer_one_counts_even_if_it_is_damaged():
    run = recorded(2)
    name, content = last_file(run.files)
    newer = f"log-{int(name[4:]) + 1:012d}"
    assert reopened({name: b"anything", newer: content}) == run.states[-1]
    assert "damaged" in str(reopened({name: content, newer: content[:40]}))


@pytest.mark.parametrize("at", range(0, len(recorded(3).files.ops), 2))
def test_store_when_the_disk_is_full_then_it_says_so_and_what_was_acknowledged_is_there(at):
    files = MemoryFiles(refuse=full_disk(at))
    with pytest.raises(ClusterFault, match="cannot be written: No space left"):
        recorded(3, files=files)
    whole = recorded(3)
    acknowledged = sum(ended <= at for ended in whole.ended) - 1
    assert reopened(files.content) in [*whole.states[max(0, acknowledged) :], *([None] if acknowledged < 0 else [])]


def test_store_when_it_is_opened_then_all_it_found_is_written_and_synced_anew():
    run = recorded(0)
    files = MemoryFiles(dict(run.files.content))
    before, _ = last_file(files)
    open_store(files, "a", mark=marks(7))
    assert [(kind, name) for kind, name, _ in files.ops] == [
        ("create", "partial"),
        ("sync", "partial"),
        ("rename", "partial"),
        ("sync_folder", ""),
        ("remove", before),
    ]


def test_store_when_a_snapshot_comes_then_the_entries_below_it_leave_the_disk():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())
    store, _ = open_store(files, "a", mark=marks(1))
    secret = b"compacted away"
    entries = tuple(Entry(index=n, term=1, kind=EntryKind.COMMAND, content=secret) for n in (1, 2, 3))
    store.write([Persist(number=1, hard=HardState(term=1), entries=entries)])
    store.write([Persist(number=2, snapshot=Snapshot(configuration=TRIO, index=3, term=1, content=b"sum"))])
    name, content = last_file(files)
    assert secret not in content
    assert reopened({name: content}).snapshot.content == b"sum"


def test_store_when_terms_pass_without_a_snapshot_then_the_file_stays_bounded():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())
    store, _ = open_store(files, "a", mark=marks(1))
    entry = Entry(index=1, term=1, kind=EntryKind.COMMAND, content=bytes(100_000))
    for term in range(1, 100):
        store.write([Persist(number=term, hard=HardState(term=term), truncate_from=1, entries=(entry,))])
        assert len(last_file(files)[1]) < FILE_SIZE_MIN + 300_000
    assert reopened(files.content).hard.term == 99


def test_store_when_nothing_is_there_then_it_says_how_a_member_begins():
    with pytest.raises(NoState, match="nothing is stored for member a") as fault:
        open_store(MemoryFiles(), "a", mark=marks())
    assert "--found" in fault.value.mend
    assert "new name" in fault.value.mend


def test_store_when_it_is_made_twice_or_for_another_member_then_it_refuses():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())
    with pytest.raises(ConfigFault, match="member b has a state already"):
        create(files, "b", EMPTY, mark=marks())
    with pytest.raises(ConfigFault, match="this is the state of member a, not of b"):
        open_store(files, "b", mark=marks())


def test_store_when_the_disk_cannot_read_then_the_member_is_refused():
    files = MemoryFiles()
    create(files, "a", EMPTY, mark=marks())

    def fails(name):
        raise OSError(5, "Input/output error")

    files.read = fails
    with pytest.raises(Unreadable, match="cannot be read: Input/output error"):
        open_store(files, "a", mark=marks())
