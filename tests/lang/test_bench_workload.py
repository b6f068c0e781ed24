"""The benchmark's workload gives its known check values, in both shapes and both back ends."""

import sys
from pathlib import Path

import pytest
from scanbench import make_machine

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "bench"))

from checks import KNOWN, Workbench, application, check  # found through the path above

CASES = [
    *(("llvm", n, "cell") for n in KNOWN),
    *(pytest.param("llvm", n, "flat", marks=pytest.mark.slow if n == 1000 else ()) for n in KNOWN),
    ("interp", 100, "cell"),
    *(
        pytest.param("interp", n, shape, marks=pytest.mark.slow)
        for n, shape in ((100, "flat"), (1000, "cell"), (1000, "flat"))
    ),
]


@pytest.mark.parametrize(("backend", "n", "shape"), CASES)
def test_workload_when_run_then_the_check_values_are_the_known_ones(backend, n, shape):
    found = check(Workbench(make_machine(application("mix", n, shape), backend), n))
    assert found.matches(KNOWN[n]), found


@pytest.mark.parametrize("shape", ["cell", "flat"])
def test_workload_when_run_in_both_back_ends_then_all_memory_is_equal(shape):
    app = application("mix", 9, shape)
    benches = [Workbench(make_machine(app, backend), 9) for backend in ("interp", "llvm")]
    for k in range(300):
        for bench in benches:
            bench.scan(k)
    interpreted, native = (bench.machine.memory for bench in benches)
    assert bytes(interpreted) == bytes(native)
    assert any(benches[0].on), "the workload never reached its last block"
