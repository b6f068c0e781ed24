"""A bench for function blocks: set inputs, run scans, compare outputs; with both back ends.

    bench = block("SOC_GUARD")
    bench.scan(soc_good=True, soc_pct=20.0).expect(discharge_blocked=False)   # inputs left out keep their value

Time is virtual. A block with VAR_IN_OUT gets a variable for it by `declare` and `call`.
"""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

from runtime.core.diagnostic import Source, render
from runtime.core.elementary import Kind, Value
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources, load_sources
from runtime.lang.editor.needed import Needed
from runtime.lang.interp.interpreter import Interpreter
from runtime.lang.llvm.compile import compile_object
from runtime.lang.machine import Machine
from runtime.lang.native import Native
from runtime.scan.virtual import VirtualScan
from runtime.sim.loop.cell import Cell
from runtime.sim.loop.side import Backend

ROOT = Path(__file__).parents[2]
LIBRARY = ("lib", "plant", "sim")

BENCH = """
PROGRAM BENCH
VAR
    b : {block};
    {declare}
END_VAR
{call}
END_PROGRAM

CONFIGURATION bench
    TASK t(INTERVAL := T#{period_ms}ms, PRIORITY := 0);
    PROGRAM main WITH t : BENCH;
END_CONFIGURATION
"""


class Bench:
    """One instance of a block, or one program, under test."""

    def __init__(self, text: str, backend: Backend, *, period_ms: int, prefix: str) -> None:
        app = compiled(text)
        self.machine: Machine = Native(app, object_code(text)) if backend == "llvm" else Interpreter(app)
        self._scan = VirtualScan(self.machine, period_ns=period_ms * 1_000_000)
        self._prefix = prefix

    def scan(self, n: int = 1, /, **inputs: Value | str) -> "Bench":
        """Set inputs, then run n scans. `__` in a name stands for a dot: `rack__u_v`."""
        for name, value in inputs.items():
            self.cell(name).write(value)
        for _ in range(n):
            self._scan.scan()
        assert self._scan.fault_count == 0, self._scan.faults()
        return self

    def expect(self, **outputs: Value | str) -> "Bench":
        """Compare: REAL within a millionth, enumerations by label, TIME in ms as the block's caller writes it."""
        for name, wanted in outputs.items():
            cell = self.cell(name)
            got = cell.read()
            if isinstance(wanted, str):
                got = next((label for label, number in cell.variable.labels if number == got), got)
                assert got == wanted, f"{name} is {got}, not {wanted}"
            elif cell.variable.type.kind is Kind.REAL:
                assert math.isclose(got, wanted, rel_tol=1e-6, abs_tol=2e-5), f"{name} is {got}, not {wanted}"
            else:
                assert got == wanted, f"{name} is {got}, not {wanted}"
        return self

    def __getitem__(self, name: str) -> Value:
        return self.cell(name).read()

    def cell(self, name: str) -> Cell:
        """A variable of the block; one of the bench's program with `main__` in front."""
        dotted = name.replace("__", ".")
        return Cell(self.machine, dotted if dotted.startswith("main.") else self._prefix + dotted)


@cache
def library() -> tuple[Source, ...]:
    return tuple(load_sources([ROOT / "programs" / folder for folder in LIBRARY]))


@cache
def needed() -> Needed:
    return Needed(library())


@cache
def compiled(text: str) -> Application:
    bench = Source("bench.st", text)
    sources = needed().by(bench)
    if any(Path(source.name).parent.name != "lib" for source in sources):
        sources = list(library())  # files of other folders add to tasks and enumerations that do not name them
    result = compile_sources([*sources, bench])
    assert result.application is not None, "\n".join(render(d) for d in result.diagnostics)
    return result.application


@cache
def object_code(text: str) -> bytes:
    return compile_object(compiled(text))


Block = Callable[..., Bench]
