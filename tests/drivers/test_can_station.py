"""What a CAN station makes of frames and time: multiplexed values, damage, counters, J1939 ids, floods, bus-off."""

import itertools
from dataclasses import replace

import can
import pytest
from canbench import StationBench, device_of, frame, message
from io_points import MS

from runtime.core.quality import Quality
from runtime.drivers.can.busstate import ErrorClass, error_frame
from runtime.drivers.sink import SinkState
from runtime.iomap.canids import j1939_id
from runtime.iomap.plan.plan import MessageChecksum

GOOD, BAD = Quality.GOOD, Quality.BAD
DBC = """VERSION ""
BU_: A B
BO_ 256 MUX: 8 A
 SG_ Which M : 0|8@1+ (1,0) [0|255] "" B
 SG_ First m1 : 8|16@1+ (1,0) [0|65535] "" B
 SG_ Second m2 : 8|16@1- (0.1,0) [0|0] "" B
 SG_ Always : 32|8@1+ (1,0) [0|255] "" B
BO_ 257 GUARDED: 4 A
 SG_ Value : 0|16@1+ (1,0) [0|65535] "" B
 SG_ Alive : 16|4@1+ (1,0) [0|15] "" B
 SG_ Guard : 24|8@1+ (1,0) [0|255] "" B
BO_ 258 PLAIN: 8 A
 SG_ Near : 0|16@1+ (1,0) [0|65535] "" B
 SG_ Far : 48|16@1+ (1,0) [0|65535] "" B
BO_ 2566844670 PGN_F: 8 A
 SG_ Speed : 0|16@1+ (1,0) [0|65535] "" B
"""
PGN_F_ID = 2566844670 & 0x1FFF_FFFF  # 0x18FEF0FE: priority 6, parameter group 0xFEF0


def test_multiplexed_when_one_value_stays_away_then_only_its_signals_turn_bad() -> None:
    bench = StationBench(device_of(DBC, [message("MUX", 0x100)]))
    bench.take(frame(0x100, "01 0500 00 07 000000"), frame(0x100, "02 f6ff 00 08 000000"))
    assert (bench.reading("First"), bench.reading("Second")) == ((5.0, GOOD), (pytest.approx(-1.0), GOOD))
    bench.run(600, lambda: bench.take(frame(0x100, "02 0000 00 09 000000")))
    assert bench.reading("First") == (5.0, BAD)
    assert bench.reading("Second") == (0.0, GOOD)
    assert bench.reading("Always") == (9.0, GOOD)
    assert [text for _, text in bench.events][1:] == [
        "error: rack_1 lost: no MUX (0x100) with Which = 1 for 500 ms; its inputs are BAD"
    ]
    bench.take(frame(0x100, "01 0600 00 07 000000"))
    assert bench.reading("First") == (6.0, GOOD)
    assert bench.events[-1][1] == "info: rack_1 is back"


def test_multiplexed_when_one_of_its_values_still_moves_then_it_does_not_hang() -> None:
    bench = StationBench(device_of(DBC, [message("MUX", 0x100, frozen_after_ns=300 * MS)]))
    for first in range(100):
        bench.take(frame(0x100, f"01 {first:02x}00 00 07 000000"), frame(0x100, "02 f6ff 00 07 000000"))
        bench.step(100)
    assert bench.reading("Second") == (pytest.approx(-1.0), GOOD)
    bench.run(400, lambda: bench.take(frame(0x100, "01 6300 00 07 000000"), frame(0x100, "02 f6ff 00 07 000000")))
    assert {bench.reading(point) for point in ("First", "Always")} == {(99.0, BAD), (7.0, BAD)}
    bench.take(frame(0x100, "01 6300 00 08 000000"), frame(0x100, "02 f6ff 00 08 000000"))
    assert {bench.reading(point) for point in ("First", "Always")} == {(99.0, GOOD), (8.0, GOOD)}


def test_multiplexed_when_served_then_each_value_is_sent_in_turn() -> None:
    bench = StationBench(device_of(DBC, [message("MUX", 0x100, sent=True)]))
    outputs = bench.station.members[0].plan.outputs
    device = replace(bench.station.members[0].plan, outputs=tuple(p for p in outputs if p.name != "Which"))
    bench = StationBench(device)
    bench.sink.values = {"First": 5, "Second": -1.0, "Always": 7}
    sent = [bytes(out.frame.data).hex(" ") for out in bench.step(100)]
    assert sent == ["01 05 00 00 07 00 00 00", "02 f6 ff 00 07 00 00 00"]


