"""Each CAN profile against a table of bytes written from its source, not from the profile: decode, encode, round trip.

A line of a table: message id (x: 29 bits), bytes, then the points it carries with their values; `-` is BAD. A line that
starts with `>` is sent by the controller. Lines marked `<` are only decoded: shorter than what is sent, or with bits
that this line names no point for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import can
import pytest
from canbench import StationBench

from runtime.core.quality import Quality
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.sites.everypoint import plan_of_every_point
from runtime.iomap.sites.load import load_site_map

IO_MAPS = Path(__file__).parents[2] / "io_maps"
TABLES = Path(__file__).parent / "can_tables"
SITE = """site = "bench"
serve = {serve}
[links.bus]
kind = "can"
interface = "virtual"
channel = "bench"
[devices.battery_1]
profile = "{profile}"
link = "bus"
"""


@dataclass(frozen=True)
class Line:
    frame_id: int
    extended: bool
    payload: bytes
    values: dict[str, float | bool | str | None]
    by_controller: bool
    both_ways: bool


def lines(name: str) -> Iterator[Line]:
    for text in (TABLES / f"{name}.txt").read_text().splitlines():
        if not text or text.startswith("#"):
            continue
        head, _, points = text.lstrip("<> ").partition(" : ")
        frame_id, payload = head.split(maxsplit=1)
        pairs = (pair.split("=") for pair in points.split(";"))
        yield Line(
            int(frame_id.rstrip("x"), 16),
            frame_id.endswith("x"),
            bytes.fromhex(payload),
            {point.strip(): _value(value.strip()) for point, value in pairs},
            text.startswith(">"),
            not text.startswith("<"),
        )


def _value(text: str) -> float | bool | str | None:
    if text.startswith("'"):
        return text.strip("'")
    return None if text == "-" else {"TRUE": True, "FALSE": False}[text] if text.isalpha() else float(text)


def bench(profile: str, tmp_path: Path, *, serve: bool) -> StationBench:
    folder = tmp_path / "sites"
    folder.mkdir(exist_ok=True)
    for beside in ("profiles", "dbc"):
        if not (tmp_path / beside).exists():
            (tmp_path / beside).symlink_to(IO_MAPS / beside)
    (folder / "bench.toml").write_text(SITE.format(serve=str(serve).lower(), profile=profile))
    site, found = load_site_map(folder / "bench.toml")
    assert site is not None
    assert found == []
    return StationBench(_device(plan_of_every_point(site).device("battery_1")))


def _device(plan: DevicePlan | None) -> DevicePlan:
    assert plan is not None
    return plan


TABLED = sorted(file.stem for file in TABLES.glob("*.txt"))


def test_profiles_when_listed_then_each_can_device_has_a_table() -> None:
    devices = [f.stem for f in (IO_MAPS / "profiles").glob("*.toml") if _protocol(f) == "can"]
    assert sorted(devices) == TABLED


def _protocol(file: Path) -> str:
    text = file.read_text()
    if 'base = "' in text:
        return _protocol(file.with_name(text.split('base = "')[1].split('"')[0] + ".toml"))
    return text.split('protocol = "')[1].split('"')[0]


@pytest.mark.parametrize("name", TABLED)
def test_profile_when_held_against_its_table_then_every_point_decodes_and_encodes_as_told(
    name: str, tmp_path: Path
) -> None:
    told = list(lines(name))
    named = {point for line in told for point in line.values}
    here, there = bench(name, tmp_path, serve=False), bench(name, tmp_path, serve=True)
    plan = here.station.members[0].plan
    assert named == {point.name for point in (*plan.inputs, *plan.outputs)}
    for line in told:
        hearing, sending = (there, here) if line.by_controller else (here, there)
        assert hearing.take(_frame(line)), line
        for point, value in line.values.items():
            reading = hearing.reading(point, "battery_1")
            if value is None:
                assert reading[1] is Quality.BAD, (line, point)
            else:
                wanted = value if isinstance(value, str) else pytest.approx(value, abs=1e-9)
                assert reading == (wanted, Quality.GOOD), (line, point, reading)
        if line.both_ways:
            sending.sink.values = dict(line.values)
            sent = [out.frame for out in sending.step(1000)]
            again = [f for f in sent if (f.arbitration_id, f.is_extended_id) == (line.frame_id, line.extended)]
            assert line.payload in [bytes(f.data)[: len(line.payload)] for f in again], line


def _frame(line: Line) -> can.Message:
    return can.Message(arbitration_id=line.frame_id, is_extended_id=line.extended, data=line.payload)
