"""A pair's two scans on virtual time: one runs, the other mirrors it and goes on where it stops."""

import ctypes
from collections.abc import Iterator

import pytest

from runtime.core.appmemory import APPLIED_INDEX
from runtime.core.fault import ConfigFault
from runtime.image.mailbox import WriteStatus
from runtime.image.mirror import MirrorEntry
from runtime.image.recordring import RingReader
from runtime.scan.kernel import Kernel
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.replay import Replay
from runtime.scan.record.verify import verify
from tests.scan.pairline import FAR_NS, LEASE_NS, PROGRAM, Pair, Side
from tests.scan.versionline import CYCLE_NS, MS


@pytest.fixture
def pair(kernel: Kernel) -> Iterator[Pair]:
    a = Side(kernel, start_ns=1_000 * MS)
    b = Side(kernel, start_ns=1_000 * MS + FAR_NS)
    c = Side(kernel, start_ns=1_000 * MS, pair=0)
    a.leads(4)
    yield Pair(a, b, c)
    for side in (a, b, c):
        side.close()


def test_scan_when_it_mirrors_then_it_shows_the_leaders_memory_and_runs_drives_and_records_nothing(pair):
    ring = RingReader(pair.b.line.version.image, from_start=True)
    pair.run(20)
    pair.b.scan(1.0)
    assert pair.b.snapshot().memory == pair.a.snapshot().memory
    assert pair.b.line.get("fast.scans") == 20
    control = pair.b.control
    assert (control.scan_no, control.active_term, control.mirror_taken, control.driving) == (20, 0, 20, 0)
    assert control.scan_clock_ns == pair.b.line.now_ns - CYCLE_NS
    assert control.plc_offset_ns == -FAR_NS - 2 * MS
    assert pair.b.frames.latest() is None
    assert ring.take() == b""


@pytest.mark.parametrize("gap", [0, 1, 7, 23])
@pytest.mark.parametrize("stop_after", [1, 13, 33, 64])
def test_memory_when_the_other_controller_leads_then_it_goes_on_as_if_uninterrupted_but_for_the_gap(
    pair, stop_after, gap
):
    pair.run(stop_after)
    pair.gap(gap)
    pair.b.leads(5)
    for _ in range(60):
        pair.run_b(1)
        assert pair.b.snapshot().memory == pair.c.snapshot().memory
        assert pair.b.frame().values == pair.c.frame().values
    assert pair.b.control.scan_no == stop_after + 60
    assert pair.b.control.active_term == 5
    frame = pair.b.frame()
    assert (frame.term, frame.scan_no, frame.driving) == (5, stop_after + 60, True)
    assert frame.now_ns == pair.b.line.now_ns - CYCLE_NS
    assert frame.valid_until_ns == frame.now_ns + LEASE_NS
    assert pair.b.line.get("fast.firsts") == 1


def test_scan_when_it_leads_and_then_mirrors_and_leads_again_then_it_needs_no_restart(pair):
    pair.run(10)
    pair.b.leads(5)
    pair.run_b(10)
    pair.b.leads(0)
    pair.a.leads(0)
    pair.a.receives(pair.b.snapshot(), term=5)
    pair.a.scan(1.0)
    pair.b.scan(1.0)
    assert pair.a.snapshot().memory == pair.b.snapshot().memory
    assert (pair.b.control.active_term, pair.b.control.driving) == (0, 0)
    pair.a.leads(6)
    pair.a.scan(1.0)
    assert (pair.a.control.scan_no, pair.a.frame().term, pair.a.frame().driving) == (21, 6, True)
    assert pair.a.line.get("fast.scans") == 21
    assert pair.a.line.get("fast.firsts") == 1


def test_scan_when_no_newer_state_came_before_it_is_elected_again_then_its_own_memory_goes_on(pair):
    pair.run(10)
    pair.b.leads(5)
    pair.run_b(5)
    before = pair.b.snapshot()
    pair.b.leads(0)
    pair.b.scan(1.0)
    pair.b.leads(7)
    pair.b.scan(1.0)
    after = pair.b.snapshot()
    assert (after.scan_no, after.now_ns - before.now_ns) == (16, 2 * CYCLE_NS)
    assert pair.b.frame().term == 7


def test_scan_when_another_led_between_two_of_its_terms_then_it_goes_on_from_that_one(pair):
    """Its own lost term was never seen as 0 by a scan."""
    pair.run(10)
    pair.b.leads(5)
    pair.run_b(5)
    pair.a.receives(pair.b.snapshot(), term=5)
    pair.a.leads(6)
    pair.a.scan(1.0)
    assert (pair.a.snapshot().scan_no, pair.a.line.get("fast.scans")) == (16, 16)


def test_scan_when_there_never_was_a_mirrored_state_then_a_leader_starts_from_its_own(pair):
    pair.b.scan(1.0)
    assert (pair.b.control.scan_no, pair.b.snapshots.latest()) == (0, None)
    pair.b.leads(1)
    pair.b.scan(1.0)
    assert (pair.b.snapshot().scan_no, pair.b.line.get("fast.firsts")) == (1, 1)
    assert pair.b.snapshot().now_ns == pair.b.line.now_ns - CYCLE_NS


