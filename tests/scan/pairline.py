"""A pair's two scans on virtual time, and beside them one that is a controller alone."""

from dataclasses import dataclass, field
from pathlib import Path

from runtime.core.appmemory import APPLIED_INDEX
from runtime.image.frame import FrameReader, OutputFrame
from runtime.image.mailbox import MailboxWriter
from runtime.image.mirror import MirrorEntry, MirrorWriter
from runtime.image.segment import ControlSegment
from runtime.image.snapshot import Snapshot, SnapshotReader
from runtime.scan.kernel import Kernel
from tests.scan.versionline import CYCLE_NS, MS, Line

LIB = Path(__file__).parents[2] / "programs" / "lib"
BLOCKS = "".join((LIB / f"{name}.st").read_text() for name in ("seconds", "is_finite", "pid"))
PROGRAM = (
    BLOCKS
    + """
VAR_GLOBAL p_kw : REAL; set_kw : REAL; lamp : BOOL; note : STRING[40]; order : INT; END_VAR
PROGRAM slow VAR turns : LINT; firsts : INT; at : TIME; END_VAR
turns := turns + 1;
at := TIME();
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
END_PROGRAM
PROGRAM fast
VAR
    scans : LINT; energy : LREAL; pid : PID; t : TON; lap : TP; read_ago : TIME; now : TIME; firsts : INT; taken : INT;
    bias : REAL;
END_VAR
scans := scans + 1;
energy := energy + LREAL#0.25;
pid(setpoint := 50.0, measured := p_kw, kp := 0.4, ki := 2.5, kd := 0.01, filter_s := 0.05);
t(IN := TRUE, PT := T#300ms);
lap(IN := t.Q, PT := T#200ms);
read_ago := AGE(p_kw);
now := TIME();
set_kw := pid.out + bias;
lamp := lap.Q;
taken := taken + order;
order := 0;
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
END_PROGRAM
PROGRAM chart VAR entered : INT; END_VAR
INITIAL_STEP idle: END_STEP
STEP busy: count(P1); END_STEP
ACTION count: entered := entered + 1; END_ACTION
TRANSITION FROM idle TO busy := idle.T >= T#70ms; END_TRANSITION
TRANSITION FROM busy TO idle := busy.T >= T#110ms; END_TRANSITION
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#10ms, PRIORITY := 0);
    TASK lazy (INTERVAL := T#50ms, PRIORITY := 1);
    PROGRAM fast WITH quick : fast;
    PROGRAM chart WITH quick : chart;
    PROGRAM slow WITH lazy : slow;
END_CONFIGURATION
"""
)

FAR_NS = 900_000_000 * MS
"""How much longer the one machine has been up than the other."""
LEASE_NS = 45 * MS


class Side:
    """One controller of a pair. `now_ns` of its line is its own monotonic time."""

    def __init__(self, kernel: Kernel, *, start_ns: int, pair: int = 1) -> None:
        self.segment = ControlSegment.create()
        self.control = self.segment.control
        self.control.run_switch, self.control.term, self.control.pair = 1, 1, pair
        self.line = Line(kernel, self.segment, now_ns=start_ns)
        self.line.start(PROGRAM)
        image = self.line.version.image
        self.mirror, self.snapshots, self.frames = MirrorWriter(image), SnapshotReader(image), FrameReader(image)
        self.mailbox = MailboxWriter(self.segment, version=self.line.number)

    def close(self) -> None:
        self.line.version.image.close()
        self.segment.close()

    def leads(self, term: int) -> None:
        self.control.lead_term = term

    def scan(self, p_kw: float, *, leased: bool = True) -> None:
        self.control.lease_until_ns = self.line.now_ns + (LEASE_NS if leased else 0)
        self.line.feed(p_kw)
        self.line.scan()

    def passes(self, cycles: int) -> None:
        self.line.now_ns += cycles * CYCLE_NS

    def snapshot(self) -> Snapshot:
        found = self.snapshots.latest()
        assert found is not None
        return found

    def frame(self) -> OutputFrame:
        found = self.frames.latest()
        assert found is not None
        return found

    def receives(self, snapshot: Snapshot, *, term: int, late_ns: int = 2 * MS) -> int:
        """What the redundancy process makes of the leader's snapshot, so long after the cycle that has just been."""
        index = int.from_bytes(snapshot.memory[APPLIED_INDEX : APPLIED_INDEX + 8], "little")
        received_ns = self.line.now_ns - CYCLE_NS + late_ns
        entry = MirrorEntry(term, snapshot.scan_no, snapshot.now_ns, received_ns, index, snapshot.memory)
        return self.mirror.write(entry)


@dataclass
class Pair:
    """A leads in term 4 and B mirrors it; C is what a controller alone does with the same inputs."""

    a: Side
    b: Side
    c: Side
    p_kw: float = field(default=0.0)

    def feed(self) -> float:
        self.p_kw = 10.0 + 1.5 * (self.a.line.now_ns // CYCLE_NS % 17)
        return self.p_kw

    def run(self, count: int) -> None:
        """A scans, B mirrors, C scans."""
        for _ in range(count):
            p_kw = self.feed()
            for side in (self.a, self.b, self.c):
                side.scan(p_kw)
            self.b.receives(self.a.snapshot(), term=4)

    def gap(self, cycles: int) -> None:
        """Nobody scans for so long, but B's devices are read and its cycles go on."""
        self.a.passes(cycles)
        self.c.passes(cycles)
        for _ in range(cycles):
            self.b.scan(self.p_kw)

    def run_b(self, count: int) -> None:
        """B scans instead of A, and C."""
        for _ in range(count):
            p_kw = self.feed()
            self.a.passes(1)
            for side in (self.b, self.c):
                side.scan(p_kw)
