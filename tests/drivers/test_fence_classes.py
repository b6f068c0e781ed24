"""Two controllers at one played device over real Modbus TCP: one led before, one leads now. What the former writes late
is refused by a device of class `term`, and found and written over at one of class `time`."""

import json
import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from io_points import MS, FakeFrame, Right
from iobench import IoBench

from runtime.core.diagnostic import Diagnostic
from runtime.core.elementary import BOOL, REAL, UDINT, Elementary
from runtime.core.tag import Tag, TagTable
from runtime.drivers.modbus.link import ModbusLink
from runtime.drivers.registry import DRIVERS
from runtime.iomap.checks.check import CheckedSite, check
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.plan.settings import ModbusTcpSettings
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.wire import Table
from runtime.sim.played.registry import SERVED
from tests.ports import free_port

PROFILE = """maker = "Example"
model = "inverter"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = { document = "made up" }
FENCE

[modbus]
group = "fast"

[groups]
fast = { period_ms = 50 }

[[heartbeats]]
point = "beat"
period_ms = 20
timeout_ms = 20000

[points]
p_kw = { register = 0, type = "f32", unit = "kW" }
leader_term = { register = 8, type = "u32", access = "rw", word_order = "little" }
p_set_kw = { register = 10, type = "f32", access = "rw", unit = "kW" }
q_set_kvar = { register = 12, type = "i16", scale = 0.1, access = "rw", unit = "kvar" }
run_cmd = { register = 13, type = "flag", access = "rw" }
beat = { register = 20, type = "u16", access = "rw" }
"""
TERM = 'fence = { class = "term", point = "leader_term" }'
SITE = """site = "site"
fail_safe_after_ms = 60000
MORE

[links.pcs]
kind = "modbus_tcp"
port = 15999

[devices.inverter_1]
profile = "pcs"
link = "pcs"
"""
POINTS = """
[devices.inverter_1.points]
p_set_kw = { fail_safe = 0.0, refresh_ms = 50, read_back = true }
q_set_kvar = { fail_safe = 0.0 }
run_cmd = { fail_safe = false }
"""
TAGS: dict[str, Elementary] = {"p_kw": REAL, "p_set_kw": REAL, "q_set_kvar": REAL, "run_cmd": BOOL}


def found(folder: Path, fence: str, *, serve: bool, points: str = POINTS, **tags: Elementary) -> CheckedSite:
    for name in ("profiles", "sites"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "profiles" / "pcs.toml").write_text(PROFILE.replace("FENCE", fence))
    told = SITE.replace("MORE", 'serve = true\nwrite_log = "writes.jsonl"' if serve else "")
    path = folder / "sites" / "site.toml"
    path.write_text(told if serve else told + points)
    site, mistakes = load_site_map(path)
    assert site is not None, mistakes
    leaves = (TAGS | tags).items()
    table = TagTable(Tag(name=f"inverter_1.{n}", type=of, offset=0, index=i) for i, (n, of) in enumerate(leaves))
    return check(site, table)


def plan_of(folder: Path, fence: str, *, serve: bool) -> IoPlan:
    plan = found(folder, fence, serve=serve).plan
    assert plan is not None
    return plan


class Controller(IoBench):
    """One of the pair. `writes` is what its programs say in a frame of a term in which it believes to lead."""

    def __init__(self, plan: IoPlan, port: int) -> None:
        self.right = Right(solo=True, lease_until_ns=time.monotonic_ns() + 3_600_000 * MS)
        link = replace(plan.links[0], settings=ModbusTcpSettings(port=port))
        super().__init__(link, *plan.devices["pcs"], registry=DRIVERS, pair=self.right)

    def writes(self, p_kw: float, *, term: int, q_kvar: float = 1.5, run: bool = True) -> None:
        values = (p_kw, q_kvar, run)
        valid_until_ns = time.monotonic_ns() + 3_600_000 * MS
        self.frame = FakeFrame(values, term, valid_until_ns)
        self.right.lead_term = term


@pytest.fixture
def port() -> int:
    return free_port()


def plant_of(plan: IoPlan, port: int) -> IoBench:
    link = replace(plan.links[0], settings=ModbusTcpSettings(port=port))
    bench = IoBench(link, *plan.devices["pcs"], registry=SERVED)
    bench.drive(0.0)
    return bench


