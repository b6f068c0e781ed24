"""A program that never ends takes its task with it: the other task sees that power stands still and stops the plant."""

from pathlib import Path

import playedsites
import pytest

from runtime.core.diagnostic import render
from runtime.core.elementary import Value
from runtime.core.objectcache import ObjectCache
from runtime.lang.cache.objectcode import object_code_for
from runtime.node.build import Build, build_site
from runtime.node.statedir import cache_dir
from runtime.scan.imaged import ImagedScan
from runtime.sim.coupled.coupling import CoupledRun, CoupledSide

ENDLESS = """VAR_GLOBAL
    endless_1 : BOOL;
END_VAR
PROGRAM ENDLESS  {task := 'fast'}
VAR_EXTERNAL
    endless_1 : BOOL;
END_VAR
VAR
    rounds    : LINT;
END_VAR
WHILE endless_1 DO
    rounds := rounds + 1;
END_WHILE
END_PROGRAM
"""
SCANS_A_SECOND = 10


def commercial_with_an_endless_loop(folder: Path) -> Build:
    """The site, and in its fast task, before its own programs, a loop that a variable starts."""
    configs = playedsites.ROOT / "configs"
    (folder / "endless.st").write_text(ENDLESS)
    text = (configs / "commercial.toml").read_text().replace('"../', f'"{playedsites.ROOT}/')
    text = text.replace("programs = [", f'programs = [\n    "{folder / "endless.st"}",')
    text = text.replace('"commercial_plant.toml"', f'"{configs / "commercial_plant.toml"}"')
    text += '\n[tasks.fast]\nbudget = 1000000\non_fault = "continue"\n'
    (folder / "commercial.toml").write_text(text)
    result = build_site(folder / "commercial.toml")
    assert result.build is not None, "\n".join(render(d) for d in result.diagnostics)
    return result.build


@pytest.fixture
def run(tmp_path: Path):
    controller = commercial_with_an_endless_loop(tmp_path)
    assert controller.plant is not None
    cache = ObjectCache(cache_dir() / "programs")
    sides = []
    for build in (controller, controller.plant):
        assert build.io_plan is not None
        code = object_code_for(build.application, cache)
        sides.append(CoupledSide(ImagedScan(build.manifest(), code, build.application.initial), build.io_plan))
    coupled = CoupledRun(sides[0], sides[1], playedsites.kernels(), cycle_ns=controller.site.cycle_ns, seed=1)
    yield coupled
    coupled.controller.close()
    coupled.plant.close()


def shown(side: ImagedScan, name: str) -> Value:
    """The value, an enumeration by its label."""
    variable = side.find(name)
    value = variable.type.unpack(side.memory, variable.offset)
    return {number: label for label, number in variable.labels}.get(value, value)  # type: ignore[call-overload]


def write(side: ImagedScan, name: str, told: Value) -> None:
    variable = side.find(name)
    variable.type.pack_into(side.memory, variable.offset, told)


@pytest.mark.slow
def test_plant_when_a_program_of_the_power_task_never_ends_then_program_error_brings_it_down_until_reset(
    run: CoupledRun,
) -> None:
    run.advance(30 * SCANS_A_SECOND)
    assert shown(run.controller, "plant_1.state") == "RUN"
    write(run.controller, "endless_1", True)
    run.advance(20 * SCANS_A_SECOND)
    assert shown(run.controller, "errors_1.active[1].code") == "PROGRAM_ERROR"
    assert shown(run.controller, "plant_1.state") == "ERROR"
    assert not shown(run.plant, "battery_1.connect_cmd")
    assert shown(run.controller, "battery_1.state") != "CONNECTED"
    assert abs(float(shown(run.plant, "inverter_1.p_kw"))) < 0.1  # type: ignore[arg-type]

    write(run.controller, "endless_1", False)
    run.advance(10 * SCANS_A_SECOND)
    assert shown(run.controller, "plant_1.state") == "ERROR"
    write(run.controller, "command_reset_1.value", True)
    write(run.controller, "command_reset_1.seq", 1)
    run.advance(60 * SCANS_A_SECOND)
    assert shown(run.controller, "plant_1.state") == "RUN"
    assert shown(run.controller, "errors_1.n_active") == 0
