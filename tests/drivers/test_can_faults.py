"""Each fault of a played CAN device, on virtual time: what the controller sees of it, and when all is well again.

Two racks share a bus, rack_1 has the fault from second 10 to second 30. Their values count the tenths of a second.
"""

import functools
import itertools
from collections import Counter
from dataclasses import replace

import pytest
from canbench import StationBench, device_of, message
from io_points import MS

from runtime.core.quality import Quality
from runtime.drivers.lossreport import QUIET_NS
from runtime.iomap.plan.plan import DevicePlan, MessageChecksum
from runtime.iomap.plan.playedfaults import FaultKind, FaultPlan
from runtime.sim.played.faultystation import FaultyStation

DBC = """VERSION ""
BU_: A B
BO_ 256 GUARDED: 4 A
 SG_ Tenths : 0|16@1+ (1,0) [0|65535] "" B
 SG_ Alive : 16|4@1+ (1,0) [0|15] "" B
 SG_ Guard : 24|8@1+ (1,0) [0|255] "" B
BO_ 272 CONTROL: 2 B
 SG_ Setpoint : 0|16@1+ (1,0) [0|65535] "" A
"""
STEP_MS = 20
START_S, END_S, STOP_S = 10, 30, 130
TIMEOUT_MS, PERIOD_MS = 500, 100
REOPEN_MS = 200
"""What the driver waits before it opens a bus anew that has gone off."""
LASTING: tuple[FaultKind, ...] = ("silent", "garbage", "wrong_length", "frozen", "bus_off")


def rack(number: int, *, served: bool, fault: FaultPlan | None = None) -> DevicePlan:
    offset = 0x20 * (number - 1)
    guard = MessageChecksum(signal="Guard", byte=3, kind="crc8_j1850")
    plans = [
        message("GUARDED", 0x100 + offset, sent=served, counter="Alive", checksum=guard, min_bytes=4),
        message("CONTROL", 0x110 + offset, sent=not served, min_bytes=2),
    ]
    return replace(device_of(DBC, plans, name=f"rack_{number}"), served=served, faults=(fault,) if fault else ())


class Pair:
    """A controller and the plant it talks to, frames crossing between them every 20 ms."""

    def __init__(self, fault: FaultPlan) -> None:
        self.controller = StationBench(rack(1, served=False), rack(2, served=False))
        self.plant = StationBench(rack(1, served=True, fault=fault), rack(2, served=True), make=FaultyStation)
        self.start_ns = self.controller.now_ns
        self.reopen_ns: int | None = None
        self.sent_while_off = 0

    @property
    def now_s(self) -> float:
        return (self.controller.now_ns - self.start_ns) / 1e9

    def step(self) -> None:
        tenths = int(self.now_s * 10)
        self.plant.sink.values = {"Tenths": tenths}
        self.controller.sink.values = {"Setpoint": tenths}
        heard = [out.frame for out in self.plant.step(STEP_MS)]
        self.controller.now_ns += STEP_MS * MS
        if self.reopen_ns is not None and self.controller.now_ns >= self.reopen_ns:
            self.reopen_ns = None
            self.controller.station.opened(self.controller.now_ns)
        if self.reopen_ns is None:
            self.controller.take(*heard)
            sent = [out.frame for out in self.controller.station.due(self.controller.now_ns)]
            self.plant.take(*sent)
            if self.controller.station.bus.off:
                self.controller.station.broken("bus-off", self.controller.now_ns)
                self.reopen_ns = self.controller.now_ns + REOPEN_MS * MS