async def test_device_of_class_term_when_a_former_leader_writes_then_refused_counted_and_written_down(
    tmp_path: Path, port: int
) -> None:
    plan = plan_of(tmp_path, TERM, serve=False)
    async with (
        plant_of(plan_of(tmp_path, TERM, serve=True), port) as plant,
        Controller(plan, port) as a,
        Controller(plan, port) as b,
    ):
        holds = lambda: plant.reading("inverter_1", 0)[0]  # noqa: E731
        a.writes(10.0, term=4)
        await plant.until(lambda: holds() == 10.0, "written by a")
        b.writes(20.0, term=70_000)
        await plant.until(lambda: holds() == 20.0, "written by b")
        a.writes(30.0, term=4)
        await a.until(lambda: any("refuses writing" in event for event in a.events), "refused")
        assert holds() == 20.0
        b.writes(21.0, term=70_000)
        await plant.until(lambda: holds() == 21.0, "b goes on")
    log = _log(tmp_path)
    setpoints = [line for line in log if line["address"] == 8]
    assert {line["address"] for line in log} == {8, 20}  # term and setpoints in one request; the heartbeat
    terms = [line["term"] for line in setpoints if line["accepted"]]
    assert (terms == sorted(terms), set(terms)) == (True, {4, 70_000})
    assert {line["term"] for line in setpoints if not line["accepted"]} == {4}
    assert len({line["client"] for line in setpoints if line["accepted"] and line["term"] == 70_000}) == 1
    assert [line["t_ns"] for line in log] == sorted(line["t_ns"] for line in log)
    assert "warning: inverter_1 refuses a write of term 4: it has taken one of term 70000" in plant.events


async def test_device_of_class_term_when_outputs_change_together_then_it_never_holds_a_part_of_a_frame(
    tmp_path: Path, port: int
) -> None:
    plan = plan_of(tmp_path, TERM, serve=False)
    async with plant_of(plan_of(tmp_path, TERM, serve=True), port) as plant, Controller(plan, port) as a:
        for number in range(1, 6):
            a.writes(float(number), q_kvar=number / 10, run=number % 2 == 1, term=4)
            await plant.until(lambda number=number: plant.reading("inverter_1", 0)[0] == number, "written")
            await plant.until(lambda number=number: _held(_log(tmp_path))[13] == number % 2, "the last output too")
    log = _log(tmp_path)
    for lines in range(1, len(log) + 1):
        held = _held(log[:lines])
        (p_kw,) = struct.unpack(">f", struct.pack(">HH", *held[10:12]))
        assert (held[12], held[13]) == (p_kw, p_kw % 2), log[lines - 1]


async def test_device_of_class_time_when_a_former_leader_writes_then_found_told_and_written_over(
    tmp_path: Path, port: int
) -> None:
    plan = plan_of(tmp_path, "", serve=False)
    async with (
        plant_of(plan_of(tmp_path, "", serve=True), port) as plant,
        Controller(plan, port) as a,
        Controller(plan, port) as b,
    ):
        holds = lambda: plant.reading("inverter_1", 0)[0]  # noqa: E731
        a.writes(10.0, term=4)
        await plant.until(lambda: holds() == 10.0, "written by a")
        a.right.lead_term = 0
        b.writes(20.0, term=5)
        await plant.until(lambda: holds() == 20.0, "written by b")
        a.writes(30.0, term=4)
        told = "warning: inverter_1 was written to by somebody else: p_set_kw was 30.0 instead of 20.0"
        await b.until(lambda: told in b.events, "a's late writes found and told")
        a.right.lead_term = 0
        await plant.until(lambda: holds() == 20.0, "written over")


