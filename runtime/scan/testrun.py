"""Runs the tests of an application (TEST … END_TEST) on virtual time, each from fresh memory.

The body of a test runs as a task of its own. ADVANCE in it calls back here, and the application's tasks run for so
long, exactly as in `VirtualScan`; the test's own instances run when the test calls them.
"""

import re
import struct
from dataclasses import dataclass
from typing import Protocol

from runtime.core import appmemory
from runtime.core.elementary import LINT, Elementary
from runtime.core.fault import FAULT_TEXT
from runtime.core.tag import Variable
from runtime.lang.ir import Asked
from runtime.lang.machine import Machine
from runtime.lang.testing.advance import OnAdvance
from runtime.lang.testing.testcase import FAULT_CODES, Assertion, TestCase
from runtime.scan.faults import recorded_faults
from runtime.scan.virtual import START_NS, WALL_START_NS, VirtualScan
from runtime.wire.values import show, to_json

SCANS_MAX = 1_000_000
"""Scans a test may take: 2.7 hours at 10 ms, a minute of this machine's time."""

_HEADER_WORDS = struct.Struct("<qqqQB")  # NOW_NS, DT_NS, WALL_NS, SCAN_NO, FIRST_SCAN
_FROM_CUT = struct.Struct("<B6xq")  # CUT, BUDGET
_FAILED = struct.Struct("<q")


class AdvancingMachine(Machine, Protocol):
    """A machine that lets the body of a test advance time: both back ends are one."""

    def on_advance(self, answer: OnAdvance) -> None:
        """Who lets time pass."""
        ...


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a test. `failure` is empty when it passed; else `line` of `file` is where it failed."""

    __test__ = False  # pytest takes every class that is called Test… for its own

    case: TestCase
    scans: int
    failure: str = ""
    detail: str = ""
    file: str = ""
    line: int = 0

    @property
    def passed(self) -> bool:
        """True when every assertion held and nothing faulted."""
        return not self.failure


def run_test(machine: AdvancingMachine, case: TestCase, *, application_tasks: int) -> TestResult:
    """Run one test; the machine's memory is set to its initial state before."""
    machine.memory[:] = machine.app.initial
    return _Run(machine, case, application_tasks).result()


class _Run:
    """One test while it runs."""

    def __init__(self, machine: AdvancingMachine, case: TestCase, application_tasks: int) -> None:
        self._machine, self._case = machine, case
        cycle_ns = case.cycle_ns
        self._scan = VirtualScan(
            machine,
            period_ns=cycle_ns,
            start_ns=START_NS + cycle_ns,
            wall_start_ns=WALL_START_NS + cycle_ns,
            task_count=application_tasks,
        )
        self._too_long = False
        self._wanted: set[int] = set()

    def result(self) -> TestResult:
        """Run it and read what is left."""
        machine, memory = self._machine, self._machine.memory
        _HEADER_WORDS.pack_into(memory, appmemory.NOW_NS, START_NS, self._case.cycle_ns, WALL_START_NS, 1, 1)
        _FROM_CUT.pack_into(memory, appmemory.CUT, 0, self._case.budget)
        machine.on_advance(self._answer)
        machine.run_task(self._case.task)
        scans = self._scan.scan_no
        if self._too_long:
            return self._failed(f"it takes more than {SCANS_MAX} scans", "ADVANCE less, or let CYCLE be longer")
        failed: int = _FAILED.unpack_from(memory, appmemory.TEST_FAILED)[0]
        if failed:
            told = self._case.assertions[failed - 1]
            if told.text.startswith("a fault "):
                return TestResult(
                    self._case, scans, f"not recorded: {told.text}", self._recorded(), told.file, told.line
                )
            detail = _sides(bytes(memory[appmemory.TEST_LEFT : appmemory.HEADER_SIZE]), told)
            return TestResult(self._case, scans, f"does not hold: {told.text}", detail, told.file, told.line)
        faults = [f for f in recorded_faults(memory, machine.app.sites) if f.number not in self._wanted]
        if faults:
            first = faults[0]
            failure = f"fault: {FAULT_TEXT[first.site.code]}"
            detail = f"in scan {first.scan_no}, in {first.site.pou}"
            return TestResult(self._case, scans, failure, detail, first.site.file, first.site.line)
        return TestResult(self._case, scans)

    def _failed(self, failure: str, detail: str) -> TestResult:
        return TestResult(self._case, self._scan.scan_no, failure, detail, self._case.file, self._case.line)

    def _recorded(self) -> str:
        """The faults that stand in the ring, for somebody who missed one."""
        names = [f.site.code.name for f in recorded_faults(self._machine.memory, self._machine.app.sites)]
        return f"recorded so far: {', '.join(dict.fromkeys(names)) or 'none'}"

    def _want_fault(self, assertion: int, code: int) -> None:
        """Every fault of the code that was recorded so far is one that the test wants; without one the test ends."""
        memory = self._machine.memory
        faults = [f for f in recorded_faults(memory, self._machine.app.sites) if f.number not in self._wanted]
        found = {f.number for f in faults if f.site.code == code}
        self._wanted |= found
        if not found:
            _FAILED.pack_into(memory, appmemory.TEST_FAILED, assertion)
            memory[appmemory.CUT] = 1

    def _answer(self, amount: int, asked: Asked) -> None:
        if asked is Asked.FAULT:
            self._want_fault(*divmod(amount, FAULT_CODES))
        else:
            self._advance(amount, in_scans=asked is Asked.SCANS)

    def _advance(self, amount: int, *, in_scans: bool) -> None:
        """Run the application, and give the test its own account and clock words back."""
        memory, scan, cycle_ns = self._machine.memory, self._scan, self._case.cycle_ns
        left = _FROM_CUT.unpack_from(memory, appmemory.CUT)[1]
        count = max(amount, 0) if in_scans else max(-(-amount // cycle_ns), 0)
        self._too_long |= scan.scan_no + count > SCANS_MAX
        if not self._too_long and count:
            scan.scan(count)
            struct.pack_into("<q", memory, appmemory.DT_NS, cycle_ns)
            memory[appmemory.FIRST_SCAN] = 0
        _FROM_CUT.pack_into(memory, appmemory.CUT, self._too_long, left)


def _sides(kept: bytes, told: Assertion) -> str:
    """Both sides of a failed comparison, as people read them."""
    if told.type is None:
        return ""
    left, right = (_shown(kept, at, told.type, told) for at in (0, 8))
    if re.match(r"[-+]?\d|TRUE|FALSE|\w+#", told.right):
        return f"{told.left} is {left}"  # the other side says itself what it is
    tolerance = f", tolerance {_shown(kept, 16, told.type, told)}" if told.sign == "near" else ""
    return f"{told.left} is {left}, {told.right} is {right}{tolerance}"


def _shown(kept: bytes, at: int, kind: Elementary, told: Assertion) -> str:
    variable = Variable(name="", type=kind, offset=0, labels=told.labels)
    return show(to_json(kind.unpack(kept, at), variable), kind.name)


assert LINT.size == appmemory.TEST_RIGHT - appmemory.TEST_LEFT
