"""The version that a loop runs, and the one it is asked to go on with. Used by the scan process beside its loop."""

import time

from runtime.core.fault import ProgramFault
from runtime.image.manifest import Manifest
from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.scan.change.changeplan import ChangePlan, carry_pins, plan_change
from runtime.scan.change.loadedversion import LoadedVersion, capture_at_faults, load_version
from runtime.scan.kernel import Kernel
from runtime.scan.plan import Plan

_LOOK_AGAIN_S = 0.001


class RunningScan:
    """For one thread beside the loop, and for `stop` from any."""

    def __init__(
        self, current: LoadedVersion, control: ControlSegment, kernel: Kernel, eventfds: tuple[int, ...] = ()
    ) -> None:
        self._current = current
        self._control = control
        self._kernel = kernel
        self._eventfds = eventfds
        self._next: tuple[LoadedVersion, ChangePlan] | None = None
        self._former: LoadedVersion | None = None  # the loop may be leaving it while a new one is in place
        self._stopped = False

    def prepare(self, manifest: Manifest, object_code: bytes, initial: bytes, *, image_fd: int, number: int) -> None:
        """Load another version beside the running one and plan the change-over. Raises PlcFault or OSError."""
        self.forget()
        image = ImageSegment.attach(image_fd, manifest.layout())
        new = load_version(
            manifest, object_code, initial, control=self._control, image=image, number=number, eventfds=self._eventfds
        )
        capture_at_faults(new, self._kernel)
        old = self._current
        migration = plan_change(old.manifest, manifest, old_initial=old.initial, new_initial=initial)
        self._next = (new, ChangePlan(old, new, migration))

    def forget(self) -> None:
        """Nothing came of what was prepared."""
        if self._next is not None:
            self._next[0].image.close()
            self._next = None

    def change(self, number: int) -> None:
        """Have the loop change over at the end of the scan under way, and wait for it however long that takes: who is
        tired of it ends this process. Raises ProgramFault when there is nothing to go on with."""
        if self._next is None or self._next[0].plan.plan.version != number:
            raise ProgramFault("this version has not been prepared", where=f"version {number}")
        new, old = self._next[0], self._current
        carry_pins(old, new)  # the gateway takes no more of them by now
        old.plan.plan.next = new.plan.address
        primitives().store_u32(old.plan.address + Plan.change.offset, 1)
        word = self._control.word_address("version")
        while primitives().load_u64(word) != number:
            time.sleep(_LOOK_AGAIN_S)
        self._former, self._current, self._next = old, new, None
        if self._stopped:
            self.stop()

    def stop(self) -> None:
        """End the loop after the scan under way, whichever version that belongs to."""
        self._stopped = True
        versions = [self._current, *([self._next[0]] if self._next is not None else [])]
        for version in versions:
            version.plan.plan.exit = 1
