"""The native exchange does what the core does, byte for byte; ends at whatever is not steady; believes no bytes."""

import os
from dataclasses import replace

import pytest

from runtime.cluster.pair.frame import Need
from runtime.cluster.redundancy import exchange
from runtime.cluster.redundancy.exchangeplan import TRIPS
from runtime.cluster.transport.codec import decode
from runtime.cluster.transport.quicklane import DATAGRAM_MAX, UNANSWERED_MAX
from tests.cluster.pair.pairgroup import CYCLE, MS
from tests.cluster.redundancy.exchangebench import Bench, differences


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.close()


def agree(bench):
    """Both cores know the same, and shared memory says it."""
    assert differences(bench.native, bench.plain) == []
    right = bench.plain.right
    assert bench.words() == (right.lease_until_ns, right.replicated_scan)


def go_on(bench, scans):
    bench.begin()
    for _ in range(scans):
        bench.pass_time(CYCLE * MS)
        bench.scan()
        bench.answers()


@pytest.mark.parametrize("size", [5000, 64 * 1024 + 24, 1024])
def test_exchange_when_all_is_steady_then_it_says_and_knows_what_the_core_does(size):
    bench = Bench(size, seed=size)
    try:
        for _ in range(3):
            bench.begin()
            for _ in range(20):
                bench.pass_time(bench.chance.randrange(7 * MS, 10 * MS))
                bench.scan()
                bench.pass_time(bench.chance.randrange(MS))
                match bench.chance.randrange(4):
                    case 0:  # the witness is late, the standby says it twice
                        bench.answers(by_witness=False)
                        bench.pass_time(1000)
                        bench.say("w", bench.answer_of_witness())
                        bench.say("b", bench.answer_of_standby())
                        bench.say("w", bench.answer_of_witness(bench.round - 1))
                    case _:
                        bench.answers()
            bench.stop()
            agree(bench)
        p50, p99 = bench.trips.percentiles_ms(0.5, 0.99)
        assert 0 < p50 <= p99 < 1
    finally:
        bench.close()


def test_exchange_when_only_the_witness_answers_then_the_lease_goes_on_from_when_the_round_was_sent(bench):
    go_on(bench, 3)
    bench.pass_time(CYCLE * MS)
    bench.scan()
    bench.say("w", bench.answer_of_witness(), plainly=False)
    bench.pass_time(exchange.ANSWER_NS)
    bench.take(bench.answer_of_witness())
    bench.end()
    assert bench.said == []
    agree(bench)
    assert bench.native.right.lease_until_ns == bench.now_ns - exchange.ANSWER_NS + bench.plan.lease_ns
    assert bench.native.steady() is None  # a frame is not answered


def test_exchange_when_the_standby_is_silent_then_the_core_looks_after_it_before_the_lease_is_over(bench):
    go_on(bench, 2)
    bench.pass_time(CYCLE * MS)
    bench.scan()
    bench.pass_time(exchange.ANSWER_NS)
    bench.end()
    agree(bench)
    assert bench.now_ns < bench.native.right.lease_until_ns
    bench.say("b", bench.answer_of_standby())  # late: the core takes it
    while not (came := bench.post.receive(10)):
        pass
    for message in decode(bench.answer_of_standby()):
        assert message in came


def test_exchange_when_the_witness_is_silent_then_it_ends_and_the_core_goes_on_over_the_other_lane(bench):
    bench.begin()
    for _ in range(UNANSWERED_MAX):
        bench.pass_time(CYCLE * MS)
        bench.scan()
        bench.answers(by_witness=False)
    bench.pass_time(CYCLE * MS)
    os.eventfd_write(bench.bell, 1)
    bench.end()
    agree(bench)
    assert not bench.post.quick.is_open("w")
    assert not bench.exchange.is_rung  # its bell is not read
    assert bench.exchange.run(bench.now_ns) is None


def test_exchange_when_it_has_gone_on_for_long_then_it_ends_by_itself(bench):
    go_on(bench, TRIPS)
    bench.end()
    assert bench.said == []
    agree(bench)


STRANGE = {
    "another term": lambda b: b.answer(replace(b.ack, term=b.ack.term + 1), b.round),
    "another life": lambda b: b.answer(replace(b.ack, life=b.ack.life + 1), b.round),
    "a whole state is needed": lambda b: b.answer(replace(b.ack, need=Need.WHOLE), b.round),
    "a scan to come": lambda b: b.answer(replace(b.ack, scan_no=b.ack.scan_no + 1), b.round),
    "a round to come": lambda b: b.answer(b.ack, b.round + 1),
    "the heartbeat alone": lambda b: b.answer_of_standby()[:5] + b.answer_of_standby()[-21:],
    "in another's name": lambda b: b.answer_of_standby().replace(b"\x01b\x01a", b"\x01w\x01a"),
    "a byte more": lambda b: b.answer_of_standby() + b"\0",
    "a byte less": lambda b: b.answer_of_standby()[:-1],
}


