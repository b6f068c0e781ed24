"""Drivers of other packages: found by entry point, their tables checked like built-in ones, their driver run by io."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from io_points import MS, FakeFrame
from plugin_install import EXAMPLE, install, wheel_of, write_package

from runtime.core.diagnostic import Diagnostic, render
from runtime.core.elementary import REAL
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.drivers.engine import IoEngine
from runtime.drivers.plugins import Installed
from runtime.drivers.registry import AllDrivers, installed_kinds
from runtime.iomap.checks.check import CheckedSite, check
from runtime.iomap.kinds.can.kind import CAN
from runtime.iomap.kinds.kind import Kinds
from runtime.iomap.kinds.modbus.kind import MODBUS_TCP
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.sites.load import load_site_map

GOLDEN = Path(__file__).parent / "golden"
SITE = """site = "bench"
fail_safe_after_ms = 1000

[links.notes]
kind = "textfile"
folder = "FOLDER"
backoff_min_ms = 10
backoff_max_ms = 50

[devices.sensor_1]
profile = "note"
link = "notes"
file = "one.txt"

[devices.sensor_1.points]
p_set_kw = { fail_safe = 0.0 }
"""
PROFILE = """maker = "Example"
model = "note"
natures = ["sensor"]
version = "1"
protocol = "textfile"
source = { document = "made up" }

[groups]
fast = { period_ms = 20 }

[points]
t_c = { line = 1, scale = 0.5, unit = "°C" }
p_set_kw = { line = 2, access = "w", unit = "kW" }
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example, a broken package, and one that is no plug-in."""
    folder = tmp_path_factory.mktemp("plugins")
    packages = [
        EXAMPLE,
        write_package(folder / "broken", kind="broken", code="import a_module_that_is_not_there\n"),
        write_package(folder / "hollow", kind="hollow", code="PLUGIN = 42\n"),
    ]
    install(folder / "site", *(wheel_of(package, folder) for package in packages))
    return folder / "site"


@pytest.fixture
def installed(target: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    monkeypatch.syspath_prepend(target)
    return Installed()


def write_maps(folder: Path, *edits: tuple[str, str]) -> Path:
    texts = {"sites/bench.toml": SITE.replace("FOLDER", str(folder)), "profiles/note.toml": PROFILE}
    for name, text in texts.items():
        for old, new in edits:
            text = text.replace(old, new)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder / "sites" / "bench.toml"


def load(folder: Path, plugins: Installed, *edits: tuple[str, str]) -> tuple[list[Diagnostic], CheckedSite | None]:
    kinds = Kinds((MODBUS_TCP, CAN), plugins)
    site, found = load_site_map(write_maps(folder, *edits), shown="io_maps/sites/bench.toml", kinds=kinds)
    if site is None:
        return found, None
    names = ("sensor_1.t_c", "sensor_1.p_set_kw")
    tags = TagTable([Tag(name=name, type=REAL, offset=8 * n, index=n) for n, name in enumerate(names)])
    checked = check(site, tags)
    return [*found, *checked.diagnostics], checked


WRONG: dict[str, list[tuple[str, str]]] = {
    "unknown_link_key": [("folder =", "foldr =")],
    "unknown_device_key": [('file = "one.txt"', 'file = "one.txt"\nfiles = 1')],
    "wrong_point_key": [("line = 1", 'line = "1"')],
    "unknown_kind": [('kind = "textfile"', 'kind = "textfil"')],
    "strange_kind": [('kind = "textfile"', 'kind = "quantum"')],
    "broken_plugin": [('kind = "textfile"', 'kind = "broken"')],
    "hollow_plugin": [('kind = "textfile"', 'kind = "hollow"')],
    "unknown_protocol": [('protocol = "textfile"', 'protocol = "textfiles"')],
    "played": [("fail_safe_after_ms", "serve = true\nfail_safe_after_ms"), ("= { fail_safe = 0.0 }", "= {}")],
}


@pytest.mark.parametrize("case", WRONG)
def test_map_of_a_plugin_when_wrong_then_told_as_of_a_built_in_kind(
    case: str, tmp_path: Path, installed: Installed, golden: Callable[[Path, str], None]
) -> None:
    found, _ = load(tmp_path, installed, *WRONG[case])
    text = "\n\n".join(map(render, found)) + "\n"
    golden(GOLDEN / f"plugin_{case}.txt", text.replace(str(tmp_path), "FOLDER"))


async def test_driver_of_a_plugin_when_io_runs_then_inputs_come_outputs_go_and_a_loss_is_bad(
    tmp_path: Path, installed: Installed
) -> None:
    found, checked = load(tmp_path, installed)
    assert [render(d) for d in found] == []
    assert checked is not None
    assert checked.plan is not None
    checked.plan.save(tmp_path / "plan.json")
    plan = IoPlan.load(tmp_path / "plan.json")
    assert plan == checked.plan
    (tmp_path / "one.txt").write_text("43.0\n")
    now_ns = time.monotonic_ns()
    frame = FakeFrame(values=(7.5,), valid_until_ns=now_ns + 60_000 * MS)
    events: list[str] = []
    engine = IoEngine(
        plan,
        pages={},
        frames=type("Frames", (), {"latest": lambda _self: frame})(),
        clock=time.monotonic_ns,
        on_event=lambda level, text: events.append(f"{level}: {text}"),
        registry=AllDrivers(installed),
        random=Random(1),
    )
    stop = asyncio.Event()
    task = asyncio.create_task(engine.run(stop))
    page = engine.pages["sensor_1"]
    async with asyncio.timeout(20):
        while page.readings[0][:2] != (21.5, Quality.GOOD) or "7.5" not in (tmp_path / "one.txt").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (tmp_path / "one.txt").rename(tmp_path / "gone.txt")
        while page.readings[0][1] is not Quality.BAD:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (tmp_path / "gone.txt").rename(tmp_path / "one.txt")
        while page.readings[0][1] is not Quality.GOOD:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        stop.set()
        await task
    assert (tmp_path / "one.txt").read_text() == "43.0\n0.0\n"  # the fail-safe value, on the way down
    assert [e.split(":")[0] for e in events] == ["info", "error", "info"]
    assert "one.txt" in events[1]


def test_check_when_a_plugin_is_installed_then_the_command_knows_its_kind(target: Path, tmp_path: Path) -> None:
    site = write_maps(tmp_path, ('kind = "textfile"', 'kind = "broken"'))
    command = [sys.executable, "-m", "runtime.cli", "check", str(site)]
    env = {"PYTHONPATH": f"{target}:{Path(__file__).parents[2]}", "HOME": str(tmp_path)}
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "voltscan-broken cannot be imported: ModuleNotFoundError" in told.stdout + told.stderr


def test_kinds_when_two_packages_bring_one_then_both_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        info = tmp_path / f"voltscan_{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: voltscan-{name}\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[voltscan.drivers]\ntwice = nowhere:PLUGIN\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = Installed().plugin("twice")
    assert found is not None
    assert "voltscan-first and voltscan-second both bring it" in getattr(found, "why", "")


def test_kinds_when_nothing_is_installed_then_those_that_come_along_are_named() -> None:
    assert {"can", "modbus_tcp"} <= set(installed_kinds().names())
