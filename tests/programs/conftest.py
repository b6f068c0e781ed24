"""Fixtures of the ST tests: a bench for a block or for statements, once a back end."""

import pytest
from blockbench import BENCH, Bench, Block

from runtime.sim.loop.side import Backend


@pytest.fixture(params=["llvm", "interp"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture
def block(backend: Backend) -> Block:
    """A bench for a block by name."""

    def make(name: str, *, period_ms: int = 10, declare: str = "", call: str = "b();") -> Bench:
        text = BENCH.format(block=name, declare=declare, call=call, period_ms=period_ms)
        return Bench(text, backend, period_ms=period_ms, prefix="main.b.")

    return make


@pytest.fixture
def program(backend: Backend) -> Block:
    """A bench for statements: `declare` are the variables, by whose names inputs and outputs go."""

    def make(declare: str, call: str, *, period_ms: int = 10) -> Bench:
        text = BENCH.format(block="HEARTBEAT_GENERATOR", declare=declare, call=call, period_ms=period_ms)
        return Bench(text, backend, period_ms=period_ms, prefix="main.")

    return make
