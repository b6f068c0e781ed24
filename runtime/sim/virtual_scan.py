"""A scan on virtual time: the phases `run` and `account` of a controller's scan, for a machine in this process.

Due tasks run by priority, as the native kernel runs them. Inputs are written into application memory between scans,
which is what latch does; outputs are read from it after a scan, which is what publish does.
"""

import struct
from dataclasses import dataclass

from runtime.core import appmemory
from runtime.core.elementary import Value
from runtime.core.fault import FAULT_TEXT, ProgramFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag, Variable
from runtime.lang.machine import Machine

DEFAULT_BUDGET = 1_000_000
"""Loop iterations and calls a task may use in one scan; the default of site files."""

START_NS = 1_000_000_000
"""The scan clock of the first scan: not 0, which as a stamp means "never read"."""

_CLOCK = struct.Struct("<qqqQBB")
_BUDGET = struct.Struct("<q")
_U64 = struct.Struct("<Q")
_FAULT_SITE = struct.Struct("<IIQ")


@dataclass(frozen=True, slots=True)
class _DueTask:
    number: int
    interval_ns: int


class VirtualScan:
    """Runs a machine scan by scan. `now_ns` is the clock of the last scan; nothing here looks at a real clock."""

    def __init__(
        self, machine: Machine, *, cycle_ns: int, wall_start_ns: int = 0, budget: int = DEFAULT_BUDGET
    ) -> None:
        self.machine = machine
        self.cycle_ns = cycle_ns
        self.scan_no = 0
        self.now_ns = START_NS - cycle_ns
        self._wall_offset_ns = wall_start_ns - START_NS
        self._budget = budget
        self._tasks = [_DueTask(n, t.interval_ns or cycle_ns) for n, t in enumerate(machine.app.tasks)]
        self._first = [True] * len(self._tasks)
        for n, task in enumerate(self._tasks):
            if task.interval_ns % cycle_ns:
                name = machine.app.tasks[n].name
                raise ProgramFault(
                    f"the interval of task `{name}` is no multiple of the base cycle of {cycle_ns / 1e6:g} ms",
                    mend="choose an INTERVAL that is a multiple, or another cycle",
                )

    def scan(self) -> None:
        """One scan, a base cycle after the last."""
        self.scan_no += 1
        self.now_ns += self.cycle_ns
        memory = self.machine.memory
        since_start_ns = (self.scan_no - 1) * self.cycle_ns
        wall_ns = self.now_ns + self._wall_offset_ns
        for task in self._tasks:
            if since_start_ns % task.interval_ns == 0:
                first = self._first[task.number]
                self._first[task.number] = False
                _CLOCK.pack_into(memory, 0, self.now_ns, task.interval_ns, wall_ns, self.scan_no, first, 0)
                _BUDGET.pack_into(memory, appmemory.BUDGET, self._budget)
                self.machine.run_task(task.number)

    @property
    def fault_count(self) -> int:
        """Faults since the start."""
        count: int = _U64.unpack_from(self.machine.memory, appmemory.FAULT_COUNT)[0]
        return count

    def faults(self) -> list[str]:
        """The last faults (at most as many as the ring holds), each as one line for people."""
        count = self.fault_count
        kept = range(max(0, count - appmemory.FAULT_RING_LEN), count)
        return [self._fault_line(n % appmemory.FAULT_RING_LEN) for n in kept]

    def _fault_line(self, entry: int) -> str:
        offset = appmemory.FAULT_RING + entry * appmemory.FAULT_ENTRY_SIZE
        site_no, _, scan_no = _FAULT_SITE.unpack_from(self.machine.memory, offset)
        site = self.machine.app.sites[site_no]
        return f"{site.file}:{site.line}:{site.column}: {FAULT_TEXT[site.code]} (in {site.pou}, scan {scan_no})"


class Cell:
    """One tag or variable in a machine's memory: fast reading and writing by name, found once."""

    def __init__(self, machine: Machine, name: str) -> None:
        found = machine.app.tags.find(name)
        if found is None:
            nearest = machine.app.tags.nearest(name)
            mend = f"did you mean `{nearest}`?" if nearest else "`voltscan tags` lists the names"
            raise ProgramFault(f"the programs have no variable `{name}`", mend=mend)
        self.variable: Variable = found
        self._memory = machine.memory
        self._codec = found.type.codec
        self._offset = found.offset
        self._quality_at = self._stamp_at = -1
        if isinstance(found, Tag):
            self._quality_at = machine.app.quality_offset + found.index
            self._stamp_at = machine.app.stamp_offset + 8 * found.index

    def read(self) -> Value:
        """The value now."""
        value: Value = self._codec.unpack_from(self._memory, self._offset)[0]
        return value

    def write(self, value: Value | str) -> None:
        """Set the value alone. An enumeration's value may be given by its label."""
        if isinstance(value, str):
            value = self._labelled(value)
        self._codec.pack_into(self._memory, self._offset, value)

    def latch(self, value: Value, quality: Quality, stamp_ns: int) -> None:
        """Set the value of an input with its quality and time stamp."""
        self._codec.pack_into(self._memory, self._offset, value)
        self._memory[self._quality_at] = int(quality)
        struct.pack_into("<q", self._memory, self._stamp_at, stamp_ns)

    def spoil(self) -> None:
        """Turn an input BAD; value and time stamp stay."""
        self._memory[self._quality_at] = int(Quality.BAD)

    def _labelled(self, label: str) -> int:
        for name, value in self.variable.labels:
            if name.lower() == label.lower():
                return value
        known = ", ".join(name for name, _ in self.variable.labels) or "none: it is no enumeration"
        raise ProgramFault(f"`{self.variable.name}` has no label `{label}`", mend=f"its labels: {known}")
