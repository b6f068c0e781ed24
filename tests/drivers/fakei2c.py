"""An I2C bus whose chips are dictionaries of register bytes; `silent` addresses do not acknowledge."""

from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.core.fault import DriverFault


@dataclass
class FakeBus:
    chips: dict[int, bytearray] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    log: list[tuple[int, int, str]] = field(default_factory=list)
    on_write: Callable[["FakeBus", int, int, bytes], None] = lambda *_: None
    closed: int = 0

    def read(self, address: int, register: int, count: int) -> bytes:
        return bytes(self._chip(address)[register : register + count])

    def write(self, address: int, register: int, payload: bytes) -> None:
        self._chip(address)[register : register + len(payload)] = payload
        self.log.append((address, register, payload.hex()))
        self.on_write(self, address, register, payload)

    def read_plain(self, address: int) -> int:
        return self._chip(address)[0]

    def write_plain(self, address: int, byte: int) -> None:
        self.write(address, 0, bytes([byte]))

    def where(self, address: int) -> str:
        return f"bus, address 0x{address:02X}"

    def close(self) -> None:
        self.closed += 1

    def _chip(self, address: int) -> bytearray:
        if address not in self.chips or address in self.silent:
            raise DriverFault("no chip answers", where=self.where(address))
        return self.chips[address]
