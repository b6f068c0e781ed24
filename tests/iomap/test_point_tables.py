"""Points of a profile and of a site map out of a CSV file: the same as in TOML, and mistakes are told at their cell."""

from collections.abc import Callable
from pathlib import Path

import demo_tags
import pytest

from runtime.core.diagnostic import render
from runtime.iomap.checks.check import check
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.wire import ModbusWire, RawType

GOLDEN = Path(__file__).parent / "golden"
PROFILE = """maker = "Example"
model = "meter"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = { document = "made up" }
points = "meter.csv"

[modbus]
group = "fast"

[groups]
fast = { period_ms = 200 }
"""
SITE = """site = "csv"

[links.meters]
kind = "modbus_tcp"

[devices.meter_1]
profile = "meter"
link = "meters"
points = "meter_1.csv"
"""
TABLE = """# a comment
name, register, type, scale, unit, comment
p_kw, 0x10, i32, 0.001, kW, "with, a comma"
"cell_u_mv[{n}]", 40, u16, , mV,
"""
RULES = "name;tag;invert;stale_after_ms\np_kw;site_1.p_kw;true;250\n"
TAGS = {"site_1": demo_tags.plain("p_kw"), "meter_1": demo_tags.plain("cell_u_mv[1]")}


def written(folder: Path, table: str, rules: str = RULES) -> Path:
    for name, text in (("profiles/meter.toml", PROFILE), ("profiles/meter.csv", table), ("sites/meter_1.csv", rules)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "sites" / "site.toml").write_text(SITE)
    return folder / "sites" / "site.toml"


def test_tables_when_read_then_points_and_rules_are_those_of_toml(tmp_path: Path) -> None:
    table = TABLE.replace("unit, comment", "unit, comment, count").replace("mV,", "mV, , 3")
    site, found = load_site_map(written(tmp_path, table))
    assert site is not None
    checked = check(site, demo_tags.table(TAGS))
    assert [render(d) for d in [*found, *checked.diagnostics]] == []
    wires = site.placed["meter_1"].wires
    assert list(wires) == ["p_kw", "cell_u_mv[1]", "cell_u_mv[2]", "cell_u_mv[3]"]
    power = wires["p_kw"]
    assert isinstance(power, ModbusWire)
    assert (power.address, power.type, power.number.scale) == (16, RawType.I32, 0.001)
    assert site.placed["meter_1"].profile.points["p_kw"].comment == "with, a comma"
    assert checked.plan is not None
    device = checked.plan.device("meter_1")
    assert device is not None
    assert {point.tag: point.wire.number.scale for point in device.inputs} == {
        "site_1.p_kw": -0.001,
        "meter_1.cell_u_mv[1]": 1.0,
    }


WRONG = {
    "no_name_column": (TABLE.replace("name,", "point,"), RULES),
    "too_many_cells": (TABLE.replace("mV,", "mV, , 7"), RULES),
    "one_name_twice": (TABLE.replace('"cell_u_mv[{n}]"', "p_kw"), RULES),
    "unknown_column": (TABLE.replace("scale,", "scael,").replace("[{n}]", ""), RULES),
    "wrong_cell": (TABLE.replace("i32", "int").replace("[{n}]", ""), RULES),
    "overlap": (TABLE.replace('"cell_u_mv[{n}]", 40', "cell_u_mv, 17"), RULES),
    "no_file": (None, RULES),
    "wrong_rule": (TABLE.replace('"cell_u_mv[{n}]"', "cell_u_mv"), RULES.replace("true", "yes")),
}


@pytest.mark.parametrize("case", WRONG)
def test_table_when_wrong_then_told_at_its_cell(case: str, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    table, rules = WRONG[case]
    file = written(tmp_path, table or "", rules)
    if table is None:
        (tmp_path / "profiles" / "meter.csv").unlink()
    _, found = load_site_map(file, shown="io_maps/sites/site.toml")
    golden(GOLDEN / f"table_{case}.txt", "\n\n".join(map(render, found)) + "\n")
