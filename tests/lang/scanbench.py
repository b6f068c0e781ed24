"""Runs an application on virtual time in one back end, by variable names: what tests of the language stand on."""

import bisect
import functools
import struct

from runtime.core import appmemory
from runtime.core.elementary import Value
from runtime.core.fault import FaultCode
from runtime.core.tag import Variable
from runtime.lang.application import Application
from runtime.lang.interp import Interpreter
from runtime.lang.llvm import compile_object
from runtime.lang.machine import Machine
from runtime.lang.native import Native

BACKENDS = ("interp", "llvm")
PERIOD_NS = 10_000_000
BUDGET = 100_000
"""Loop iterations and calls that a task may use in one scan here."""
WALL_START_NS = 1_700_000_000_000_000_000


def make_machine(app: Application, backend: str) -> Machine:
    """The application in a back end, before its first scan."""
    return Interpreter(app) if backend == "interp" else Native(app, compile_object(app))


def both_machines(app: Application) -> tuple[Machine, Machine]:
    """The application in the interpreter and as native code."""
    return make_machine(app, "interp"), make_machine(app, "llvm")


class ScanBench:
    """A machine with a virtual clock. The first scan happens at 0 ns."""

    def __init__(self, machine: Machine, budget: int = BUDGET) -> None:
        self.machine = machine
        self.app = machine.app
        self.memory = machine.memory
        self.budget = budget
        self.wall_start_ns = WALL_START_NS
        self._now_ns = 0
        self._scans = 0
        self._ran = [False] * len(self.app.tasks)

    def scan(self, n: int = 1, period: int = PERIOD_NS) -> "ScanBench":
        """Run `n` scans of `period` ns: each task whose interval has come round."""
        for _ in range(n):
            self._scans += 1
            for i, task in enumerate(self.app.tasks):
                if self._now_ns % (task.interval_ns or period) == 0:
                    self._run(i, task.interval_ns or period)
            self._now_ns += period
        return self

    def variable_at(self, offset: int) -> Variable | None:
        """The variable or tag that a byte of memory belongs to."""
        starts, variables = self._by_offset
        at = bisect.bisect_right(starts, offset) - 1
        found = variables[at] if at >= 0 else None
        return found if found is not None and offset < found.offset + found.type.size else None

    def set(self, name: str, value: Value) -> "ScanBench":
        """Write a variable or tag."""
        variable = self._find(name)
        variable.type.pack_into(self.memory, variable.offset, value)
        return self

    def get(self, name: str) -> Value:
        """Read a variable or tag."""
        variable = self._find(name)
        return variable.type.unpack(self.memory, variable.offset)

    @property
    def fault_count(self) -> int:
        """Faults since the start."""
        return struct.unpack_from("<Q", self.memory, appmemory.FAULT_COUNT)[0]

    @property
    def faults(self) -> list[tuple[int, FaultCode, int]]:
        """The faults still in the ring, oldest first: (scan number, code, line)."""
        count = self.fault_count
        found = []
        for n in range(max(0, count - appmemory.FAULT_RING_LEN), count):
            entry = appmemory.FAULT_RING + n % appmemory.FAULT_RING_LEN * appmemory.FAULT_ENTRY_SIZE
            site, instance, scan_no = struct.unpack_from("<IIQ", self.memory, entry)
            assert instance == 0 or appmemory.HEADER_SIZE <= instance < len(self.memory)
            found.append((scan_no, self.app.sites[site].code, self.app.sites[site].line))
        return found

    @property
    def cut(self) -> bool:
        """Whether the task that ran last was cut."""
        return self.memory[appmemory.CUT] != 0

    @property
    def budget_left(self) -> int:
        """What the task that ran last left of its budget."""
        return struct.unpack_from("<q", self.memory, appmemory.BUDGET)[0]

    @functools.cached_property
    def _by_offset(self) -> tuple[list[int], list[Variable]]:
        variables = sorted((*self.app.tags.tags, *self.app.tags.variables), key=lambda v: v.offset)
        return [v.offset for v in variables], variables

    def _run(self, i: int, dt_ns: int) -> None:
        wall_ns = self.wall_start_ns + self._now_ns
        struct.pack_into("<qqqQ", self.memory, appmemory.NOW_NS, self._now_ns, dt_ns, wall_ns, self._scans)
        struct.pack_into("<?B", self.memory, appmemory.FIRST_SCAN, not self._ran[i], 0)
        struct.pack_into("<q", self.memory, appmemory.BUDGET, self.budget)
        self._ran[i] = True
        self.machine.run_task(i)

    def _find(self, name: str) -> Variable:
        variable = self.app.tags.find(name)
        assert variable is not None, f"no variable {name}; nearest is {self.app.tags.nearest(name)}"
        return variable
