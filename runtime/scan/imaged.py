"""The scan over a process image of its own, on virtual time: for a coupled run with the plant, and for replay.

Nothing is left out but the clock and the devices: inputs come from pages, commands from the mailbox, forces from the
force table, outputs leave in frames behind the fence. Whoever runs it writes the pages and reads the frames.
"""

import ctypes
import struct
from collections.abc import Sequence

from runtime.core.appmemory import ORIGIN_NS
from runtime.core.elementary import Value
from runtime.core.fault import ProgramFault
from runtime.core.tag import Variable
from runtime.image.forces import ForceTable
from runtime.image.layout import FRAME_HEADER_SIZE, FRAME_VALUE_SIZE, ImageLayout
from runtime.image.mailbox import MailboxWriter
from runtime.image.manifest import Manifest
from runtime.image.pageplaces import PointPlaces
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.lang.native import load_object
from runtime.scan.change.loadedversion import planned_tasks
from runtime.scan.faults import RecordedFault, fault_count, recorded_faults
from runtime.scan.plan import PagePlan
from runtime.scan.planning import Addresses, ScanPlan, Timing
from runtime.wire.messages import JsonValue
from runtime.wire.values import parse

_I64 = struct.Struct("<q")


class ImagedScan:
    """A controller (or plant) as its scan process holds it, in memory of this process. Close it after use."""

    def __init__(self, manifest: Manifest, object_code: bytes, initial: bytes, *, recorded: bool = False) -> None:
        self.manifest = manifest
        self.layout: ImageLayout = manifest.layout()
        self.image = ImageSegment.create(self.layout)
        self.control = ControlSegment.create()
        self.control.control.run_switch = 1
        self.control.control.term = 1
        self.app_address = self.image.address + self.layout.app_offset
        room = (ctypes.c_ubyte * self.layout.app_size).from_address(self.app_address)
        self.memory = memoryview(room).cast("B")
        self.memory[:] = initial
        self._programs = load_object(object_code)
        self.mailbox = MailboxWriter(self.control)
        self.forces = ForceTable(self.image, manifest.tags)
        self.plan = ScanPlan(
            self.layout,
            timing=Timing(manifest.cycle_ns, manifest.frame_valid_ns, manifest.on_fault == "stop"),
            tasks=planned_tasks(manifest, self._programs),
            at=Addresses(self.control.address, self.app_address, self.image.address),
            initial=initial,
            first_output_site=len(manifest.sites),
            recorded=recorded,
        )
        self._pages = dict(zip(self.layout.pages, self._page_addresses(), strict=True))

    def keep_no_snapshots(self) -> None:
        """Let scans end without a snapshot: for long runs that nobody reads from beside."""
        self.plan.plan.snapshots.slots = 0

    def close(self) -> None:
        """Give the memory back; nothing may run any more."""
        self._programs.close()
        self.memory = memoryview(b"")
        self.image.close()
        self.control.close()

    def _page_addresses(self) -> Sequence[int]:
        plan = self.plan.plan
        pages = (PagePlan * plan.page_count).from_address(plan.pages) if plan.page_count else ()
        return [page.current for page in pages]

    def page_mark(self, device: str) -> int:
        """Address of `recorded` of a device's page: who changes the page but not by its channel sets it to -1."""
        plan = self.plan.plan
        number = list(self.layout.pages).index(device)
        at: int = plan.pages + number * ctypes.sizeof(PagePlan) + PagePlan.recorded.offset
        return at

    def page_sizes(self) -> list[tuple[int, int]]:
        """Address and size of what the scan latches of each device, in layout order."""
        sizes = [channel.payload_size for channel in self.layout.pages.values()]
        return list(zip(self._page_addresses(), sizes, strict=True))

    def force_changes(self) -> int:
        """How often the force table has changed."""
        return ctypes.c_uint64.from_address(self.image.address + self.layout.force_changes_offset).value

    def point_addresses(self, device: str, entry: int) -> PointPlaces:
        """Where a point lies in what the scan latches of a device."""
        found = next(slot for slot in self.layout.inputs if (slot.device, slot.entry) == (device, entry))
        return found.places.at(self._pages[device])

    def frame_value(self, entry: int) -> int:
        """Address of an output's value in the frame of the last scan."""
        address: int = self.plan.plan.frame_staging
        return address + (self.layout.outputs[entry].text_place or FRAME_HEADER_SIZE + entry * FRAME_VALUE_SIZE)

    def find(self, name: str) -> Variable:
        """The tag or variable of that name. Raises ProgramFault for an unknown one."""
        tags = self.manifest.tags
        found = tags.find(name)
        if found is None:
            near = tags.nearest(name)
            mend = f"did you mean {near}?" if near else "`voltscan tags` lists the names"
            raise ProgramFault("no variable of this name", where=name, mend=mend)
        return found

    def read(self, name: str) -> Value:
        """The value of a variable after the last scan."""
        variable = self.find(name)
        return variable.type.unpack(self.memory, variable.offset)

    def set_initial(self, name: str, value: JsonValue) -> None:
        """Give a variable its value before the first scan."""
        variable = self.find(name)
        variable.type.pack_into(self.memory, variable.offset, parse(value, variable))

    def write(self, variable: Variable, value: Value) -> None:
        """Have the next scan write a variable, through the mailbox. Raises ProgramFault when too many wait."""
        self._put(self.mailbox.put(variable, value), variable)

    def request(self, variable: Variable, value: Value, *, seq_variable: Variable, seq: int) -> None:
        """Have the next scan take a command."""
        self._put(self.mailbox.put(variable, value, seq_variable=seq_variable, seq=seq), variable)

    @staticmethod
    def _put(ticket: int | None, variable: Variable) -> None:
        if ticket is None:
            raise ProgramFault(
                "more writes than one scan takes", where=variable.name, mend="spread them over several times"
            )

    def acknowledge_faults(self) -> None:
        """Let outputs be driven again after the program faults so far."""
        self.control.control.fault_ack = fault_count(self.memory)

    @property
    def origin_ns(self) -> int:
        """PLC time of scan 1."""
        origin_ns: int = _I64.unpack_from(self.memory, ORIGIN_NS)[0]
        return origin_ns

    @property
    def plc_offset_ns(self) -> int:
        """PLC time minus the time that its pages and frames are in."""
        return int(self.plan.plan.plc_offset_ns)

    @property
    def fault_count(self) -> int:
        """Program faults since the start."""
        return fault_count(self.memory)

    def faults(self) -> list[RecordedFault]:
        """The last of them, oldest first."""
        return recorded_faults(self.memory, self.manifest.fault_sites)
