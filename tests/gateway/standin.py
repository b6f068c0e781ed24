"""A controller without a native scan: real segments, and a stand-in that does what a scan does, step by step."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from runtime.core import appmemory
from runtime.core.appmemory import HEADER_SIZE
from runtime.core.binding import Bindings, CommandBinding, InputBinding, OutputBinding
from runtime.core.elementary import BOOL, INT, LREAL, REAL, TIME, UDINT, USINT, Elementary, Value, string
from runtime.core.fault import FaultCode, FaultSite
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable, Variable
from runtime.gateway.engine import Gateway
from runtime.gateway.scada.server import ScadaService
from runtime.image.channel import ChannelEnd
from runtime.image.control import MAILBOX_IS_TEXT, MAILBOX_LEN, MailboxEntry
from runtime.image.forces import ForceTable
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.wire.endpoints import endpoints
from runtime.wire.stream import StreamClient

MODES = (("PASSIVE", 0), ("SELF_CONSUMPTION", 1))
RESULTS = (("NONE", 0), ("ACCEPTED", 1), ("DONE", 2), ("REFUSED_RANGE", 3), ("REFUSED_STATE", 4))
DONE, REFUSED_STATE = 2, 4
CYCLE_NS = 10_000_000

LEAVES: list[tuple[str, Elementary, dict[str, object]]] = [
    ("meter_1.p_kw", REAL, {"unit": "kW"}),
    ("meter_1.e_kwh", LREAL, {"unit": "kWh"}),
    ("rack_1.soc_pct", REAL, {"unit": "%", "minimum": 0.0, "maximum": 100.0}),
    ("rack_1.alarm_bits", USINT, {}),
    ("pcs_1.p_set_kw", REAL, {"unit": "kW"}),
    ("pcs_1.enable", BOOL, {}),
    ("plant_1.mode", USINT, {"labels": MODES, "enum_name": "CONTROL_MODE"}),
    ("plant_1.target_kw", REAL, {"unit": "kW"}),
    ("plant_1.uptime", TIME, {}),
    ("plant_1.count", INT, {"no_force": True}),
    ("cell[1].mv", INT, {}),
    ("cell[2].mv", INT, {}),
    ("command_mode_1.value", USINT, {"labels": MODES, "enum_name": "CONTROL_MODE"}),
    ("command_mode_1.seq", UDINT, {}),
    ("ack_mode_1.seq", UDINT, {}),
    ("ack_mode_1.result", USINT, {"labels": RESULTS, "enum_name": "COMMAND_RESULT"}),
    ("command_target_1.value", REAL, {"unit": "kW", "minimum": -100.0, "maximum": 100.0}),
    ("command_target_1.ramp_kw_s", REAL, {"unit": "kW/s", "minimum": 0.0, "maximum": 50.0}),
    ("command_target_1.seq", UDINT, {}),
    ("ack_target_1.seq", UDINT, {}),
    ("ack_target_1.result", USINT, {"labels": RESULTS, "enum_name": "COMMAND_RESULT"}),
    ("plate_1.note", string(7), {}),
    ("plate_1.wide", string(3, wide=True), {}),
    ("command_note_1.value", string(7), {}),
    ("command_note_1.seq", UDINT, {}),
    ("ack_note_1.seq", UDINT, {}),
    ("ack_note_1.result", USINT, {"labels": RESULTS, "enum_name": "COMMAND_RESULT"}),
    ("plate_1.code", INT, {"secret": True}),
]
PROGRAM_X = "main.x"
READ_ONLY_X = "x_shown"


def make_manifest() -> Manifest:
    tags = [
        Tag(name=name, type=of, offset=HEADER_SIZE + 8 * i, index=i, file="demo.st", line=i + 1, **more)  # type: ignore[arg-type]
        for i, (name, of, more) in enumerate(LEAVES)
    ]
    variable = Variable(name=PROGRAM_X, type=INT, offset=HEADER_SIZE + 8 * len(LEAVES))
    shown = Variable(name=READ_ONLY_X, type=INT, offset=variable.offset, file="demo.st", line=99, read_only=True)
    quality_offset = variable.offset + 8
    stamp_offset = quality_offset + (len(tags) + 7) // 8 * 8
    return Manifest(
        site="tested",
        cycle_ns=CYCLE_NS,
        budget=1000,
        on_fault="stop",
        frame_valid_ns=100_000_000,
        tags=TagTable(tags, [variable, shown]),
        tasks=(ManifestTask("fast", CYCLE_NS, 0),),
        sites=(FaultSite(FaultCode.DIVISION_BY_ZERO, "main", "demo.st", 7, 3),),
        app_size=stamp_offset + 8 * len(tags),
        quality_offset=quality_offset,
        stamp_offset=stamp_offset,
        app_hash="tested",
        bindings=Bindings(
            inputs={
                "meter_1": (InputBinding("meter_1.p_kw", 0), InputBinding("meter_1.e_kwh", 0)),
                "rack_1": (InputBinding("rack_1.soc_pct", 0), InputBinding("rack_1.alarm_bits", 0)),
            },
            outputs=(OutputBinding("pcs_1.p_set_kw", "pcs_1", 0.0), OutputBinding("pcs_1.enable", "pcs_1", None)),
            commands=(
                CommandBinding("mode", "command_mode_1", "ack_mode_1"),
                CommandBinding("target", "command_target_1", "ack_target_1"),
                CommandBinding("note", "command_note_1", "ack_note_1"),
            ),
        ),
    )


class Controller:
    """Segments and a scan that runs when told to. Its program answers commands as `answer` says (None: never)."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.manifest = make_manifest()
        self.image = ImageSegment.create(self.manifest.layout())
        self.control = ControlSegment.create()
        self.forces = ForceTable(self.image, self.manifest.tags)
        self.answer: int | None = DONE
        self.requested = asyncio.Event()
        self.memory = bytearray(self.manifest.app_size)
        self.scan_no = 0
        self._snapshots = ChannelEnd(self.image, self.image.layout.snapshots)
        self.control.control.cycle_ns = CYCLE_NS
        self.control.control.scan_start_count = 1
        for name in ("meter_1.p_kw", "meter_1.e_kwh", "rack_1.soc_pct", "rack_1.alarm_bits"):
            self.set_quality(name, Quality.GOOD)

    def leaf(self, name: str) -> Variable:
        found = self.manifest.tags.find(name)
        assert found is not None
        return found

    def set(self, name: str, value: Value) -> None:
        leaf = self.leaf(name)
        leaf.type.pack_into(self.memory, leaf.offset, value)

    def get(self, name: str) -> Value:
        leaf = self.leaf(name)
        return leaf.type.unpack(self.memory, leaf.offset)

    def set_quality(self, name: str, quality: Quality) -> None:
        tag = self.manifest.tags.tag(name)
        assert tag is not None
        self.memory[self.manifest.quality_offset + tag.index] = quality
        stamp = time.monotonic_ns().to_bytes(8, "little")
        at = self.manifest.stamp_offset + 8 * tag.index
        self.memory[at : at + 8] = stamp

    def record_fault(self) -> None:
        count = int.from_bytes(self.memory[appmemory.FAULT_COUNT :][:8], "little")
        at = appmemory.FAULT_RING + count % appmemory.FAULT_RING_LEN * appmemory.FAULT_ENTRY_SIZE
        self.memory[at : at + 16] = bytes(8) + (self.scan_no + 1).to_bytes(8, "little")
        self.memory[appmemory.FAULT_COUNT : appmemory.FAULT_COUNT + 8] = (count + 1).to_bytes(8, "little")
        self.control.control.fault_count = count + 1

    def scan(self) -> None:
        self._take_mailbox()
        self.run_program()
        self.scan_no += 1
        now_ns = time.monotonic_ns()
        self.memory[appmemory.NOW_NS : appmemory.NOW_NS + 8] = now_ns.to_bytes(8, "little")
        self.memory[appmemory.SCAN_NO : appmemory.SCAN_NO + 8] = self.scan_no.to_bytes(8, "little")
        self._snapshots.buffer[:] = self.memory
        self._snapshots.publish()
        self.control.control.scan_clock_ns = now_ns
        self.control.control.scan_no = self.scan_no
        self.control.control.driving = 1

    def _take_mailbox(self) -> None:
        mailbox = self.control.control.mailbox
        while mailbox.tail < mailbox.head:
            number = mailbox.tail % MAILBOX_LEN
            self._take(mailbox.entries[number], bytes(mailbox.texts[number]))
            mailbox.tail += 1

    def _take(self, entry: MailboxEntry, text: bytes) -> None:
        if entry.expires_ns and time.monotonic_ns() >= entry.expires_ns:
            entry.status = 2
            return
        size = entry.size & ~MAILBOX_IS_TEXT
        told = text if entry.size & MAILBOX_IS_TEXT else bytes(entry.value)
        self.memory[entry.offset : entry.offset + size] = told[:size]
        if entry.seq_offset:
            self.requested.set()
            self.memory[entry.seq_offset : entry.seq_offset + 4] = int(entry.seq).to_bytes(4, "little")
        entry.status = 1

    def run_program(self) -> None:
        for name, shown in (("mode", "plant_1.mode"), ("target", "plant_1.target_kw"), ("note", "plate_1.note")):
            seq = self.get(f"command_{name}_1.seq")
            if self.answer is not None and seq != self.get(f"ack_{name}_1.seq"):
                self.set(f"ack_{name}_1.seq", seq)
                self.set(f"ack_{name}_1.result", self.answer)
                if self.answer == DONE:
                    self.set(shown, self.get(f"command_{name}_1.value"))

    def close(self) -> None:
        self.image.close()
        self.control.close()


async def _keep_scanning(controller: Controller) -> None:
    while True:
        controller.scan()
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def scanning(controller: Controller) -> AsyncIterator[None]:
    """Scans every 10 ms, until the block ends."""
    task = asyncio.create_task(_keep_scanning(controller))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def serving(
    controller: Controller, *, scada: ScadaService | None = None, view: tuple[str, ...] = ("plant_1.*", "meter_1.p_kw")
) -> AsyncIterator[StreamClient]:
    """A gateway on this loop, and a client of it."""
    stop = asyncio.Event()
    gateway = Gateway(
        controller.manifest,
        state_dir=controller.run,
        image=controller.image,
        control=controller.control,
        run_dir=controller.run,
        view=view,
        scada=scada,
    )
    task = asyncio.create_task(gateway.run(stop))
    try:
        async with StreamClient(endpoints(controller.run), site="tested") as client:
            yield client
    finally:
        stop.set()
        await task
