"""Phase commands: the mailbox."""

import pytest
from scanrig import APP_SIZE, QUALITY_OFFSET, START_NS, offset

from runtime.core.appmemory import HEADER_SIZE
from runtime.image.control import MAILBOX_LEN
from runtime.image.emit import I64
from runtime.image.mailbox import WriteStatus


def test_command_when_put_then_value_and_seq_are_there_before_the_tasks_run(make_rig):
    def copy_request(r, app):
        app.at(offset("sum")).store(app.at(offset("request")).load(I64) & 0xFFFF)

    rig = make_rig([(copy_request, 0)])
    ticket = rig.mailbox.put(rig.tag("request"), -2, seq_variable=rig.tag("request_seq"), seq=77)
    assert rig.mailbox.status(ticket) is WriteStatus.WAITING
    rig.scan()
    assert (rig.get("request"), rig.get("request_seq"), rig.get("sum")) == (-2, 77, 0xFFFE)
    assert rig.mailbox.status(ticket) is WriteStatus.WRITTEN


def test_command_when_its_time_is_over_then_expired_and_nothing_written(make_rig):
    rig = make_rig()
    in_time = rig.mailbox.put(rig.tag("request"), 1, expires_ns=START_NS)
    too_late = rig.mailbox.put(rig.tag("sum"), 2, expires_ns=START_NS - 1)
    rig.scan()
    assert (rig.mailbox.status(in_time), rig.mailbox.status(too_late)) == (WriteStatus.WRITTEN, WriteStatus.EXPIRED)
    assert (rig.get("request"), rig.get("sum")) == (1, 0)


@pytest.mark.parametrize(
    ("at", "size", "seq_offset"),
    [
        (HEADER_SIZE - 1, 1, 0),
        (QUALITY_OFFSET - 1, 2, 0),
        (QUALITY_OFFSET, 1, 0),
        (APP_SIZE, 8, 0),
        (0xFFFF_FFFC, 8, 0),
        (HEADER_SIZE, 3, 0),
        (HEADER_SIZE, 0, 0),
        (HEADER_SIZE, 0xFFFF_FFFF, 0),
        (HEADER_SIZE, 8, QUALITY_OFFSET - 3),
        (HEADER_SIZE, 8, 1),
    ],
)
def test_command_when_it_points_outside_the_variables_then_refused(make_rig, at, size, seq_offset):
    rig = make_rig()
    rig.scan()
    ticket = rig.mailbox.put(rig.tag("sum"), -1)
    entry = rig.control.mailbox.entries[ticket % MAILBOX_LEN]
    entry.offset, entry.size, entry.seq_offset, entry.seq = at, size, seq_offset, 5
    with rig.memory as memory:
        before = bytes(memory[HEADER_SIZE:])
        rig.scan()
        assert bytes(memory[HEADER_SIZE:]) == before
    assert rig.mailbox.status(ticket) is WriteStatus.REFUSED


def test_command_when_at_the_very_ends_of_the_variables_then_written(make_rig):
    rig = make_rig()
    tickets = [rig.mailbox.put(rig.tag("sum"), -1) for _ in range(2)]
    for ticket, at in zip(tickets, (HEADER_SIZE, QUALITY_OFFSET - 8), strict=True):
        rig.control.mailbox.entries[ticket].offset = at
    rig.scan()
    with rig.memory as memory:
        assert bytes(memory[QUALITY_OFFSET - 8 : QUALITY_OFFSET]) == b"\xff" * 8
    assert [rig.mailbox.status(ticket) for ticket in tickets] == [WriteStatus.WRITTEN] * 2


def test_mailbox_when_full_then_put_gives_none_and_one_scan_empties_it(make_rig):
    rig = make_rig()
    tickets = [rig.mailbox.put(rig.tag("sum"), i) for i in range(MAILBOX_LEN + 1)]
    assert tickets[-1] is None
    rig.scan()
    assert rig.get("sum") == MAILBOX_LEN - 1
    assert {rig.mailbox.status(ticket) for ticket in tickets[:-1]} == {WriteStatus.WRITTEN}
    later = [rig.mailbox.put(rig.tag("sum"), 1) for _ in range(2)]
    assert None not in later
    assert rig.mailbox.status(tickets[0]) is WriteStatus.FORGOTTEN


@pytest.mark.parametrize("head", [MAILBOX_LEN + 1, 2**63, 2**64 - 1])
def test_mailbox_when_head_is_no_queue_then_nothing_is_written_and_the_scan_goes_on(make_rig, head):
    rig = make_rig()
    for i in range(3):
        rig.mailbox.put(rig.tag("sum"), i + 1)
    rig.control.mailbox.head = head
    rig.scan(2)
    assert (rig.get("sum"), rig.control.mailbox.tail, rig.control.scan_no) == (0, head, 2)
    rig.mailbox.put(rig.tag("sum"), 9)
    rig.scan()
    assert rig.get("sum") == 9