def test_multiplexed_when_a_tag_drives_the_multiplexer_to_no_value_then_nothing_is_sent() -> None:
    bench = StationBench(device_of(DBC, [message("MUX", 0x100, sent=True)]))
    bench.sink.values = {"Which": 2, "First": 5, "Second": -1.0, "Always": 7}
    assert [bytes(out.frame.data)[0] for out in bench.step(100)] == [2]
    bench.sink.values = {"Which": 9}
    assert bench.step(100) == []


def guarded(*, sent: bool = False) -> StationBench:
    checksum = MessageChecksum(signal="Guard", byte=3, kind="crc8_j1850")
    plan = message("GUARDED", 0x101, sent=sent, counter="Alive", checksum=checksum, min_bytes=4)
    return StationBench(device_of(DBC, [plan]))


def test_counter_and_checksum_when_served_to_a_listener_then_every_frame_is_news() -> None:
    here, there = guarded(sent=True), guarded()
    for value in range(40):
        here.sink.values = {"Value": value}
        (sent,) = here.step(100)
        there.now_ns += 100 * MS
        assert there.take(sent.frame)
        assert there.reading("Value") == (float(value), GOOD)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda payload: payload, "repeats itself: its counter Alive stands still"),
        (lambda payload: bytes([payload[0] ^ 1, *payload[1:]]), "has a wrong checksum (Guard)"),
    ],
    ids=["frozen", "damaged"],
)
def test_frames_when_frozen_or_damaged_then_values_age_and_turn_bad_with_the_reason(spoil, why) -> None:  # type: ignore[no-untyped-def]
    here, there = guarded(sent=True), guarded()
    here.sink.values = {"Value": 3}
    payload = bytes(here.step(100)[0].frame.data)
    there.take(frame(0x101, payload.hex()))
    there.run(490, lambda: there.take(frame(0x101, spoil(payload).hex())))
    assert there.reading("Value") == (3.0, GOOD)
    assert there.age_ms("Value") == 490
    there.step(10)
    assert there.reading("Value") == (3.0, BAD)
    assert [text for _, text in there.events][1:] == [f"error: rack_1 lost: GUARDED (0x101) {why}; its inputs are BAD"]


def test_frame_when_too_short_then_bad_at_once_with_a_reason_told_once_and_good_again() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102, min_bytes=8)]))
    bench.take(frame(0x102, "0100 0000 0000 0200"))
    bench.run(3000, lambda: bench.take(frame(0x102, "0100 00")))
    assert bench.reading("Near") == (1.0, BAD)
    assert [text for _, text in bench.events][1:] == [
        "error: rack_1 lost: PLAIN (0x102) has 3 bytes instead of 8; its inputs are BAD"
    ]
    bench.take(frame(0x102, "0300 0000 0000 0200"))
    assert bench.reading("Near") == (3.0, GOOD)


def test_frame_when_the_profile_allows_short_ones_then_only_what_is_past_its_end_is_bad() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102, min_bytes=4)]))
    bench.take(frame(0x102, "0100 0000 0000 0200"))
    bench.take(frame(0x102, "0300 0000"))
    assert (bench.reading("Near"), bench.reading("Far")) == ((3.0, GOOD), (2.0, BAD))


def j1939(source: int | None) -> StationBench:
    place = j1939_id(PGN_F_ID, source=source, destination=None)
    plan = message("PGN_F", place.frame_id, extended=True, id_mask=place.mask)
    return StationBench(device_of(DBC, [plan]))


@pytest.mark.parametrize(
    ("source", "frame_id", "taken"),
    [
        (None, 0x18FEF017, True),  # any source
        (None, 0x0CFEF021, True),  # any priority
        (None, 0x18FEF117, False),  # another parameter group
        (None, 0x19FEF017, False),  # another data page
        (0x17, 0x18FEF017, True),
        (0x17, 0x18FEF021, False),
    ],
)
def test_j1939_when_a_frame_comes_then_parameter_group_and_address_decide(
    source: int | None, frame_id: int, taken: bool
) -> None:
    assert j1939(source).take(frame(frame_id, "0100 0000 0000 0000", extended=True)) is taken


