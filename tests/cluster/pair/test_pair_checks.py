"""What watches the simulated pair, held against histories made wrong by hand."""

import pytest
from pairbook import Book, Broken, Write
from pairchecks import RaftChecks
from pairclients import History, Operation
from pairio import Device, gap_ns, missed_scans
from pairtime import MS, Clock

from runtime.raft.message import VoteReply, VoteRequest


def _history(*operations: tuple[int, int, int | None]) -> History:
    """Client, invoked, answered; sequence numbers count each client's own."""
    seqs: dict[int, int] = {}
    history = History()
    for client, invoked, answered in operations:
        seqs[client] = seqs.get(client, 0) + 1
        history.operations.append(Operation(client, seqs[client], invoked, answered))
    return history


WRONG = {
    "an answered command is nowhere": ([(1, 0, 5)], []),
    "a command ran twice": ([(1, 0, 5)], [(1, 1), (1, 1)]),
    "one that was answered before stands behind": ([(1, 0, 5), (2, 6, 9)], [(2, 1), (1, 1)]),
    "one without an answer took effect before it was asked for": ([(1, 0, 5), (2, 6, None)], [(2, 1), (1, 1)]),
    "an old one comes after a whole chain": (
        [(1, 0, 2), (2, 1, 4), (3, 5, 6)],
        [(1, 1), (3, 1), (2, 1)],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_history_when_wrong_then_it_is_not_linearizable(name):
    operations, order = WRONG[name]
    with pytest.raises(Broken):
        _history(*operations).check(order)


@pytest.mark.parametrize(
    "order", [[(1, 1), (2, 1), (3, 1)], [(2, 1), (1, 1), (3, 1)], [(1, 1), (2, 1)], [(2, 1), (1, 1)]]
)
def test_history_when_commands_overlap_then_either_order_is_right_and_who_has_no_answer_may_be_in_or_not(order):
    _history((1, 0, 5), (2, 3, 7), (3, 8, None)).check(order)


def _written(book: Book, term: int, scan_no: int, writer: str = "a", outputs: int = 0) -> None:
    book.written(Write(0, writer, term, scan_no, outputs))


def test_book_when_a_takeover_begins_before_what_was_written_then_broken():
    book = Book()
    book.taken_over("a", 1, (0, 0))
    _written(book, 1, 7)
    with pytest.raises(Broken, match="were written"):
        book.taken_over("b", 2, (1, 6))


def test_book_when_an_old_leader_writes_what_the_new_one_does_not_have_then_broken():
    book = Book()
    book.taken_over("a", 1, (0, 0))
    _written(book, 1, 6)
    book.taken_over("b", 2, (1, 6))
    _written(book, 1, 6)
    with pytest.raises(Broken, match="went on from"):
        _written(book, 1, 7)


def test_book_when_states_descend_over_several_terms_then_it_is_known():
    book = Book()
    for term, base in ((1, (0, 0)), (3, (1, 9)), (6, (3, 12))):
        book.taken_over("a", term, base)
    assert book.descends((6, 20), (1, 9))
    assert not book.descends((6, 20), (1, 10))
    assert not book.descends((3, 12), (6, 13))


@pytest.mark.parametrize(("term", "writer", "outputs"), [(1, "b", 0), (2, "a", 1)])
def test_book_when_two_write_in_a_term_or_a_scan_has_two_outputs_then_broken(term, writer, outputs):
    book = Book()
    book.taken_over("a", 1, (0, 0))
    _written(book, 1, 7)
    with pytest.raises(Broken):
        _written(book, term, 7, writer, outputs)


def test_book_when_a_mirror_holds_other_bytes_or_another_version_or_a_scan_is_made_twice_then_broken():
    book = Book()
    book.made("a", (1, 7), b"right", 1)
    with pytest.raises(Broken):
        book.mirrored("b", (1, 7), b"wrong", 1)
    with pytest.raises(Broken, match="of version"):
        book.mirrored("b", (1, 7), b"right", 2)
    with pytest.raises(Broken):
        book.made("a", (1, 7), b"other", 1)


def test_device_when_an_older_term_comes_then_one_class_refuses_and_the_other_counts_it():
    fenced, plain = Device(Book(), fences=True), Device(Book(), fences=False)
    for device in (fenced, plain):
        device.write(Write(0, "b", 2, 8, 0))
        device.write(Write(1, "a", 1, 7, 0))
    assert [w.term for w in fenced.writes] == [2]
    assert [w.term for w in plain.writes] == [2, 1]
    assert (fenced.stale, plain.stale) == (0, 1)


def test_votes_when_a_member_votes_for_two_then_broken_even_if_one_is_itself():
    checks = RaftChecks()
    checks.said(VoteReply(source="w", target="a", term=3, granted=True, trial=False))
    checks.said(VoteReply(source="w", target="a", term=3, granted=True, trial=False))
    with pytest.raises(Broken, match="voted for a and for b"):
        checks.said(VoteReply(source="w", target="b", term=3, granted=True, trial=False))
    with pytest.raises(Broken, match="voted for a and for w"):
        checks.said(VoteRequest(source="w", target="a", term=3, last_index=0, last_term=0, handed_over=True))


def test_clock_when_asked_both_ways_then_a_local_time_is_reached_and_not_before():
    clock = Clock(local_ns=5, rate_ppm=-700)
    clock.change(90 * MS, rate_ppm=150_000, jump_ns=3 * MS)
    for local_ns in (clock.local_ns(90 * MS) + 1, 123 * MS, 10**12 + 7):
        true_ns = clock.true_ns(local_ns)
        assert clock.local_ns(true_ns - 1) < local_ns <= clock.local_ns(true_ns)


def test_gap_when_scans_write_nothing_then_they_are_counted():
    writes = [Write(at * MS, "a", 1, at, 0) for at in (0, 10, 21, 52, 60)]
    assert gap_ns(writes) == 31 * MS
    assert [missed_scans(gap * MS) for gap in (10, 14, 19, 31)] == [0, 0, 1, 2]
