"""What carries Modbus requests to a device and its answers back, whatever lies between."""

from typing import Protocol

from runtime.core.fault import DriverFault


class Silence(DriverFault):
    """A request got no answer."""


class Line(Protocol):
    """A connection that is made once and, when it breaks, thrown away."""

    @property
    def where(self) -> str:
        """The address, for people."""
        ...

    @property
    def connected(self) -> bool:
        """False once it has broken."""
        ...

    async def connect(self) -> None:
        """Raises DriverFault when it cannot be had."""
        ...

    async def exchange(self, unit_id: int, request: bytes) -> bytes:
        """The reply of a unit, function code first. Raises Silence. The caller lets one request wait for the other."""
        ...

    def close(self) -> None:
        """Give it up."""
        ...