def test_j1939_when_below_format_240_then_specific_is_the_destination() -> None:
    anybody = j1939_id(0x18EF_00FE, source=0x10, destination=None)
    assert (anybody.frame_id, anybody.mask) == (0x18EF_0010, 0x03FF_00FF)
    somebody = j1939_id(0x18EF_00FE, source=0x10, destination=0x27)
    assert (somebody.frame_id, somebody.mask) == (0x18EF_2710, 0x03FF_FFFF)


def test_flood_when_a_node_babbles_then_the_newest_frame_counts_and_is_decoded_once() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102, min_bytes=8)]))
    bench.take(*(frame(0x102, f"{n:02x}00 0000 0000 0000") for n in range(64)))
    assert bench.reading("Near") == (63.0, GOOD)
    assert bench.statistics["rack_1"].requests == 64


def test_bus_off_when_error_frames_say_so_then_known_until_a_restart_and_counted() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102)]))
    bench.take(error_frame(ErrorClass.CONTROLLER, 0x10))
    assert (bench.station.bus.passive, bench.station.bus.off) == (True, False)
    bench.take(error_frame(ErrorClass.BUS_OFF), error_frame(ErrorClass.BUS_OFF))
    assert (bench.station.bus.off, bench.station.bus.bus_off_count, bench.station.bus.error_frames) == (True, 1, 3)
    bench.take(error_frame(ErrorClass.COUNTERS | ErrorClass.BUS_ERROR, tx_errors=136, rx_errors=9))
    assert (bench.station.bus.tx_errors, bench.station.bus.rx_errors) == (136, 9)
    bench.take(error_frame(ErrorClass.RESTARTED))
    assert bench.station.bus.tx_errors == 0
    assert (bench.station.bus.off, bench.station.bus.passive, bench.station.bus.restarts) == (False, False, 1)


def test_error_frame_when_its_class_looks_like_an_id_then_no_value_comes_of_it() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x040)]))
    bench.take(error_frame(ErrorClass.BUS_OFF))
    assert bench.reading("Near") == (None, BAD)


def test_device_when_it_flaps_then_each_kind_of_event_comes_at_most_once_a_minute() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102, min_bytes=8)]))
    for second in range(600):
        if second % 2:
            bench.take(frame(0x102, "0100 0000 0000 0200"))
        bench.step(1000)
    for kind in ("lost", "is back"):
        times = [at_ms for at_ms, text in bench.events if kind in text]
        assert len(times) >= 9
        assert all(later - earlier >= 60_000 for earlier, later in itertools.pairwise(times))


def test_keep_alive_when_no_tag_drives_it_then_sent_while_driving_or_always() -> None:
    def sends(kind: str, state: SinkState) -> int:
        device = device_of(DBC, [message("PLAIN", 0x305, sent=True, keep_alive=kind)])
        bench = StationBench(replace(device, outputs=()))
        bench.sink.state = state
        return sum(len(bench.step(100)) for _ in range(10))

    assert (sends("driving", SinkState.DRIVING), sends("driving", SinkState.FAIL_SAFE)) == (10, 0)
    assert (sends("always", SinkState.WAITING), sends("no", SinkState.DRIVING)) == (10, 0)
    assert (sends("always", SinkState.STANDBY), sends("driving", SinkState.STANDBY)) == (0, 0)


def test_message_when_a_signal_would_have_a_value_that_never_goes_out_then_it_is_not_sent() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102, sent=True, never_sent=(("Near", 0),))]))
    bench.sink.values = {"Near": 0, "Far": 7}
    assert bench.step(100) == []
    bench.sink.values = {"Near": 0.4, "Far": 7}  # rounds to 0
    assert bench.step(100) == []
    bench.sink.values = {"Near": 1, "Far": 7}
    (out,) = bench.step(100)
    assert isinstance(out.frame, can.Message)
    assert bytes(out.frame.data).hex() == "0100000000000700"


def test_error_frames_when_they_keep_coming_then_told_at_once_and_counted_once_a_minute() -> None:
    bench = StationBench(device_of(DBC, [message("PLAIN", 0x102, sent=True)]))
    bench.run(180_000, lambda: bench.take(error_frame(ErrorClass.CONTROLLER, 0x10)), step_ms=1000)
    told = [(at_ms // 1000, text) for at_ms, text in bench.events]
    assert told == [
        (2, "warning: CAN link l: 1 error frame, the controller is error-passive; check wiring and bit rate"),
        (62, "warning: CAN link l: 60 error frames, the controller is error-passive; check wiring and bit rate"),
        (122, "warning: CAN link l: 60 error frames, the controller is error-passive; check wiring and bit rate"),
    ]
