"""Heartbeats of a profile: who counts, and how, follows from the profile's rule and from the program's tags."""

import shutil
from pathlib import Path

import demo_tags
import pytest

from runtime.core.diagnostic import render
from runtime.core.elementary import UINT
from runtime.iomap.checks.check import check
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.sites.load import load_site_map

IO_MAPS = Path(__file__).parents[2] / "io_maps"
SITE = """site = "small"
[links.pcs]
kind = "modbus_tcp"
[devices.inverter_1]
profile = "abb_pqstori"
link = "pcs"
[devices.inverter_1.points]
p_set_kw = { fail_safe = 0.0 }
heartbeat = { fail_safe = "hold", min_interval_ms = 1000 }
"""
RULE = 'kind = "up"\nperiod_ms = 1000\ntimeout_ms = 20000\nmin = 1\nmax = 65535'


def planned(folder: Path, rule: str, *, tagged: bool) -> DevicePlan:
    """The inverter with that rule; `tagged`: the program has a tag for its heartbeat."""
    shutil.copytree(IO_MAPS / "profiles", folder / "profiles")
    (folder / "sites").mkdir()
    profile = folder / "profiles" / "abb_pqstori.toml"
    assert profile.read_text().count(RULE) == 1
    profile.write_text(profile.read_text().replace(RULE, rule))
    text = SITE if tagged else SITE[: SITE.index("heartbeat =")]
    (folder / "sites" / "small.toml").write_text(text)
    site, found = load_site_map(folder / "sites" / "small.toml")
    assert site is not None, [render(d) for d in found]
    own = [*demo_tags.plain("p_set_kw"), *(demo_tags.plain("heartbeat", UINT) if tagged else [])]
    checked = check(site, demo_tags.table({"inverter_1": own}))
    assert checked.plan is not None, [render(d) for d in checked.diagnostics]
    device = checked.plan.device("inverter_1")
    assert device is not None
    return device


@pytest.mark.parametrize("kind", ["up", "down", "toggle"])
def test_heartbeat_when_the_program_has_no_tag_for_it_then_the_driver_counts_by_the_rule(
    kind: str, tmp_path: Path
) -> None:
    device = planned(tmp_path, RULE.replace('"up"', f'"{kind}"').replace("65535", "9"), tagged=False)
    (beat,) = device.heartbeats
    assert (beat.point, beat.kind, beat.period_ns) == ("heartbeat", kind, 1_000_000_000)
    assert (beat.minimum, beat.maximum) == (1, 9)
    assert [point.name for point in device.outputs] == ["p_set_kw"]


def test_heartbeat_when_the_program_has_a_tag_for_it_then_the_program_counts(tmp_path: Path) -> None:
    device = planned(tmp_path, RULE, tagged=True)
    assert device.heartbeats == ()
    assert {point.name for point in device.outputs} == {"p_set_kw", "heartbeat"}