def test_fence_when_the_lease_has_run_out_then_it_is_closed_in_that_scan_and_the_frame_says_why(pair):
    pair.run(3)
    assert pair.a.frame().driving
    pair.a.scan(1.0, leased=False)
    frame = pair.a.frame()
    assert (frame.driving, frame.leased, frame.values[0], pair.a.control.driving) == (False, False, 0.0, 0)
    assert pair.a.line.get("fast.scans") == 4  # programs go on: the state is still what is mirrored
    pair.a.scan(1.0)
    assert (pair.a.frame().driving, pair.a.frame().leased) == (True, True)


def test_fence_when_the_switch_is_off_then_the_frame_is_fail_safe_and_not_for_want_of_a_lease(pair):
    pair.run(3)
    pair.a.control.run_switch = 0
    pair.a.scan(1.0)
    assert (pair.a.frame().driving, pair.a.frame().leased) == (False, True)


def test_frame_when_the_lease_outlives_it_then_its_own_validity_ends_it(pair):
    pair.a.line.feed(1.0)
    pair.a.control.lease_until_ns = pair.a.line.now_ns + 1000 * MS
    pair.a.line.scan()
    assert pair.a.frame().valid_until_ns == pair.a.frame().now_ns + 50 * MS


def test_command_when_the_log_gives_it_again_after_a_takeover_then_it_is_done_once(pair):
    manifest = pair.a.line.version.manifest
    order, note = manifest.tags.find("order"), manifest.tags.find("note")
    pair.run(2)
    first = pair.a.mailbox.put(order, 3, index=7)
    pair.a.mailbox.put(note, "as long as it may be, forty characters..", index=8)
    pair.run(1)
    assert pair.a.mailbox.status(first) is WriteStatus.WRITTEN
    assert pair.a.line.get("fast.taken") == 3
    pair.b.leads(5)
    again = [pair.b.mailbox.put(order, 3, index=index) for index in (7, 8, 6)]
    new = pair.b.mailbox.put(order, 10, index=9)
    pair.run_b(1)
    assert {pair.b.mailbox.status(ticket) for ticket in (*again, new)} == {WriteStatus.WRITTEN}
    assert pair.b.line.get("fast.taken") == 13
    assert pair.b.line.get("note") == "as long as it may be, forty characters.."
    plain = pair.b.mailbox.put(order, 100)
    pair.run_b(1)
    assert (pair.b.mailbox.status(plain), pair.b.line.get("fast.taken")) == (WriteStatus.WRITTEN, 113)
    memory = pair.b.snapshot().memory
    assert int.from_bytes(memory[APPLIED_INDEX : APPLIED_INDEX + 8], "little") == 9


def test_command_when_it_expired_then_its_index_is_used_up_on_the_standby_too(pair):
    order = pair.a.line.version.manifest.tags.find("order")
    late = pair.a.mailbox.put(order, 3, index=1, expires_ns=1)
    pair.run(1)
    assert pair.a.mailbox.status(late) is WriteStatus.EXPIRED
    pair.b.leads(5)
    pair.b.mailbox.put(order, 3, index=1)
    pair.run_b(2)
    assert pair.b.line.get("fast.taken") == 0


def test_replay_when_it_spans_a_takeover_then_every_scan_is_the_same_to_the_bit(pair, kernel):
    ring = RingReader(pair.b.line.version.image, from_start=True)
    recorder = FlightRecorder(ring.take, ring.ask_checkpoint, RecorderLimits(3600 * 1000 * MS, 1 << 30))
    pair.run(30)
    pair.gap(4)
    recorder.poll()
    pair.b.leads(5)
    for _ in range(50):
        pair.run_b(1)
        recorder.poll()
        recorder.note_state(pair.b.snapshot().scan_no, pair.b.snapshot().memory)
    pair.b.scan(20.0, leased=False)
    recorder.poll()
    chunks = recorder.frozen()
    assert (chunks[0].first, chunks[-1].last, recorder.lost_count) == (31, 81, 0)
    manifest, code, initial = pair.b.line.loaded[0]
    replay = Replay(manifest, code, initial, kernel)
    verified = verify({1: replay}, chunks)
    assert (verified.scans, verified.states, verified.gaps, verified.diverged) == (51, 49, (), None)
    replay.close()


def test_fault_when_it_stopped_the_leader_then_it_stops_the_one_that_takes_over_until_acknowledged_there(pair):
    pair.run(1)
    _bias(pair.a, float("inf"))
    pair.run(1)
    assert pair.a.control.fault_count > 0
    assert (pair.a.control.fault_stop, pair.a.frame().driving) == (1, False)
    pair.b.leads(5)
    pair.run_b(1)
    assert (pair.b.control.fault_stop, pair.b.frame().driving, pair.b.frame().leased) == (1, False, True)
    pair.b.control.fault_ack = pair.b.control.fault_count
    _bias(pair.b, 0.0)
    pair.run_b(1)
    assert (pair.b.control.fault_stop, pair.b.frame().driving) == (0, True)


