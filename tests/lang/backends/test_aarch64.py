"""Code emitted for aarch64 does what the interpreter does: it is run, by emulation, and all memory is compared.

Marked: it needs an emulator and a cross compiler (`make test-aarch64` says which). A NaN is compared as a NaN: which
one an operation makes is the processor's choice, and no program can see it.
"""

import contextlib
import sys
from pathlib import Path

import pytest
from chart_differential import compare_chart
from differential import compare
from emulated import Emulated, build_driver, missing
from scanbench import make_machine
from text_differential import compare_text

from runtime.lang.interp import Interpreter

sys.path.insert(0, str(Path(__file__).parents[3] / "tools" / "bench"))

from checks import KNOWN, Workbench, application, check  # found through the path above

pytestmark = pytest.mark.aarch64

SORTS = {"ir": (compare, 60), "text": (compare_text, 40), "charts": (compare_chart, 20)}
FIRST_SEED = 20_001
GROUP = 20
GROUPS = [(sort, first) for sort, (_, count) in SORTS.items() for first in range(0, count, GROUP)]


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """The emulated driver's object."""
    if told := missing():
        pytest.fail(told)
    return build_driver(tmp_path_factory.mktemp("aarch64"))


@pytest.mark.parametrize(("sort", "first"), GROUPS)
def test_generated_programs_when_run_as_aarch64_code_then_memory_is_that_of_the_interpreter(sort, first, driver):
    compare_one, found = SORTS[sort][0], []
    for seed in range(FIRST_SEED + first, FIRST_SEED + first + GROUP):
        with contextlib.ExitStack() as stack:

            def machines(app, stack=stack):
                return Interpreter(app), stack.enter_context(contextlib.closing(Emulated(app, driver)))

            found += [told] if (told := compare_one(seed, machines=machines)) else []
    assert not found, found


@pytest.mark.parametrize("shape", ["cell", "flat"])
@pytest.mark.parametrize("n", KNOWN)
def test_workload_when_run_as_aarch64_code_then_check_values_and_memory_are_those_of_this_machine(n, shape, driver):
    app = application("mix", n, shape)
    with contextlib.closing(Emulated(app, driver)) as emulated:
        there, here = Workbench(emulated, n), Workbench(make_machine(app, "llvm"), n)
        assert check(there).matches(KNOWN[n])
        check(here)
        assert bytes(there.machine.memory) == bytes(here.machine.memory)