@functools.cache
def run(kind: FaultKind) -> tuple[Pair, list[tuple[float, Quality, Quality, Quality]]]:
    fault = FaultPlan(
        kind=kind, start_ns=START_S * 10**9, end_ns=END_S * 10**9, delay_ns=1000 * MS, period_ns=4000 * MS
    )
    pair, seen = Pair(fault), []
    for _ in range(STOP_S * 1000 // STEP_MS):
        pair.step()
        readings = pair.controller
        seen.append(
            (
                round(pair.now_s, 2),
                readings.reading("Tenths", "rack_1")[1],
                readings.reading("Tenths", "rack_2")[1],
                pair.plant.reading("Setpoint", "rack_1")[1],
            )
        )
        for name in ("rack_1", "rack_2"):
            value, quality = readings.reading("Tenths", name)
            if quality is Quality.GOOD and kind != "garbage":
                assert readings.age_ms("Tenths", name) < TIMEOUT_MS, (kind, pair.now_s, name)
                late_s = 1.0 if kind == "delay" else 0.0
                assert value == pytest.approx(pair.now_s * 10, abs=(late_s + TIMEOUT_MS / 1000) * 10 + 2)
    return pair, seen


@pytest.mark.parametrize("kind", [*LASTING, "delay", "flapping"])
def test_fault_when_a_played_rack_has_it_then_quality_follows_and_all_recovers(kind: FaultKind) -> None:
    _, seen = run(kind)
    settled_s = 2 * PERIOD_MS / 1000
    gone_s = START_S + (TIMEOUT_MS + PERIOD_MS) / 1000
    for now_s, first, second, setpoint in seen:
        if settled_s < now_s < START_S or now_s > END_S + 1:
            assert (first, second, setpoint) == (Quality.GOOD, Quality.GOOD, Quality.GOOD), now_s
        if kind in LASTING and kind != "garbage" and gone_s < now_s < END_S:
            assert first is Quality.BAD, now_s
        if kind != "bus_off" and now_s > settled_s:
            assert second is Quality.GOOD, now_s
    if kind == "garbage":  # one random frame in 256 has the right checksum
        bad = [first is Quality.BAD for now_s, first, *_ in seen if gone_s < now_s < END_S]
        assert sum(bad) > 0.9 * len(bad)
    if kind == "bus_off":
        hurt_s = [now_s for now_s, _, second, _ in seen if second is Quality.BAD and now_s > settled_s]
        assert len(hurt_s) * STEP_MS <= REOPEN_MS + 2 * PERIOD_MS
    if kind == "delay":
        assert sum(first is Quality.BAD for now_s, first, *_ in seen if now_s > 1) * STEP_MS == pytest.approx(
            500, abs=100
        )
    if kind == "flapping":
        turns = [(a, b) for (_, a, *_), (_, b, *_) in itertools.pairwise(seen[50:])]
        assert Counter(turns)[Quality.GOOD, Quality.BAD] == 5


@pytest.mark.parametrize("kind", [*LASTING, "delay", "flapping"])
def test_fault_when_it_lasts_then_nothing_is_told_more_than_once_a_minute(kind: FaultKind) -> None:
    pair, _ = run(kind)
    for side in (pair.controller, pair.plant):
        told: dict[str, list[int]] = {}
        for at_ms, text in side.events:
            told.setdefault(text.split(" lost: ")[0], []).append(at_ms)
        for times in told.values():
            assert all(b - a >= QUIET_NS // MS for a, b in itertools.pairwise(times)), side.events


@pytest.mark.parametrize("frozen_after_ms", [0, 500])
def test_frozen_when_the_message_has_no_counter_then_bad_where_its_bytes_may_not_rest(frozen_after_ms: int) -> None:
    """Without a counter or a time after which its bytes must have moved, the last value stays GOOD."""
    plain = [message("CONTROL", 0x110, sent=True, frozen_after_ns=frozen_after_ms * MS)]
    fault = FaultPlan(kind="frozen", start_ns=2_000 * MS, end_ns=20_000 * MS)
    plant = StationBench(replace(device_of(DBC, plain), faults=(fault,)), make=FaultyStation)
    controller = StationBench(device_of(DBC, [replace(plain[0], sent=False)]))
    seen = []
    for value in range(300):
        plant.sink.values = {"Setpoint": value}
        frames = [out.frame for out in plant.step(100)]
        controller.now_ns += 100 * MS
        controller.take(*frames)
        seen.append(controller.reading("Setpoint"))
    held = seen[30][0]
    assert set(seen[30:190]) == {(held, Quality.BAD if frozen_after_ms else Quality.GOOD)}
    assert seen[10] == (10.0, Quality.GOOD)
    assert seen[-1] == (299.0, Quality.GOOD)
    told = [text for _, text in controller.events if "lost" in text]
    mark = (
        "error: rack_1 lost: CONTROL (0x110) has brought the same bytes for 0.5 s: its sender hangs; its inputs are BAD"
    )
    assert told == ([mark] if frozen_after_ms else [])


def test_deaf_device_when_its_fault_begins_then_its_own_setpoint_goes_bad() -> None:
    _, seen = run("silent")
    deaf = [setpoint for now_s, _, _, setpoint in seen if START_S + 0.7 < now_s < END_S]
    assert set(deaf) == {Quality.BAD}
