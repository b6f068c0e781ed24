"""What a witness makes of the log: snapshots like the controllers', and none where it does not understand an entry."""

from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.entries import Command, encode_entry
from runtime.cluster.witnesslog import BYTES_MAX, ENTRIES_MAX, WitnessLog
from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind, Snapshot


def entry(index, content=None):
    said = encode_entry(Command(client="hmi", seq=index, body="mode=1")) if content is None else content
    return Entry(index=index, term=1, kind=EntryKind.COMMAND, content=said)


def snapshot(content=b""):
    return Snapshot(configuration=Configuration(), content=content)


def begun(told):
    log = WitnessLog(told.append)
    log.install(snapshot())
    return log


def test_witness_log_when_there_are_many_entries_then_its_snapshot_is_that_of_a_controller():
    log, agreed = begun([]), Agreed()
    for index in range(1, ENTRIES_MAX + 2):
        assert log.compacted() is None
        log.take(entry(index))
        agreed.apply(entry(index))
    assert log.compacted() == agreed.to_bytes()
    assert log.compacted() is None


def test_witness_log_when_few_entries_are_large_then_it_is_time_for_a_snapshot_too():
    log = begun([])
    part = encode_entry(Command(client="hmi", seq=1, body="x" * (BYTES_MAX // 4)))
    for index in range(1, 6):
        log.take(entry(index, part))
    assert log.compacted() is not None


def test_witness_log_when_an_entry_is_of_a_later_version_then_it_is_kept_and_told_once():
    told = []
    log = begun(told)
    log.take(entry(1, b"?later"))
    for index in range(2, ENTRIES_MAX + 10):
        log.take(entry(index))
    assert log.compacted() is None
    assert len(told) == 1
    assert "entry 1" in told[0]
    assert "update this member" in told[0]


def test_witness_log_when_a_snapshot_cannot_be_read_then_the_next_one_lets_it_go_on():
    told = []
    log = begun(told)
    log.install(snapshot(b"{}"))
    assert "snapshot 0 cannot be read" in told[0]
    log.install(snapshot(Agreed().to_bytes()))
    for index in range(1, ENTRIES_MAX + 2):
        log.take(entry(index))
    assert log.compacted() is not None
