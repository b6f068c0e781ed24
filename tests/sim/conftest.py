"""The demo site as a closed loop on virtual time, compiled once a session and a back end."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from runtime.sim.closed_loop import ClosedLoop
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
