"""What the gateway sees of the controller: the newest snapshot, whether scans come, and what is forced."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.core.tag import Tag, Variable
from runtime.gateway.faults.faultlog import FaultLog
from runtime.gateway.faults.keptfaults import KeptFaults
from runtime.gateway.view.scanwatch import ScanWatch
from runtime.image.control import Control
from runtime.image.forces import ForceTable
from runtime.image.layout import InputSlot, OutputSlot
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import Snapshot, SnapshotReader
from runtime.wire.messages import ForceState, JsonValue
from runtime.wire.values import to_json

NEVER_MS = -1
"""Age of what was never read."""


@dataclass(frozen=True, slots=True)
class Look:
    """The controller at one moment: all values of a message come from one look, so that they belong together.

    `now_ns` is in PLC time, as the stamps of the snapshot are.
    `forces` by lower-case tag name. While the scan stands nothing is latched: every input then counts as BAD.
    """

    snapshot: Snapshot
    scanning: bool
    now_ns: int
    forces: Mapping[str, Value]

    def value(self, variable: Variable) -> JsonValue:
        """The value as a message carries it."""
        return to_json(self.snapshot.value(variable), variable)

    def quality(self, tag: Tag) -> Quality:
        """Quality of an input tag."""
        return self.snapshot.quality(tag) if self.scanning else Quality.BAD

    def age_ms(self, tag: Tag) -> int:
        """Milliseconds since the last good reading, counted to now and not to the last scan; NEVER_MS without one."""
        stamp_ns = self.snapshot.stamp_ns(tag)
        return max(0, self.now_ns - stamp_ns) // 1_000_000 if stamp_ns else NEVER_MS

    def is_forced(self, tag: Variable) -> bool:
        """True while the tag is held by a force."""
        return tag.name.lower() in self.forces


class Observer:
    """Looks at one controller's shared memory. For one thread."""

    def __init__(
        self,
        manifest: Manifest,
        image: ImageSegment,
        control: ControlSegment,
        *,
        watch: ScanWatch | None = None,
        faults: KeptFaults | None = None,
    ) -> None:
        """`watch` and `faults`: what the observer before an online change has seen."""
        self.manifest = manifest
        self.image = image
        self.layout = image.layout
        self.forces = ForceTable(image, manifest.tags)
        self.bound: tuple[InputSlot | OutputSlot, ...] = (*image.layout.inputs, *image.layout.outputs)
        """The tags that devices feed or are driven by; only these can be forced."""
        self.inputs: dict[str, Tag] = {slot.tag.name: slot.tag for slot in image.layout.inputs}
        self._control = control
        self._snapshots = SnapshotReader(image)
        self._watch = watch or ScanWatch(manifest.cycle_ns)
        self.fault_log = FaultLog(manifest, SnapshotReader(image, image.layout.fault_capture), kept=faults)

    @property
    def control(self) -> Control:
        """The control segment's words."""
        return self._control.control

    def tick(self, now_ns: int) -> bool:
        """Watch the scan's counter; True while it advances. Called regularly."""
        self._watch.seen(self.control.scan_start_count, self.control.scan_no, now_ns)
        return self._watch.is_scanning(now_ns)

    def latest(self) -> Snapshot | None:
        """The newest snapshot; None before the first scan."""
        return self._snapshots.latest()

    def look(self) -> Look | None:
        """Everything as it is now; None before the first scan."""
        now_ns = time.monotonic_ns()
        scanning = self.tick(now_ns)
        now_ns += self.control.plc_offset_ns
        snapshot = self.latest()
        if snapshot is None:
            return None
        forces = {name.lower(): value for name, value in self.forces.list().items()}
        return Look(snapshot, scanning, now_ns, forces)

    def force_states(self) -> list[ForceState]:
        """The forced tags, as messages carry them."""
        tags = self.manifest.tags
        return [
            ForceState(name=name, value=to_json(value, tag), type=tag.type_name)
            for name, value in self.forces.list().items()
            if (tag := tags.find(name)) is not None
        ]

    def bad_inputs(self, look: Look) -> list[str]:
        """The inputs that are BAD and not forced, in layout order."""
        return [
            name for name, tag in self.inputs.items() if look.quality(tag) is Quality.BAD and not look.is_forced(tag)
        ]

    def bad_devices(self, bad_inputs: list[str]) -> list[str]:
        """The devices of which every input that is not forced is among the bad ones."""
        bad, forced = set(bad_inputs), self.forces.list()
        by_device: dict[str, list[str]] = {}
        for slot in self.layout.inputs:
            if slot.tag.name not in forced:
                by_device.setdefault(slot.device, []).append(slot.tag.name)
        return [device for device, names in by_device.items() if all(name in bad for name in names)]
