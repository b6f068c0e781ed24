"""The scan on virtual time: runs any machine as fast as it can, with no shared memory, device or clock.

For `voltscan exec`, tests and the closed loop with a plant. Tasks run exactly as the kernel runs them
(scan/phases/tasks.py); latch, commands and publish belong to whoever owns the memory here: set inputs before a scan,
read outputs after it.
"""

import ctypes
import struct

from runtime.core import appmemory
from runtime.core.binding import Bindings
from runtime.core.elementary import Value
from runtime.core.fault import ProgramFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag, Variable
from runtime.image.control import Control
from runtime.image.layout import lay_out
from runtime.lang.machine import Machine
from runtime.lang.native import Native
from runtime.scan.faults import RecordedFault, fault_count, recorded_faults
from runtime.scan.kernel import Kernel
from runtime.scan.planning import Addresses, PlannedTask, ScanPlan, Timing
from runtime.wire.messages import JsonValue
from runtime.wire.values import parse, to_json

DEFAULT_BUDGET = 1_000_000
"""Loop iterations and calls a task and scan; the default of a site file too."""
START_NS = 1_000_000_000_000
"""Scan clock of scan 1: not 0, so that a time stamp of 0 stays `never`."""
WALL_START_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z, so that two runs are the same run."""

_HEADER_WORDS = struct.Struct("<qqqQ")  # NOW_NS, DT_NS, WALL_NS, SCAN_NO
_BUDGET = struct.Struct("<q")
_STAMP = struct.Struct("<q")


class VirtualScan:
    """Scans of one machine. With a kernel and a `Native` machine the scans run natively; the memory is the same.

    `task_count` leaves out the tasks behind so many: those of an application's tests (scan/testrun.py).
    """

    def __init__(
        self,
        machine: Machine,
        *,
        period_ns: int,
        budget: int = DEFAULT_BUDGET,
        start_ns: int = START_NS,
        wall_start_ns: int = WALL_START_NS,
        kernel: Kernel | None = None,
        task_count: int | None = None,
    ) -> None:
        self.machine = machine
        self.scan_no = 0
        self._period_ns, self._budget = period_ns, budget
        self._start_ns, self._wall_start_ns = start_ns, wall_start_ns
        self._tasks = machine.app.tasks[:task_count]
        self._turns = [-1] * len(self._tasks)
        self._native = _NativeScan(machine, kernel, self) if kernel and isinstance(machine, Native) else None

    @property
    def period_ns(self) -> int:
        """The base cycle."""
        return self._period_ns

    @property
    def budget(self) -> int:
        """What a task may use in one scan."""
        return self._budget

    @property
    def next_ns(self) -> int:
        """Scan clock of the next scan."""
        return self._start_ns + self.scan_no * self._period_ns

    @property
    def now_ns(self) -> int:
        """Scan clock of the last scan; before the first, one base cycle earlier than it."""
        return self.next_ns - self._period_ns

    @property
    def next_wall_ns(self) -> int:
        """Wall clock of the next scan."""
        return self._wall_start_ns + self.scan_no * self._period_ns

    def scan(self, count: int = 1) -> None:
        """Run so many scans, one base cycle apart."""
        if self._native is not None:
            self._native.steps(self.next_ns, self.next_wall_ns, count)
            self.scan_no += count
            return
        for _ in range(count):
            self._scan_once()

    def get(self, name: str) -> Value:
        """The value of a tag or variable; of an enumeration, the number. Raises ProgramFault for an unknown name."""
        variable = self.find(name)
        return variable.type.unpack(self.machine.memory, variable.offset)

    def get_json(self, name: str) -> JsonValue:
        """The value as messages write it: labels of enumerations, TIME in ns, not finite numbers as text."""
        return to_json(self.get(name), self.find(name))

    def set(self, name: str, value: JsonValue) -> None:
        """Write a tag or variable, from a value or a text (`TRUE`, `T#5s`, a label of an enumeration).

        Raises ProgramFault for an unknown name, ValueFault for a value that does not fit.
        """
        variable = self.find(name)
        variable.type.pack_into(self.machine.memory, variable.offset, parse(value, variable))

    def set_input(self, name: str, value: JsonValue, quality: Quality = Quality.GOOD) -> None:
        """As `set`, for a tag, with the quality and stamp of a reading that is taken just at the next scan."""
        tag = self.find(name)
        if not isinstance(tag, Tag):
            raise ProgramFault("only a tag has a quality", where=name, mend="declare it in VAR_GLOBAL")
        self.set(name, value)
        app, memory = self.machine.app, self.machine.memory
        memory[app.quality_offset + tag.index] = quality
        _STAMP.pack_into(memory, app.stamp_offset + 8 * tag.index, self.next_ns)

    def find(self, name: str) -> Variable:
        """The tag or variable of that name. Raises ProgramFault for an unknown one."""
        tags = self.machine.app.tags
        found = tags.find(name)
        if found is None:
            near = tags.nearest(name)
            raise ProgramFault(
                "no variable of this name", where=name, mend=f"did you mean {near}?" if near else "see `voltscan tags`"
            )
        return found

    @property
    def fault_count(self) -> int:
        """Faults since the start."""
        return fault_count(self.machine.memory)

    def faults(self) -> list[RecordedFault]:
        """The last faults, oldest first; `fault_count` tells how many there were."""
        return recorded_faults(self.machine.memory, self.machine.app.sites)

    def _scan_once(self) -> None:
        memory = self.machine.memory
        since_start_ns = self.scan_no * self._period_ns
        now_ns, wall_ns = self.next_ns, self.next_wall_ns
        if not self.scan_no:
            _STAMP.pack_into(memory, appmemory.ORIGIN_NS, now_ns)
        self.scan_no += 1
        _HEADER_WORDS.pack_into(memory, appmemory.NOW_NS, now_ns, 0, wall_ns, self.scan_no)
        for i, task in enumerate(self._tasks):
            interval_ns = task.interval_ns or self._period_ns
            turn = since_start_ns // interval_ns
            if turn == self._turns[i]:
                continue
            first, self._turns[i] = self._turns[i] < 0, turn
            _STAMP.pack_into(memory, appmemory.DT_NS, interval_ns)
            memory[appmemory.FIRST_SCAN] = first
            memory[appmemory.CUT] = 0
            _BUDGET.pack_into(memory, appmemory.BUDGET, self._budget)
            self.machine.run_task(i)


class _NativeScan:
    """The kernel over a native machine's memory: no pages, no frames, one private control segment in RUN."""

    def __init__(self, machine: Native, kernel: Kernel, scan: VirtualScan) -> None:
        app = machine.app
        self._machine = machine  # keeps its code bound
        self._steps = kernel.steps
        self._control = Control(run_switch=1)
        layout = lay_out(
            app.tags,
            Bindings(inputs={}, outputs=()),
            app_size=len(app.initial),
            quality_offset=app.quality_offset,
            stamp_offset=app.stamp_offset,
            app_hash=app.layout_hash,
        )
        self._plan = ScanPlan(
            layout,
            timing=Timing(scan.period_ns, frame_valid_ns=0, stop_on_fault=False),
            tasks=[
                PlannedTask(machine.task_address(i), task.interval_ns, scan.budget, stop_on_fault=False)
                for i, task in enumerate(app.tasks)
            ],
            at=Addresses(ctypes.addressof(self._control), machine.memory_address, image=None),
            initial=app.initial,
            first_output_site=len(app.sites),
        )

    def steps(self, now_ns: int, wall_ns: int, count: int) -> None:
        self._steps(self._plan.address, now_ns, wall_ns, count)
