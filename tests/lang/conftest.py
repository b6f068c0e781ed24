"""Fixtures of the language tests: ST text in, a machine on virtual time out, once a back end."""

import functools
from collections.abc import Callable

import pytest
from scanbench import BACKENDS, BUDGET, ScanBench, make_machine

from runtime.core.diagnostic import Source, render
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each back end in turn."""
    return str(request.param)


@pytest.fixture
def machine(backend: str) -> Callable[..., ScanBench]:
    """`machine(st_text, budget=…)`: the programs in a back end, before their first scan. Diagnostics fail the test."""

    def make(st_text: str, budget: int = BUDGET) -> ScanBench:
        return ScanBench(make_machine(_compiled(st_text), backend), budget)

    return make


@functools.cache
def _compiled(st_text: str) -> Application:
    result = compile_sources([Source("test.st", st_text)])
    assert result.application is not None, "\n".join(render(d) for d in result.diagnostics)
    return result.application
