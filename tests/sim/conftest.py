"""The demo site as a closed loop on virtual time, compiled once a session and a back end."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from runtime.core.objectcache import ObjectCache
from runtime.lang.cache.objectcode import object_code_for
from runtime.node.build import Build, build_site
from runtime.node.statedir import cache_dir
from runtime.scan.imaged import ImagedScan
from runtime.scan.kernel import Kernel
from runtime.sim.coupled.code import CouplingKernel
from runtime.sim.coupled.coupling import CoupledRun, CoupledSide, Kernels
from runtime.sim.loop.closed_loop import ClosedLoop
from runtime.sim.loop.side import Backend, Model

ROOT = Path(__file__).parents[2]


@cache
def demo_builds() -> tuple[Build, Build]:
    build = build_site(ROOT / "configs" / "demo.toml").build
    assert build is not None
    assert build.plant is not None
    return build, build.plant


@cache
def demo_models(backend: Backend) -> tuple[Model, Model]:
    """Of what `demo_builds` has compiled."""
    cache = ObjectCache(cache_dir() / "programs")
    controller, plant = (
        Model(build.application, build.bindings, build.io_plan, _object_code(build, backend, cache))
        for build in demo_builds()
        if build.io_plan is not None
    )
    return controller, plant


def _object_code(build: Build, backend: Backend, cache: ObjectCache) -> bytes:
    return object_code_for(build.application, cache) if backend == "llvm" else b""


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
