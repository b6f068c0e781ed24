"""An I2C bus as the chips here use it: write a register, read from a register on. Every fault becomes a DriverFault."""

import errno
import importlib
from typing import Protocol

from runtime.core.fault import DriverFault

_NOT_ACKNOWLEDGED = (errno.ENXIO, errno.EREMOTEIO, errno.ENODEV)
"""What adapters give when no chip answers an address (Documentation/i2c/fault-codes)."""
INSTALL = "install it: pip install 'voltscan[gpio]' (Linux only)"


class Bus(Protocol):
    """Raises DriverFault when the chip does not acknowledge, or the bus is gone."""

    def read(self, address: int, register: int, count: int) -> bytes:
        """`count` bytes from a register on."""
        ...

    def write(self, address: int, register: int, payload: bytes) -> None:
        """Write bytes from a register on."""
        ...

    def read_plain(self, address: int) -> int:
        """One byte of a chip without registers."""
        ...

    def write_plain(self, address: int, byte: int) -> None:
        """Give one byte to a chip without registers."""
        ...

    def where(self, address: int) -> str:
        """The chip, for people."""
        ...


class Smbus:
    """/dev/i2c-N by smbus2. Opened by the first use, closed by `close`."""

    def __init__(self, number: int) -> None:
        try:
            library = importlib.import_module("smbus2")
        except ImportError as fault:
            raise DriverFault("the Python package smbus2 is not installed", mend=INSTALL) from fault
        self._number = number
        try:
            self._bus = library.SMBus(number)
        except OSError as fault:
            mend = "is the bus switched on (on a Raspberry Pi: raspi-config), and may this user open it (group i2c)?"
            raise DriverFault(fault.strerror or str(fault), where=f"/dev/i2c-{number}", mend=mend) from fault

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.close()

    def where(self, address: int) -> str:
        """The chip, for people."""
        return f"/dev/i2c-{self._number}, address 0x{address:02X}"

    def read(self, address: int, register: int, count: int) -> bytes:
        """Byte and word transfers are what every adapter can; longer ones need I2C block reads."""
        try:
            if count == 1:
                return bytes([self._bus.read_byte_data(address, register)])
            if count == 2:
                return int(self._bus.read_word_data(address, register)).to_bytes(2, "little")
            block = bytes(self._bus.read_i2c_block_data(address, register, count))
        except OSError as fault:
            raise self._told(fault, address) from fault
        if len(block) != count:
            raise DriverFault(
                f"the chip gave {len(block)} bytes where {count} were asked for", where=self.where(address)
            )
        return block

    def write(self, address: int, register: int, payload: bytes) -> None:
        """Bytes and words as such, longer ones as an I2C block."""
        try:
            if len(payload) == 1:
                self._bus.write_byte_data(address, register, payload[0])
            elif len(payload) == 2:
                self._bus.write_word_data(address, register, int.from_bytes(payload, "little"))
            else:
                self._bus.write_i2c_block_data(address, register, list(payload))
        except OSError as fault:
            raise self._told(fault, address) from fault

    def read_plain(self, address: int) -> int:
        """One byte without a register."""
        try:
            return int(self._bus.read_byte(address))
        except OSError as fault:
            raise self._told(fault, address) from fault

    def write_plain(self, address: int, byte: int) -> None:
        """One byte without a register."""
        try:
            self._bus.write_byte(address, byte)
        except OSError as fault:
            raise self._told(fault, address) from fault

    def _told(self, fault: OSError, address: int) -> DriverFault:
        nobody = fault.errno in _NOT_ACKNOWLEDGED
        what = "no chip answers" if nobody else fault.strerror or str(fault)
        return DriverFault(what, where=self.where(address), mend="is it wired and powered?" if nobody else "")
