"""Runs the benchmark's workload over its known input and sums its outputs: the proof that the work was done."""

import struct
from dataclasses import dataclass

import numpy as np
from workload import workload

from runtime.core import appmemory
from runtime.core.diagnostic import Source, render
from runtime.core.elementary import REAL
from runtime.lang import libm
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources
from runtime.lang.machine import Machine

ROWS = 64
"""Input rows; scan k reads row k % ROWS."""
CHECK_SCANS = 640
PERIOD_NS = 10_000_000
BUDGET = 1 << 40


@dataclass(frozen=True)
class Check:
    """Over all scans and chains: sum of POUT, count of QOUT."""

    total: float
    on: int

    def matches(self, known: "Check") -> bool:
        """Equal, the sum to the seven digits it is known to."""
        return self.on == known.on and f"{self.total:.7g}" == f"{known.total:.7g}"


KNOWN = {100: Check(27156.44, 10369), 1000: Check(261827.4, 103493)}
"""Check values of the mix by N, whatever the shape."""


def application(kind: str, n: int, shape: str) -> Application:
    """The compiled workload."""
    result = compile_sources([Source("bench.st", workload(kind, n, shape))])
    assert result.application is not None, "\n".join(render(d) for d in result.diagnostics)
    return result.application


def input_rows(n: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """Frequencies around 50 Hz, rounded after each operation as baseline.c rounds."""
    sine, real = libm.function("SIN", REAL), np.float32
    turn = real(2.0) * real(3.14159265)
    rows = np.zeros((ROWS, n), real)
    for row in range(ROWS):
        wave = [real(50.0) + real(0.3) * real(sine(turn * real(row + 3 * k) / real(ROWS))) for k in range(17)]
        rows[row] = [wave[i % 17] for i in range(n)]
    return rows


class Workbench:
    """A machine with the workload, fed row by row."""

    def __init__(self, machine: Machine, n: int) -> None:
        self.machine = machine
        self.rows = input_rows(n)
        self.input_offset = self._offset("INST.FIN[1]")
        memory = np.frombuffer(machine.memory, np.uint8)
        self._input = memory[self.input_offset :][: 4 * n].view(np.float32)
        self.out = memory[self._offset("INST.POUT[1]") :][: 4 * n].view(np.float32)
        self.on = memory[self._offset("INST.QOUT[1]") :][:n]

    def scan(self, k: int) -> None:
        """Scan number `k`, from 0."""
        self._input[:] = self.rows[k % ROWS]
        memory = self.machine.memory
        struct.pack_into("<qqqQ", memory, appmemory.NOW_NS, k * PERIOD_NS, PERIOD_NS, 0, k + 1)
        struct.pack_into("<q", memory, appmemory.BUDGET, BUDGET)
        self.machine.run_task(0)

    def _offset(self, name: str) -> int:
        variable = self.machine.app.tags.find(name)
        assert variable is not None, name
        return variable.offset


def check(bench: Workbench) -> Check:
    """The check values of a machine before its first scan."""
    total, on = 0.0, 0
    for k in range(CHECK_SCANS):
        bench.scan(k)
        total += sum(bench.out.tolist())
        on += int(bench.on.sum())
    return Check(total, on)