@pytest.mark.parametrize("what", STRANGE)
def test_exchange_when_the_standby_says_something_else_then_it_ends_and_leaves_that_to_the_core(bench, what):
    go_on(bench, 2)
    bench.pass_time(CYCLE * MS)
    bench.scan()
    content = STRANGE[what](bench)
    bench.say("b", content, plainly=False)
    bench.end()
    agree(bench)
    try:
        told = decode(content)
    except ValueError:
        told = []
    assert bench.said == ([] if told and told[0].source != "b" else told)
    assert bench.post.refusals.total() == (not bench.said)


def test_exchange_when_the_witness_knows_a_newer_term_then_that_is_left_to_the_core(bench):
    go_on(bench, 1)
    bench.pass_time(CYCLE * MS)
    bench.scan()
    bench.say("w", bench.answer_of_witness(bench.round + 1), plainly=False)
    bench.say("b", bench.answer_of_standby(), plainly=False)
    bench.end()
    assert bench.said == decode(bench.answer_of_witness(bench.round + 1))
    agree(bench)


def _took_a_command(bench):
    bench.applied += 1


def _changed_all(bench):
    bench.content[64:] = bytes(byte ^ 255 for byte in bench.content[64:])


def _runs_in_no_term(bench):
    bench.control.control.active_term = 0


def _comes_early(bench):
    bench.pass_time(-CYCLE * MS)


@pytest.mark.parametrize("scan", [_took_a_command, _changed_all, _runs_in_no_term, _comes_early])
def test_exchange_when_a_scan_has_ended_that_the_core_must_see_then_it_ends_before_anything_is_done(bench, scan):
    go_on(bench, 2)
    before = bench.scan_no
    bench.pass_time(CYCLE * MS)
    scan(bench)
    bench.end_scan()
    os.eventfd_write(bench.bell, 1)
    bench.end()
    assert bench.exchange.is_rung
    assert bench.said == []
    assert bench.native.situation.leading.stream.newest.scan_no == before
    found = bench.memory.scanned()
    assert found is not None
    assert found[1].scan_no == before + 1


def test_exchange_when_something_else_is_to_be_done_then_it_ends(bench):
    go_on(bench, 2)
    bench.post.wake()
    bench.end()
    assert bench.said == []
    agree(bench)


def test_exchange_when_anybodys_bytes_come_then_they_are_refused_and_nothing_changes(bench):
    go_on(bench, 2)
    chance, end = bench.chance, bench.far["b"].way("a").socket
    sent = 0
    for _ in range(40):
        bench.pass_time(CYCLE * MS)
        bench.scan()
        room = bytearray(chance.randbytes(chance.choice((0, 1, 15, 16, 32, 33, 92, 200, 2000, DATAGRAM_MAX, 20_000))))
        if len(room) >= 16 and chance.random() < 0.7:
            room[:8] = bench.way("b").session.to_bytes(8, "little")
            room[8:16] = chance.choice((0, bench.way("b").count_in + 1, 1 << 40, (1 << 64) - 1)).to_bytes(8, "little")
        sent += end.send(room) >= 0
        bench.answers()
    bench.stop()
    agree(bench)
    assert bench.post.quick.refused == sent


def test_exchange_when_a_datagram_is_flipped_cut_or_comes_again_then_it_is_refused(bench):
    go_on(bench, 1)
    lane = bench.far["b"]
    way = lane.way("a")
    end, taped = way.socket, []

    class Tape:
        def send(self, datagram):
            taped.append(bytes(datagram))

    bench.pass_time(CYCLE * MS)
    bench.scan()
    way.socket = Tape()
    lane.send("a", bench.answer_of_standby())
    way.socket = end
    (datagram,) = taped
    for at in range(len(datagram)):
        flipped = bytearray(datagram)
        flipped[at] ^= 1 << bench.chance.randrange(8)
        end.send(flipped)
        end.send(datagram[:at])
    end.send(datagram)
    bench.take(bench.answer_of_standby())
    bench.taken()
    end.send(datagram)
    bench.stop()
    agree(bench)
    assert bench.post.quick.refused == 2 * len(datagram) + 1


@pytest.mark.parametrize("size", [2, 3, 59, 65, 92, 4000])
def test_exchange_when_the_standby_itself_says_nonsense_then_it_ends_and_that_is_refused(bench, size):
    go_on(bench, 1)
    bench.send("b", b"\7" + bench.chance.randbytes(size - 1))
    bench.end()
    assert bench.said == []
    assert bench.post.refusals.total() == 1
    agree(bench)