def _bias(side: Side, value: float) -> None:
    """What the output is raised by, written into memory by hand."""
    leaf = side.line.version.manifest.tags.find("fast.bias")
    assert leaf is not None
    ctypes.c_float.from_address(side.line.version.app_address + leaf.offset).value = value


def test_scan_when_one_before_it_led_then_it_goes_on_only_from_a_state_as_new_as_that_and_in_a_later_term(pair):
    pair.run(10)
    b = pair.b
    b.scan(1.0)
    b.line.version.plan.plan.refused_term = 5  # as for a scan process that follows one which led in term 5
    taken = b.control.mirror_taken
    for received, term, leads in ((4, 5, False), (4, 6, False), (5, 5, False), (5, 6, True)):
        b.receives(pair.a.snapshot(), term=received)
        b.leads(term)
        b.scan(1.0)
        assert (b.control.active_term, b.control.driven_term) == ((term, term) if leads else (0, 0))
        assert (b.control.mirror_taken > taken) is (received == 5)
    assert (b.frame().term, b.frame().scan_no) == (6, 11)


@pytest.mark.parametrize("term", [4, 5])
def test_scan_when_a_state_older_than_its_memory_comes_then_its_memory_goes_on(pair, term):
    pair.run(10)
    b, old = pair.b, pair.a.snapshot()
    b.leads(5)
    pair.run_b(3)
    b.receives(old, term=term)
    b.leads(6)
    b.scan(1.0)
    assert (b.frame().term, b.frame().scan_no, b.line.get("fast.scans")) == (6, 14, 14)


def test_output_that_holds_when_the_new_leader_does_not_drive_then_it_holds_what_the_former_one_drove(pair):
    while not pair.a.line.get("lamp"):
        pair.run(1)
    pair.b.control.run_switch = 0
    pair.b.leads(5)
    pair.run_b(1)
    frame = pair.b.frame()
    assert (frame.driving, frame.values) == (False, (0.0, True))


def test_output_that_is_no_number_when_the_controller_changes_then_its_fault_is_not_recorded_again(pair):
    pair.run(2)
    _bias(pair.a, float("nan"))
    pair.run(1)
    faults = pair.a.control.fault_count
    pair.b.leads(5)
    pair.run_b(1)
    assert pair.b.control.fault_count == pair.c.control.fault_count + faults + 1  # that of B's own scan


@pytest.mark.parametrize(
    ("gap_ms", "cycles"), [(3, 1), (14, 1), (16, 2), (25, 3), (1_000, 100), (86_400_000, 8_640_000)]
)
def test_plc_time_when_cycles_of_the_two_lie_anyhow_then_it_goes_on_by_what_passed_to_half_a_cycle_or_by_one(
    pair, gap_ms, cycles
):
    pair.a.scan(1.0)
    state, received_ns = pair.a.snapshot(), pair.b.line.now_ns + 1_700_000
    pair.b.mirror.write(MirrorEntry(4, 1, state.now_ns, received_ns, 0, state.memory))
    pair.b.line.now_ns = received_ns + gap_ms * MS
    pair.b.leads(5)
    pair.b.scan(1.0)
    assert pair.b.snapshot().now_ns - state.now_ns == cycles * CYCLE_NS


def test_mirror_when_the_state_is_of_another_layout_then_it_is_refused_with_what_to_do(pair):
    with pytest.raises(ConfigFault, match=r"has 3 bytes, \d+ expected\n.*same programs"):
        pair.b.mirror.write(MirrorEntry(1, 1, 1, 1, 0, b"abc"))


def test_scan_when_mirrored_bytes_are_anything_then_it_runs_with_them(pair):
    size = pair.b.line.version.image.layout.app_size
    for seed in range(3):
        memory = bytes((n * 131 + seed * 89) & 0xFF for n in range(size))
        pair.b.mirror.write(MirrorEntry(1, 2**63 + seed, -(2**63), 2**63 - 1, 5, memory))
        pair.b.leads(5 + seed)
        pair.b.scan(1.0)
        pair.b.leads(0)
        pair.b.scan(1.0)
    assert pair.b.control.scan_no == 2**63 + 3


def test_version_when_it_changes_on_a_standby_then_it_goes_on_mirroring(pair):
    pair.run(5)
    pair.b.scan(1.0)
    old = pair.b.line.change(PROGRAM.replace("taken : INT;", "taken : INT; more : INT;"))
    assert (pair.b.control.mirror_taken, pair.b.control.active_term) == (0, 0)
    pair.b.leads(5)
    pair.b.control.lease_until_ns = pair.b.line.now_ns + LEASE_NS
    pair.b.line.scan()
    assert pair.b.line.get("fast.scans") == 6
    old.image.close()
