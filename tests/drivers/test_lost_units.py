"""What a unit that does not answer costs its neighbours on one link: counted in virtual time, with no socket."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from io_points import MS, input_point, modbus_wire, output_point
from virtualtime import VirtualLoop

from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.modbus.driver import ModbusDriver
from runtime.drivers.modbus.line import Silence
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import OutputSink
from runtime.iomap.plan.merge import merge_reads
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import ModbusTcpSettings

POLL_S, ANSWER_S, TIMEOUT_S = 0.25, 0.004, 0.5
UNITS = 4
RUN_S = 120.0
Lives = Callable[[int, float], bool]
"""Does a unit answer at a time?"""


class FakeLine:
    """A gateway with units behind it: each answers after ANSWER_S, or not at all. `hangs_up`: it then closes the
    connection. `hangs_up_at_once`: it closes every connection as soon as something is asked."""

    where = "line"

    def __init__(self, loop: VirtualLoop, lives: Lives, *, hangs_up: bool, hangs_up_at_once: bool) -> None:
        self._loop = loop
        self._lives = lives
        self._hangs_up = hangs_up
        self._hangs_up_at_once = hangs_up_at_once
        self.connected = False
        self.answered: list[tuple[int, float]] = []
        self.unanswered: list[tuple[int, float]] = []

    async def connect(self) -> None:
        self.connected = True

    def close(self) -> None:
        pass

    async def exchange(self, unit_id: int, request: bytes) -> bytes:
        at_s = self._loop.time()
        if self._hangs_up_at_once:
            self.connected = False
            raise Silence("the connection broke", where=self.where)
        if not self._lives(unit_id, at_s):
            await asyncio.sleep(TIMEOUT_S)
            self.unanswered.append((unit_id, at_s))
            self.connected = not self._hangs_up
            raise Silence("no answer", where=self.where)
        await asyncio.sleep(ANSWER_S)
        self.answered.append((unit_id, at_s))
        if request[0] == 6:
            return request
        return b"\x03\x02\x00\x07"

    def reads(self, unit: int, from_s: float = 0.0, to_s: float = 1e9) -> int:
        return sum(of == unit and from_s <= at_s < to_s for of, at_s in self.answered)


def unit_plan(unit: int, *, reads: bool = True) -> DevicePlan:
    points = (input_point("p", 0, modbus_wire(), period_ns=int(POLL_S * 1e9)),) if reads else ()
    return DevicePlan(
        name=f"unit_{unit}",
        profile="x",
        nature="sensor",
        served=False,
        unit_id=unit,
        inputs=points,
        outputs=() if reads else (output_point("out", 0, 0, wire=modbus_wire(address=9), refresh_ns=200 * MS),),
        reads=merge_reads(points, groups={"p": "g"}, max_words=10, max_gap_words=0),
    )


def after(
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    lives: Lives,
    *,
    write_only: int = 0,
    hangs_up: bool = False,
    hangs_up_at_once: bool = False,
) -> tuple[FakeLine, list[str]]:
    """The line and what was told, after so long."""
    loop = VirtualLoop()
    line, events = FakeLine(loop, lives, hangs_up=hangs_up, hangs_up_at_once=hangs_up_at_once), list[str]()
    monkeypatch.setattr("runtime.drivers.modbus.link.line_of", lambda _: line)
    plans = tuple(unit_plan(unit, reads=unit != write_only) for unit in range(1, UNITS + 1))
    link = LinkPlan(name="l", settings=ModbusTcpSettings())
    sink = OutputSink(fail_safe_after_ns=MS, start_ns=0)
    sink.close()  # fail-safe values are to be written
    driver = ModbusDriver(
        LinkContext(
            link=link,
            devices=plans,
            pages={plan.name: DevicePage(plan.inputs, None) for plan in plans},
            statistics={plan.name: DeviceStatistics() for plan in plans},
            sink=sink,
            clock=loop.now_ns,
            on_event=lambda level, text: events.append(f"{level}: {text}"),
            random=Random(1),
        )
    )

    async def work() -> None:
        running = asyncio.create_task(driver.run())
        await asyncio.sleep(seconds)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    try:
        loop.run_until_complete(work())
    finally:
        loop.close()
    return line, events


def test_unit_when_it_never_answers_then_its_neighbours_keep_nine_tenths_of_their_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line, events = after(monkeypatch, RUN_S, lambda unit, _: unit != 2)
    due = RUN_S / POLL_S
    assert {unit for unit in (1, 3, 4) if line.reads(unit) >= 0.9 * due} == {1, 3, 4}
    assert len(line.unanswered) * TIMEOUT_S <= 0.1 * RUN_S
    assert [event for event in events if "lost" in event] == [
        "error: unit_2 lost: no answer (line); its inputs are BAD"
    ]


def test_unit_when_its_gateway_hangs_up_on_its_account_then_its_neighbours_stay_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line, events = after(monkeypatch, RUN_S, lambda unit, _: unit != 2, hangs_up=True)
    assert min(line.reads(unit) for unit in (1, 3, 4)) >= 0.9 * RUN_S / POLL_S
    assert len(line.unanswered) * TIMEOUT_S <= 0.1 * RUN_S
    assert [event for event in events if "lost" in event] == [
        "error: unit_2 lost: no answer (line); its inputs are BAD"
    ]


def test_units_when_their_gateway_hangs_up_whatever_is_asked_then_all_are_lost_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, events = after(monkeypatch, RUN_S, lambda *_: True, hangs_up_at_once=True)
    assert events == [
        f"error: unit_{unit} lost: the connection broke (line); its inputs are BAD" for unit in range(1, UNITS + 1)
    ]


def test_units_when_all_but_one_are_silent_then_each_is_asked_in_time_to_recover_and_the_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line, _ = after(monkeypatch, RUN_S, lambda unit, _: unit == 1)
    assert line.reads(1) >= 0.85 * RUN_S / POLL_S
    for unit in (2, 3, 4):
        times = [at_s for of, at_s in line.unanswered if of == unit and at_s > 20]
        assert max(later - sooner for sooner, later in itertools.pairwise(times)) <= 25


def test_unit_when_it_comes_and_goes_then_what_it_wastes_stays_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    line, _ = after(monkeypatch, RUN_S, lambda unit, at_s: unit != 2 or at_s % 4 < 2)
    assert len(line.unanswered) * TIMEOUT_S <= 0.1 * RUN_S + 2 * TIMEOUT_S
    assert min(line.reads(unit) for unit in (1, 3, 4)) >= 0.9 * RUN_S / POLL_S


@pytest.mark.parametrize("down_s", [1.0, 30.0, 90.0])
def test_unit_when_it_answers_again_then_found_within_30_s(monkeypatch: pytest.MonkeyPatch, down_s: float) -> None:
    line, events = after(monkeypatch, down_s + 52, lambda unit, at_s: unit != 2 or not 20 <= at_s < 20 + down_s)
    assert line.reads(2, 20 + down_s, 20 + down_s + 30) > 0.3 * 30 / POLL_S
    assert sum("unit_2" in event for event in events) <= 3  # heard, lost, back


def test_unit_without_reads_when_it_is_silent_then_its_writes_rest_too(monkeypatch: pytest.MonkeyPatch) -> None:
    line, _ = after(monkeypatch, RUN_S, lambda unit, _: unit != 3, write_only=3)
    assert 5 <= len(line.unanswered) <= 0.1 * RUN_S / TIMEOUT_S
    assert Counter(of for of, _ in line.unanswered) == {3: len(line.unanswered)}
    assert line.reads(1) >= 0.9 * RUN_S / POLL_S
