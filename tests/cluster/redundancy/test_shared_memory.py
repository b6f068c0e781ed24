"""What a redundancy process finds in shared memory when it starts, and what it tells scan and io."""

import struct

import pytest

from runtime.cluster.pair.effects import Mirror, Right
from runtime.cluster.pair.frame import State
from runtime.cluster.redundancy.sharedmemory import SharedMemory
from runtime.core.appmemory import APPLIED_INDEX, HEADER_SIZE, NOW_NS, SCAN_NO
from runtime.core.binding import Bindings
from runtime.core.tag import TagTable
from runtime.image.channel import ChannelEnd
from runtime.image.layout import MIRROR_HEADER, lay_out
from runtime.image.segment import ControlSegment, ImageSegment

SIZE = HEADER_SIZE + 64


@pytest.fixture
def segments():
    layout = lay_out(
        TagTable([]), Bindings({}, ()), app_size=SIZE, quality_offset=SIZE, stamp_offset=SIZE, app_hash="tested"
    )
    control, image = ControlSegment.create(), ImageSegment.create(layout)
    yield control, image
    control.close()
    image.close()


def publish(image, scan_no, *, now_ns=0, applied=0):
    """As a scan does at its end."""
    end = ChannelEnd(image, image.layout.snapshots)
    for at, value in ((SCAN_NO, scan_no), (NOW_NS, now_ns), (APPLIED_INDEX, applied)):
        struct.pack_into("<q", end.buffer, at, value)
    end.publish()


def mirror(memory, term, scan_no):
    state = State(scan_no=scan_no, plc_now_ns=scan_no * 10, applied_index=3, memory=bytes([scan_no]) * SIZE)
    memory.mirror(Mirror(term, state, 5, 1), ahead=False)
    return state


def test_start_when_nothing_has_run_then_no_state_is_held(segments):
    assert SharedMemory(*segments, 1).held is None


def test_start_when_the_leader_was_mirrored_then_its_state_is_held(segments):
    state = mirror(SharedMemory(*segments, 1), 4, 7)
    assert SharedMemory(*segments, 1).held == (4, state)


def test_start_when_this_controller_led_then_its_own_newest_state_is_held_and_its_rights_are_gone(segments):
    control, image = segments
    memory = SharedMemory(control, image, 1)
    mirror(memory, 4, 7)
    memory.give(Right(5, 1_000, 9, solo=True))
    control.control.driven_term = 5
    publish(image, 9, now_ns=90, applied=6)
    term, state = SharedMemory(control, image, 1).held
    assert (term, state.scan_no, state.plc_now_ns, state.applied_index) == (5, 9, 90, 6)
    words = control.control
    assert (words.lead_term, words.lease_until_ns, words.replicated_scan, words.solo) == (0, 0, 0, 0)


def test_start_when_a_new_scan_process_shows_what_was_mirrored_before_it_led_then_no_state_is_held(segments):
    control, image = segments
    mirror(SharedMemory(control, image, 1), 4, 7)
    control.control.driven_term = 5
    publish(image, 7)
    assert SharedMemory(control, image, 1).held is None


def test_start_when_it_led_and_was_mirrored_to_after_that_then_the_mirrored_state_is_held(segments):
    control, image = segments
    memory = SharedMemory(control, image, 1)
    control.control.driven_term = 5
    publish(image, 9)
    state = mirror(memory, 6, 12)
    assert SharedMemory(control, image, 1).held == (6, state)


def test_scan_when_it_ends_then_its_state_is_told_once_with_the_term_it_ran_under(segments):
    control, image = segments
    memory = SharedMemory(control, image, 1)
    assert memory.scanned() is None
    control.control.active_term = 5
    publish(image, 1)
    term, state = memory.scanned()
    assert (term, state.scan_no) == (5, 1)
    assert memory.scanned() is None


def test_scan_when_it_ended_and_then_led_no_more_then_it_is_told_with_the_term_it_ran_under(segments):
    control, image = segments
    memory = SharedMemory(control, image, 1)
    mirror(memory, 4, 7)
    publish(image, 7)
    assert memory.scanned()[0] == 0
    publish(image, 8)
    control.control.driven_term = 5
    assert (memory.scanned()[0], control.control.active_term) == (5, 0)


def test_restore_when_the_scan_made_more_than_was_told_then_the_newest_is_handed_with_the_time_it_was_made(segments):
    control, image = segments
    memory = SharedMemory(control, image, 1)
    mirror(memory, 4, 7)
    control.control.driven_term, control.control.plc_offset_ns = 5, -1_000
    publish(image, 8, now_ns=80, applied=6)
    assert memory.scanned() is not None
    publish(image, 9, now_ns=90, applied=6)
    term, state = memory.restore()
    assert (term, state.scan_no, state.applied_index) == (5, 9, 6)
    end = ChannelEnd(image, image.layout.mirror)
    end.read()
    assert MIRROR_HEADER.unpack_from(end.buffer) == (5, 9, 90, 1_090, 6)


def test_restore_when_the_newest_state_was_mirrored_then_it_is_handed_again(segments):
    memory = SharedMemory(*segments, 1)
    assert memory.restore() is None
    state = mirror(memory, 4, 7)
    publish(segments[1], 7)
    assert memory.restore() == (4, state)
    assert memory.scanned()[0] == 0, "what is shown then is no newer"
