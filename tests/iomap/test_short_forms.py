"""Runs of points and profiles that stand on another: what they stand for, and what is told where they are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.diagnostic import render
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.wire import ModbusWire

GOLDEN = Path(__file__).parent / "golden"
HEAD = """maker = "Example"
model = "rack"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = { document = "made up" }

[modbus]
group = "fast"

[groups]
fast = { period_ms = 200 }

[points]
"""
ON_BASE = """model = "rack of another maker"
base = "first"

[points]
life = { register = 9, type = "u16" }
"""


def load(folder: Path, text: str, name: str = "first"):
    (folder / f"{name}.toml").write_text(text)
    return load_profile(folder / f"{name}.toml", folder, shown=f"profiles/{name}.toml")


def test_run_when_written_out_then_each_point_lies_a_width_or_a_stride_further(tmp_path: Path) -> None:
    points = """
"u_v[{n}]" = { register = 10, type = "f32", count = 3 }
"t_{n}_c" = { register = 30, type = "u16", count = 2, stride = 100 }
"""
    profile, found = load(tmp_path, HEAD + points)
    assert profile is not None
    assert found == []
    at = {name: wire.address for name, wire in profile.wires.items() if isinstance(wire, ModbusWire)}
    assert at == {"u_v[1]": 10, "u_v[2]": 12, "u_v[3]": 14, "t_1_c": 30, "t_2_c": 130}


def test_base_when_named_then_everything_not_said_comes_from_it(tmp_path: Path) -> None:
    load(tmp_path, HEAD + 'life = { register = 1, type = "u16" }\nsoc_pct = { register = 2, type = "u16" }\n')
    profile, found = load(tmp_path, ON_BASE, "second")
    assert profile is not None
    assert found == []
    assert (profile.profile.maker, profile.profile.model) == ("Example", "rack of another maker")
    assert {n: w.address for n, w in profile.wires.items() if isinstance(w, ModbusWire)} == {"life": 9, "soc_pct": 2}


WRONG = {
    "run_without_count": HEAD + '"u_v[{n}]" = { register = 10, type = "f32" }\n',
    "run_without_place": HEAD + 'u_v = { register = 10, type = "f32", count = 3 }\n',
    "run_that_overlaps": HEAD + '"u_v[{n}]" = { register = 10, type = "f32", count = 3, stride = 1 }\n',
    "run_with_a_wrong_key": HEAD + '"u_v[{n}]" = { register = 10, kind = "f32", count = 3 }\n',
    "base_unknown": ON_BASE.replace('"first"', '"frist"'),
    "base_on_a_base": ON_BASE.replace('"first"', '"second"'),
    "base_with_a_mistake": ON_BASE.replace('"first"', '"broken"'),
    "base_with_a_misfit": ON_BASE.replace("register = 9", "register = 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_short_form_when_wrong_then_told_at_its_line(
    case: str, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    load(tmp_path, HEAD + 'soc_pct = { register = 2, type = "u16" }\n')
    load(tmp_path, ON_BASE, "second")
    load(tmp_path, "points = \n", "broken")
    _, found = load(tmp_path, WRONG[case], "third")
    golden(GOLDEN / f"short_form_{case}.txt", "\n\n".join(map(render, found)) + "\n")
