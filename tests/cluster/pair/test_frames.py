"""State frames: what arrives is what was sent, or it is refused."""

import random

from runtime.cluster.pair.frame import State, decode_frame, encode_frame, make_frame, take_frame
from runtime.cluster.pair.stream import AHEAD_MAX, LeaderStream, StandbyStream


def state(scan_no, memory):
    return State(scan_no=scan_no, plc_now_ns=scan_no * 10, applied_index=3, memory=memory)


def test_frame_when_any_bit_is_flipped_then_is_refused():
    chance = random.Random(1)
    content = encode_frame(make_frame(state(5, bytes(500)), None, term=2, version=9, life=4))
    assert decode_frame(content) is not None
    for _ in range(500):
        at = chance.randrange(len(content) * 8)
        damaged = bytearray(content)
        damaged[at // 8] ^= 1 << (at % 8)
        assert decode_frame(bytes(damaged)) is None


def test_frame_when_its_base_is_another_then_is_refused():
    base, after = state(2, bytes(300)), state(3, bytes(299) + b"x")
    frame = make_frame(after, base, term=1, version=1, life=4)
    assert frame.base_scan == 2
    assert take_frame(frame, base) == after
    assert take_frame(frame, state(1, bytes(300))) is None
    assert take_frame(frame, state(2, b"y" + bytes(299))) is None  # another scan 2, of another leader
    assert take_frame(frame, None) is None


def test_standby_when_a_frame_is_lost_then_asks_for_a_whole_one_and_goes_on():
    leader, standby = LeaderStream(1, 7, again_ns=1000, life=4), StandbyStream(7, 4)
    memory = bytearray(1000)
    for scan_no in range(1, 10):
        memory[scan_no] = scan_no
        frame = leader.scan(state(scan_no, bytes(memory)), scan_no)
        if scan_no == 4 or frame is None:
            continue  # lost
        ack, _ = standby.take(frame)
        leader.acknowledged(ack)
    assert standby.state == leader.newest
    assert leader.lag == 0


def test_standby_when_it_runs_other_programs_then_says_so_and_takes_nothing():
    leader, standby = LeaderStream(1, 7, again_ns=1000, life=4), StandbyStream(8, 4)
    ack, newer = standby.take(leader.scan(state(1, b"x"), 0))
    leader.acknowledged(ack)
    assert not newer
    assert leader.scan(state(2, b"x"), 1) is None
    assert leader.scan(state(3, b"x"), 2000) is not None


def test_leader_when_a_whole_frame_is_not_answered_then_nothing_follows_until_it_is_and_then_what_changed_since():
    leader, standby = LeaderStream(1, 7, again_ns=1000, life=4), StandbyStream(7, 4)
    whole = leader.scan(state(1, bytes(1000)), 1)
    assert [leader.scan(state(n, bytes(1000)), n) for n in range(2, 6)] == [None] * 4
    ack, _ = standby.take(whole)
    leader.acknowledged(ack)
    assert leader.waiting_since_ns == 1
    frame = leader.scan(state(6, bytes(999) + b"x"), 6)
    assert frame.base_scan == 1
    ack, newer = standby.take(frame)
    leader.acknowledged(ack)
    assert newer
    assert (leader.lag, leader.waiting_since_ns) == (0, None)


def test_leader_when_nothing_is_answered_then_sends_no_more_than_a_few_frames():
    leader, standby = LeaderStream(1, 7, again_ns=1000, life=4), StandbyStream(7, 4)
    ack, _ = standby.take(leader.scan(state(1, bytes(100)), 1))
    leader.acknowledged(ack)
    sent = [n for n in range(2, 100) if leader.scan(state(n, bytes(100)), n) is not None]
    assert len(sent) == AHEAD_MAX
    assert leader.waiting_since_ns == 2
    again = leader.scan(state(100, bytes(100)), 2000)
    assert again is not None
    assert again.base_scan == 0


def test_standby_when_it_was_restarted_then_takes_nothing_that_was_meant_for_the_life_before():
    leader, standby = LeaderStream(1, 7, again_ns=1000, life=4), StandbyStream(7, 5)
    late = leader.scan(state(1, bytes(100)), 0)
    assert standby.take(late) == (None, False)
    leader.meet(5)
    ack, newer = standby.take(leader.scan(state(2, bytes(100)), 1))
    assert newer
    leader.acknowledged(ack)
    assert leader.replicated == 2


def test_standby_when_it_has_answered_in_this_life_and_version_then_it_holds_what_a_swap_goes_on_from():
    leader, standby = LeaderStream(1, 7, again_ns=1000, life=4), StandbyStream(7, 4, prepared=8)

    def answers(scan_no):
        ack, _ = standby.take(leader.scan(state(scan_no, bytes(100)), scan_no))
        assert not leader.is_held or scan_no == 2
        leader.acknowledged(ack)
        return leader.is_held

    assert not leader.is_held
    assert answers(1)
    assert answers(2)
    leader.go_over(8)
    assert answers(3)
    standby.life = 5
    leader.meet(5)
    assert answers(4)
    for scan_no in (5, 6):
        leader.scan(state(scan_no, bytes(100)), scan_no)
    assert not leader.is_held  # two scans behind
