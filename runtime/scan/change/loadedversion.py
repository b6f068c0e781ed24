"""A version of the programs as the scan process holds it: code, memory with initial values, the plan of its scan."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.core.fault import ConfigFault
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.lang.native import FAULT_HOOK, FAULT_HOOK_LOCALS, load_object
from runtime.scan.kernel import Kernel
from runtime.scan.plan import OverrunRule
from runtime.scan.planning import Addresses, PlannedTask, ScanPlan, Timing

_MEND = "both come from one compilation: stop the controller and start it"


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """Keep it while its plan may run."""

    manifest: Manifest
    initial: bytes
    image: ImageSegment
    plan: ScanPlan
    programs: Any

    @property
    def app_address(self) -> int:
        """Where its application memory lies."""
        return self.image.address + self.image.layout.app_offset


def load_version(
    manifest: Manifest,
    object_code: bytes,
    initial: bytes,
    *,
    control: ControlSegment,
    image: ImageSegment,
    number: int,
    eventfds: Sequence[int] = (),
    start: bytes | None = None,
) -> LoadedVersion:
    """Bind the code, lay out application memory in `image`, and plan the scan.

    `start`: memory to begin with, where that is not `initial`. May run beside a loop: it touches nothing of another
    version. Raises ConfigFault when the parts do not belong together.
    """
    layout = image.layout
    memory = initial if start is None else start
    if len(memory) != layout.app_size:
        raise ConfigFault(
            f"initial memory has {len(memory)} bytes, {layout.app_size} expected",
            where="application memory",
            mend="compile the programs again: stop the controller and start it",
        )
    programs = load_object(object_code)
    app = image.address + layout.app_offset
    ctypes.memmove(app, memory, len(memory))
    plan = ScanPlan(
        layout,
        timing=Timing(manifest.cycle_ns, manifest.frame_valid_ns, manifest.on_fault == "stop"),
        tasks=planned_tasks(manifest, programs),
        at=Addresses(control.address, app, image.address),
        initial=memory,
        first_output_site=len(manifest.sites),
        eventfds=eventfds,
        alone=True,
        stored=manifest.stored,
    )
    plan.plan.version = number
    image.populate()
    return LoadedVersion(manifest, initial, image, plan, programs)


def capture_at_faults(version: LoadedVersion, kernel: Kernel) -> None:
    """From now on a fault is captured in the statement that does it (scan/phases/capture.py), if the code tells of it:
    what was not made by the compiler need not."""
    hook = version.programs.get_global_value_address(FAULT_HOOK)
    if not hook:
        return
    words = (ctypes.c_void_p * 2).from_address(hook)
    version.plan.plan.fault_locals = hook + FAULT_HOOK_LOCALS
    words[1] = version.plan.address
    words[0] = kernel.capture_address


def planned_tasks(manifest: Manifest, programs: Any) -> list[PlannedTask]:
    """The tasks of the manifest at their entries in loaded object code. Raises ConfigFault when they do not fit."""
    entries = [programs.get_function_address(f"vs_task_{i}") for i in range(len(manifest.tasks))]
    if 0 in entries:
        told = f"the object code has {entries.index(0)} tasks, the manifest {len(entries)}"
        raise ConfigFault(told, where="object code", mend=_MEND)
    return [
        PlannedTask(
            entry,
            task.interval_ns,
            budget=task.budget or manifest.budget,
            stop_on_fault=(task.on_fault or manifest.on_fault) == "stop",
            overrun_rule=OverrunRule[task.overrun.upper()],
        )
        for entry, task in zip(entries, manifest.tasks, strict=True)
    ]
