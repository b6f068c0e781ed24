"""Sites of the project with their plants, compiled once and found in the cache afterwards, to play scenarios on."""

from functools import cache
from pathlib import Path

from runtime.core.diagnostic import render
from runtime.core.objectcache import ObjectCache
from runtime.iomap.reading.read import Document, read_document
from runtime.lang.cache.objectcode import object_code_for
from runtime.node.build import Build, build_site
from runtime.node.statedir import cache_dir
from runtime.scan.imaged import ImagedScan
from runtime.scan.kernel import Kernel
from runtime.sim.coupled.code import CouplingKernel
from runtime.sim.coupled.coupling import CoupledRun, CoupledSide, Kernels
from runtime.sim.scenario.file import ScenarioTable
from runtime.sim.scenario.player import Played, play
from runtime.sim.scenario.script import Script, resolve

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent


@cache
def kernels() -> Kernels:
    return Kernels(Kernel(), CouplingKernel())


@cache
def builds(site: str) -> tuple[tuple[Build, bytes], tuple[Build, bytes]]:
    """Controller and plant, each with its object code."""
    result = build_site(ROOT / "configs" / f"{site}.toml")
    assert result.build is not None, "\n".join(render(d) for d in result.diagnostics)
    assert result.build.plant is not None
    controller, plant = result.build, result.build.plant
    cache = ObjectCache(cache_dir() / "programs")
    return (controller, object_code_for(controller.application, cache)), (
        plant,
        object_code_for(plant.application, cache),
    )


def coupled_run(site: str, seed: int = 1) -> CoupledRun:
    """A fresh run of a site; who asks closes both sides."""
    sides = []
    for build, code in builds(site):
        assert build.io_plan is not None
        sides.append(CoupledSide(ImagedScan(build.manifest(), code, build.application.initial), build.io_plan))
    return CoupledRun(sides[0], sides[1], kernels(), cycle_ns=builds(site)[0][0].site.cycle_ns, seed=seed)


def script(site: str, file: Path) -> Script:
    """A scenario file, resolved against the site."""
    document, diagnostics = read_document(file, ScenarioTable)
    assert isinstance(document, Document), "\n".join(render(d) for d in diagnostics)
    (controller, _), (plant, _) = builds(site)
    made, found = resolve(document, controller.manifest(), plant.manifest(), watched=[])
    assert made is not None, "\n".join(render(d) for d in found)
    return made


def played(site: str, file: Path, *, seed: int = 1) -> Played:
    """What came of a scenario file that says its own length."""
    told = script(site, file)
    assert told.length_ns, f"{file} needs a length"
    run = coupled_run(site, seed)
    try:
        return play(run, told, seed=seed, duration_ns=told.length_ns, on_progress=lambda *_: None)
    finally:
        run.controller.close()
        run.plant.close()
