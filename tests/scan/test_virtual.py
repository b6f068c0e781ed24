"""The scan on virtual time: interpreter, native code task by task, and native scans leave the same bytes."""

import pytest

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import DINT, INT, LINT, REAL, TIME
from runtime.core.fault import FaultCode, FaultSite, PlcFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable, Variable
from runtime.lang import ir
from runtime.lang.application import Application, ProgramInstance, Task
from runtime.lang.interp.interpreter import Interpreter
from runtime.lang.llvm.compile import compile_object
from runtime.lang.native import Native
from runtime.scan.virtual import START_NS, VirtualScan

MS = 1_000_000
MODES = (("IDLE", 0), ("RUN", 1), ("STOP", 7))
TAGS = (
    Tag(name="mode", type=INT, offset=HEADER_SIZE, index=0, labels=MODES, enum_name="MODE"),
    Tag(name="power", type=REAL, offset=HEADER_SIZE + 8, index=1, minimum=-100.0, maximum=100.0),
)
LEAVES = ("fast.calls", LINT), ("fast.clock", TIME), ("slow.calls", LINT), ("slow.dt", TIME), ("slow.quotient", DINT)
VARIABLES = tuple(Variable(name=name, type=of, offset=HEADER_SIZE + 16 + 8 * i) for i, (name, of) in enumerate(LEAVES))
OFFSETS = {variable.name: variable.offset for variable in VARIABLES}
SITES = (
    FaultSite(FaultCode.BUDGET_EXCEEDED, "FAST", "f.st", 1, 1),
    FaultSite(FaultCode.DIVISION_BY_ZERO, "SLOW", "s.st", 4, 9),
)


def _app_place(at):
    return ir.Place(ir.Base.APP, at)


def _count(name):
    place = _app_place(OFFSETS[name])
    return ir.Assign(place, LINT, ir.Binary(LINT, "add", ir.Load(LINT, place), ir.Const(LINT, 1)))


def _copy(name, header_offset):
    return ir.Assign(_app_place(OFFSETS[name]), TIME, ir.Load(TIME, _app_place(header_offset)))


def application():
    fast = ir.Body("FAST", "PROGRAM", (_count("fast.calls"), _copy("fast.clock", 0)), b"", False)
    mode = ir.Convert(DINT, ir.Load(INT, _app_place(HEADER_SIZE)))
    divide = ir.Assign(_app_place(OFFSETS["slow.quotient"]), DINT, ir.Binary(DINT, "div", ir.Const(DINT, 21), mode, 1))
    slow = ir.Body("SLOW", "PROGRAM", (_count("slow.calls"), _copy("slow.dt", 8), divide), b"", False)
    end = HEADER_SIZE + 16 + 8 * len(LEAVES)
    return Application(
        bodies={"FAST": fast, "SLOW": slow},
        tasks=(
            Task("fast", 0, 0, (ProgramInstance("fast", "FAST", HEADER_SIZE + 16),), 1, 0),
            Task("slow", 30 * MS, 1, (ProgramInstance("slow", "SLOW", HEADER_SIZE + 32),), 1, 0),
        ),
        tags=TagTable(TAGS, VARIABLES),
        initial=bytes(end + 8 + 16),
        quality_offset=end,
        stamp_offset=end + 8,
        sites=SITES,
        layout_hash="virtual",
    )


@pytest.fixture(params=["interpreter", "native", "kernel"])
def scan(request, kernel):
    app = application()
    machine = Interpreter(app) if request.param == "interpreter" else Native(app, compile_object(app))
    return VirtualScan(machine, period_ns=10 * MS, kernel=kernel if request.param == "kernel" else None)


def test_virtual_scan_when_run_then_tasks_run_in_their_intervals_on_the_virtual_clock(scan):
    scan.set("mode", "STOP")
    table = []
    for _ in range(4):
        scan.scan()
        table.append(
            [scan.get(name) for name in ("fast.calls", "fast.clock", "slow.calls", "slow.dt", "slow.quotient")]
        )
    assert table == [
        [1, START_NS, 1, 30 * MS, 3],
        [2, START_NS + 10 * MS, 1, 30 * MS, 3],
        [3, START_NS + 20 * MS, 1, 30 * MS, 3],
        [4, START_NS + 30 * MS, 2, 30 * MS, 3],
    ]
    assert (scan.scan_no, scan.next_ns) == (4, START_NS + 40 * MS)


def test_virtual_scan_when_a_program_faults_then_fault_tells_scan_and_place_and_the_scan_goes_on(scan):
    scan.scan(7)
    assert [(fault.number, fault.scan_no, fault.site) for fault in scan.faults()] == [
        (0, 1, SITES[1]),
        (1, 4, SITES[1]),
        (2, 7, SITES[1]),
    ]
    assert str(scan.faults()[0]) == "s.st:4:9: scan 1: SLOW: integer division by zero, the result is 0"
    assert scan.get("fast.calls") == 7


def test_virtual_scan_when_run_by_three_machines_then_memory_is_the_same_bit_for_bit(kernel):
    app = application()
    code = compile_object(app)
    scans = [
        VirtualScan(Interpreter(app), period_ns=10 * MS),
        VirtualScan(Native(app, code), period_ns=10 * MS),
        VirtualScan(Native(app, code), period_ns=10 * MS, kernel=kernel),
    ]
    for one in scans:
        one.scan(5)
        one.set("mode", 1)
        one.set_input("power", 12.5)
        one.scan(40)
    first, *others = [bytes(one.machine.memory) for one in scans]
    assert others == [first, first]


def test_virtual_scan_when_values_are_set_then_labels_times_and_ranges_are_understood(scan):
    scan.set("MODE", "run")
    scan.set("slow.dt", "T#1m30s")
    scan.set_input("power", "-12.5", Quality.UNCERTAIN)
    assert (scan.get("mode"), scan.get_json("mode"), scan.get("slow.dt"), scan.get("power")) == (
        1,
        "RUN",
        90_000 * MS,
        -12.5,
    )
    app = scan.machine.app
    assert scan.machine.memory[app.quality_offset + 1] == Quality.UNCERTAIN


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("mod", 1, "did you mean mode"), ("mode", "RUNS", "did you mean RUN"), ("power", 100.5, "-100 to 100")],
)
def test_virtual_scan_when_name_or_value_is_wrong_then_fault_says_how_to_mend_it(scan, name, value, told):
    with pytest.raises(PlcFault) as caught:
        scan.set(name, value)
    assert told in str(caught.value)
