"""The demo site as a closed loop on virtual time, compiled once a session and a back end."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from runtime.node.build import Build, build_site
from runtime.scan.imaged import ImagedScan
from runtime.scan.kernel import Kernel
from runtime.sim.closed_loop import ClosedLoop
from runtime.sim.coupling import CoupledRun, CoupledSide, Kernels
from runtime.sim.couplingcode import CouplingKernel
from runtime.sim.side import Backend, Model, load_model

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "programs"
SITES = ROOT / "io_maps" / "sites"


@cache
def demo_models(backend: Backend) -> tuple[Model, Model]:
    control = [PROGRAMS / "lib", PROGRAMS / "plant", PROGRAMS / "modes", PROGRAMS / "sites" / "demo.st"]
    physics = [
        PROGRAMS / "lib",
        PROGRAMS / "plant" / "devices.st",
        PROGRAMS / "sim",
        PROGRAMS / "sites" / "demo_plant.st",
    ]
    return (
        load_model(control, SITES / "demo.toml", backend=backend),
        load_model(physics, SITES / "demo_plant.toml", backend=backend),
    )


@pytest.fixture
def demo_loop() -> Callable[..., ClosedLoop]:
    """Makes a fresh loop of the demo site."""

    def make(seed: int = 1, backend: Backend = "llvm") -> ClosedLoop:
        controller, plant = demo_models(backend)
        return ClosedLoop(controller.side(), plant.side(), seed=seed)

    return make


@cache
def kernels() -> Kernels:
    return Kernels(Kernel(), CouplingKernel())


@cache
def demo_builds() -> tuple[Build, Build]:
    build = build_site(ROOT / "configs" / "demo.toml").build
    assert build is not None
    assert build.plant is not None
    return build, build.plant


def make_coupled_run(seed: int, *, recorded: bool = False) -> CoupledRun:
    sides = []
    for build, model in zip(demo_builds(), demo_models("llvm"), strict=True):
        scan = ImagedScan(build.manifest(), model.object_code, build.application.initial, recorded=recorded)
        sides.append(CoupledSide(scan, model.plan))
    return CoupledRun(*sides, kernels(), cycle_ns=10_000_000, seed=seed)


@pytest.fixture
def recorded_run() -> Iterator[Callable[[], CoupledRun]]:
    """Makes a fresh coupled run that leaves its records in the ring."""
    runs: list[CoupledRun] = []

    def make() -> CoupledRun:
        runs.append(make_coupled_run(1, recorded=True))
        return runs[-1]

    yield make
    for run in runs:
        run.controller.close()
        run.plant.close()


@pytest.fixture
def coupled_run() -> Iterator[Callable[..., CoupledRun]]:
    """Makes a fresh coupled run of the demo site, in a process image of its own."""
    runs: list[CoupledRun] = []

    def make(seed: int = 1) -> CoupledRun:
        runs.append(make_coupled_run(seed))
        return runs[-1]

    yield make
    for run in runs:
        run.controller.close()
        run.plant.close()
