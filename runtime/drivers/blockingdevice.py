"""A device whose library blocks, as its driver sees it: what `blocking.BlockingDriver` asks of each."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from runtime.core.fault import DriverFault
from runtime.iomap.wire import Wire

Change = tuple[Wire, float, int]
"""A point that changed by itself: its raw number since a monotonic time in ns."""


class BlockingDevice(ABC):
    """One device, as its library gives it. All but `fileno` and `changes` is called in the link's thread."""

    @abstractmethod
    def open(self) -> None:
        """Take hold of the device. Raises DriverFault when it cannot be had."""

    def listen(self) -> None:
        """As `open`, for inputs alone: this controller is a standby, and another may drive what hangs on the outputs.

        `close` and `open` follow when it is no more. To be overridden where opening does something to outputs.
        """
        self.open()

    @abstractmethod
    def close(self) -> None:
        """Let go of it; also after `open` or a call has failed. Never raises."""

    @abstractmethod
    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        """One raw number a point; None: it has no value. Raises DriverFault when the device does not answer."""

    def write(self, wire: Wire, raw: float) -> None:  # noqa: ARG002 - of devices without outputs
        """Set an output. Raises DriverFault when the device does not take it."""
        raise DriverFault("this device has no outputs")

    def fileno(self) -> int | None:
        """A descriptor that becomes readable when `changes` has something; None: it must be asked."""
        return None

    def changes(self) -> Sequence[Change]:
        """What has changed by itself, oldest first. Called in the loop, and never waits. Raises DriverFault."""
        return ()
