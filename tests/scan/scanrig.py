"""A controller in one process: segments, a plan, tasks written by hand, scans on virtual time."""

from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.elementary import BOOL, INT, LINT, LREAL, REAL, UDINT, Elementary, Value
from runtime.core.fault import FaultCode, FaultSite
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.image.emit import Routine, Word
from runtime.image.forces import ForceTable
from runtime.image.frame import FrameReader, OutputFrame
from runtime.image.layout import ImageLayout, lay_out
from runtime.image.mailbox import MailboxWriter
from runtime.image.pages import PageWriter
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import Snapshot, SnapshotReader
from runtime.scan.faults import RecordedFault, recorded_faults
from runtime.scan.kernel import Kernel
from runtime.scan.planning import ScanPlan

MS = 1_000_000
START_NS = 1_000 * MS
WALL_NS = 1_700_000_000_000_000_000
STALE_NS = 50 * MS
TYPES: dict[str, Elementary] = {
    "in_real": REAL,
    "in_bool": BOOL,
    "in_int": INT,
    "in_lreal": LREAL,
    "out_real": REAL,
    "out_bool": BOOL,
    "out_lreal": LREAL,
    "request": INT,
    "request_seq": UDINT,
    "runs": LINT,
    "seen_dt": LINT,
    "seen_first": LINT,
    "sum": LINT,
}
BINDINGS = Bindings(
    inputs={
        "meter": (InputBinding("in_real", STALE_NS), InputBinding("in_bool", STALE_NS)),
        "pcs": (InputBinding("in_int", 0), InputBinding("in_lreal", STALE_NS)),
    },
    outputs=(
        OutputBinding("out_real", "pcs", -1.5),
        OutputBinding("out_bool", "pcs", False),
        OutputBinding("out_lreal", "pcs", None),
    ),
)


def _tags() -> TagTable:
    return TagTable(
        Tag(name=name, type=of, offset=HEADER_SIZE + 8 * i, index=i, file="main.st", line=i + 1)
        for i, (name, of) in enumerate(TYPES.items())
    )


TAGS = _tags()
QUALITY_OFFSET = HEADER_SIZE + 8 * len(TYPES)
STAMP_OFFSET = (QUALITY_OFFSET + len(TYPES) + 7) // 8 * 8
APP_SIZE = STAMP_OFFSET + 8 * len(TYPES)
SITES = tuple(
    FaultSite(FaultCode.OUTPUT_NOT_FINITE, output.tag, "main.st", TAGS.tag(output.tag).line, 1)
    for output in BINDINGS.outputs
) + tuple(FaultSite(FaultCode.TASK_OVERRUN, f"task_{i}", "main.st", 1, 1) for i in range(4))


def offset(name: str) -> int:
    tag = TAGS.tag(name)
    assert tag is not None
    return tag.offset


TaskBody = Callable[[Routine, Word], None]
"""Writes a task's code, given the routine and the word that holds the application memory's address."""


@dataclass
class Rig:
    """One controller. `scan()` runs the next scan; expectations read frame, snapshot and application memory."""

    kernel: Kernel
    image: ImageSegment
    control_segment: ControlSegment
    plan: ScanPlan
    tags: TagTable = TAGS
    now_ns: int = START_NS
    frames: FrameReader = field(init=False)
    snapshots: SnapshotReader = field(init=False)
    pages: dict[str, PageWriter] = field(init=False)
    forces: ForceTable = field(init=False)
    mailbox: MailboxWriter = field(init=False)

    def __post_init__(self) -> None:
        self.frames, self.snapshots = FrameReader(self.image), SnapshotReader(self.image)
        self.pages = {device: PageWriter(self.image, device) for device in self.image.layout.pages}
        self.forces, self.mailbox = ForceTable(self.image, self.tags), MailboxWriter(self.control_segment)
        self.control = self.control_segment.control

    @property
    def memory(self) -> memoryview:
        start = self.image.layout.app_offset
        return memoryview(self.image._map)[start : start + self.image.layout.app_size]

    def scan(self, count: int = 1, *, period_ns: int = 10 * MS) -> Snapshot:
        for _ in range(count):
            self.kernel.step(self.plan.address, self.now_ns, WALL_NS)
            self.now_ns += period_ns
        snapshot = self.snapshots.latest()
        assert snapshot is not None
        return snapshot

    def frame(self) -> OutputFrame:
        frame = self.frames.latest()
        assert frame is not None
        return frame

    def tag(self, name: str) -> Tag:
        found = self.tags.tag(name)
        assert found is not None
        return found

    def put(self, name: str, value: Value) -> None:
        tag = self.tag(name)
        with self.memory as memory:
            tag.type.pack_into(memory, tag.offset, value)

    def get(self, name: str) -> Value:
        snapshot = self.snapshots.latest()
        assert snapshot is not None
        return snapshot.value(self.tag(name))

    def quality(self, name: str) -> Quality:
        snapshot = self.snapshots.latest()
        assert snapshot is not None
        return snapshot.quality(self.tag(name))

    def faults(self) -> list[RecordedFault]:
        snapshot = self.snapshots.latest()
        assert snapshot is not None
        return recorded_faults(snapshot.memory, SITES)


def layout(task_count: int = 0) -> ImageLayout:
    return lay_out(
        TAGS,
        BINDINGS,
        app_size=APP_SIZE,
        quality_offset=QUALITY_OFFSET,
        stamp_offset=STAMP_OFFSET,
        app_hash="rig",
        task_count=task_count,
    )