async def test_device_of_class_time_when_a_late_write_meets_the_read_back_then_written_over_at_once_and_told(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after the pause between two tries, during which it would stand."""
    mine, late = (list(struct.unpack(">HH", struct.pack(">f", kw))) for kw in (20.0, 30.0))
    write, overtaken = ModbusLink.write, []

    async def write_and_be_overtaken(link: ModbusLink, unit_id: int, table: Table, address: int, words: Any) -> None:
        await write(link, unit_id, table, address, words)
        if list(words) == mine and not overtaken:
            overtaken.append(address)
            await write(link, unit_id, table, address, late)

    monkeypatch.setattr(ModbusLink, "write", write_and_be_overtaken)
    plan = plan_of(tmp_path, "", serve=False)
    async with plant_of(plan_of(tmp_path, "", serve=True), port) as plant, Controller(plan, port) as b:
        b.writes(20.0, term=5)
        told = "warning: inverter_1 was written to by somebody else: p_set_kw was 30.0 instead of 20.0"
        await b.until(lambda: told in b.events, "found and told")
        await plant.until(lambda: plant.reading("inverter_1", 0)[0] == 20.0, "written over")
        assert not any("refuses" in event for event in b.events)
    setpoints = [line["words"] for line in _log(tmp_path) if line["address"] == 10]
    assert setpoints[:3] == [mine, late, mine]


def _log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "sites" / "writes.jsonl").read_text().splitlines()]


def _held(log: list[dict[str, Any]]) -> list[int]:
    """The device's registers after these writes."""
    held = [0] * 21
    for line in log:
        held[line["address"] : line["address"] + len(line["words"])] = line["words"]
    return held


async def test_standby_when_it_is_stopped_or_waits_then_the_device_hears_of_no_write(tmp_path: Path, port: int) -> None:
    plan = plan_of(tmp_path, TERM, serve=False)
    async with plant_of(plan_of(tmp_path, TERM, serve=True), port), Controller(plan, port) as a:
        a.writes(10.0, term=4)
        a.right.lead_term = 0
        await a.until(lambda: a.reading("inverter_1")[0] == 0.0, "it reads")
        stamp_ns = a.stamp_ns("inverter_1")
        await a.until(lambda: a.stamp_ns("inverter_1") > stamp_ns + 200 * MS, "it goes on reading")
    assert (tmp_path / "sites" / "writes.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("fence", "points", "tags", "told"),
    [
        ('fence = { class = "term", point = "none" }', POINTS, {}, "cannot be told the term in `none`"),
        ('fence = { class = "term", point = "q_set_kvar" }', POINTS, {}, "cannot be told the term in `q_set_kvar`"),
        (TERM, POINTS + "leader_term = { fail_safe = 0 }\n", {"leader_term": UDINT}, "drives `leader_term`"),
        (
            TERM,
            POINTS + "beat = { fail_safe = 0 }\n",
            {"beat": UDINT},
            "`beat` of `inverter_1` cannot be written in one",
        ),
    ],
)
def test_fence_when_outputs_cannot_carry_the_term_then_said(
    tmp_path: Path, fence: str, points: str, tags: dict[str, Elementary], told: str
) -> None:
    diagnostics = found(tmp_path, fence, serve=False, points=points, **tags).diagnostics
    assert [d.code for d in diagnostics] == ["M3019"], _texts(diagnostics)
    assert told in diagnostics[0].message


def test_fence_when_an_output_between_is_not_driven_then_what_lies_behind_it_cannot_go_with_the_term(
    tmp_path: Path,
) -> None:
    points = POINTS.replace("q_set_kvar = { fail_safe = 0.0 }", 'q_set_kvar = { tag = "inverter_1.p_kw_2" }')
    diagnostics = found(tmp_path, TERM, serve=False, points=points).diagnostics
    assert any("`run_cmd` of `inverter_1` cannot be written" in d.message for d in diagnostics), _texts(diagnostics)


def test_fence_when_the_site_says_otherwise_then_its_word_counts(tmp_path: Path) -> None:
    site = SITE + 'fence = "time"\n'
    (tmp_path / "profiles").mkdir()
    (tmp_path / "sites").mkdir()
    (tmp_path / "profiles" / "pcs.toml").write_text(PROFILE.replace("FENCE", TERM))
    (tmp_path / "sites" / "site.toml").write_text(site.replace("MORE", 'without_lease = "fail_safe"') + POINTS)
    loaded, _ = load_site_map(tmp_path / "sites" / "site.toml")
    assert loaded is not None
    leaves = enumerate(TAGS.items())
    plan = check(
        loaded, TagTable(Tag(name=f"inverter_1.{n}", type=of, offset=0, index=i) for i, (n, of) in leaves)
    ).plan
    assert plan is not None
    device = plan.device("inverter_1")
    assert device is not None
    assert (device.fence, device.outputs[0].fenced, plan.without_lease) == (None, False, "fail_safe")


def _texts(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{d.code}: {d.message}" for d in diagnostics]
