"""Where the bytes of Modbus RTU go: a serial line of this machine, or a TCP connection to a converter of one."""

import asyncio
import fcntl
import os
import socket
import termios
import tty
from typing import Protocol

from runtime.core.fault import DriverFault
from runtime.drivers.modbus.halfopen import detect_half_open
from runtime.iomap.plan.settings import ModbusRtuSettings

_CHUNK = 512
_SPEEDS = {
    int(name[1:]): getattr(termios, name) for name in dir(termios) if name.startswith("B") and name[1:].isdecimal()
}


class ByteStream(Protocol):
    """Bytes to and from a line."""

    @property
    def broken(self) -> bool:
        """True once nothing more comes or goes."""
        ...

    async def read(self) -> bytes:
        """What has come, at least one byte; none at all when it is broken."""
        ...

    def write(self, some: bytes) -> None:
        """Send it. Nothing happens when it is broken."""
        ...

    def close(self) -> None:
        """Give it up."""
        ...


class TcpStream:
    """RTU frames on a TCP connection, as serial converters pass them on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, host: str, port: int, *, timeout_s: float) -> "TcpStream":
        """Raises DriverFault when nobody listens there."""
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as fault:
            mend = "is the converter on and reachable?"
            raise DriverFault("nobody listens there", where=f"{host}:{port}", mend=mend) from fault
        own = writer.get_extra_info("socket")
        if own is not None:
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            detect_half_open(own)
        return cls(reader, writer)

    @property
    def broken(self) -> bool:
        """See `ByteStream`."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def read(self) -> bytes:
        """See `ByteStream`."""
        try:
            return await self._reader.read(_CHUNK)
        except OSError:
            self._writer.close()
            return b""

    def write(self, some: bytes) -> None:
        """See `ByteStream`."""
        if not self.broken:
            self._writer.write(some)

    def close(self) -> None:
        """See `ByteStream`."""
        self._writer.close()


class SerialStream:
    """A serial device of this machine, raw, with 8 data bits, for nobody else."""

    def __init__(self, settings: ModbusRtuSettings) -> None:
        """Raises DriverFault when the device cannot be had."""
        self._reader = asyncio.StreamReader()
        self._broken = False
        try:
            self._fd = os.open(settings.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as fault:
            raise _cannot(settings, fault.strerror) from fault
        try:
            fcntl.ioctl(self._fd, termios.TIOCEXCL)
            _set_up(self._fd, settings)
        except (OSError, termios.error) as fault:
            os.close(self._fd)
            raise _cannot(settings, str(fault)) from fault
        asyncio.get_running_loop().add_reader(self._fd, self._take)

    @property
    def broken(self) -> bool:
        """See `ByteStream`."""
        return self._broken

    async def read(self) -> bytes:
        """See `ByteStream`."""
        return await self._reader.read(_CHUNK)

    def write(self, some: bytes) -> None:
        """See `ByteStream`. A request is shorter than any device's buffer: what does not go at once never will."""
        if self._broken:
            return
        try:
            if os.write(self._fd, some) != len(some):
                self._end()
        except OSError:
            self._end()

    def close(self) -> None:
        """See `ByteStream`."""
        self._end()

    def _take(self) -> None:
        try:
            some = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            some = b""
        if some:
            self._reader.feed_data(some)
        else:
            self._end()  # the adapter was pulled out

    def _end(self) -> None:
        if not self._broken:
            self._broken = True
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._reader.feed_eof()


def _set_up(fd: int, settings: ModbusRtuSettings) -> None:
    tty.setraw(fd, termios.TCSANOW)
    iflag, oflag, cflag, lflag, _, _, control = termios.tcgetattr(fd)
    cflag &= ~(termios.PARENB | termios.PARODD | termios.CSTOPB | termios.CSIZE | termios.CRTSCTS)
    cflag |= termios.CS8 | termios.CREAD | termios.CLOCAL
    if settings.parity != "none":
        cflag |= termios.PARENB
        iflag |= termios.INPCK  # a byte of the wrong parity comes as 0, and the checksum fails
    if settings.parity == "odd":
        cflag |= termios.PARODD
    if settings.stop_bits == 2:
        cflag |= termios.CSTOPB
    speed = _SPEEDS[settings.baud]
    termios.tcsetattr(fd, termios.TCSANOW, [iflag, oflag, cflag, lflag, speed, speed, control])
    termios.tcflush(fd, termios.TCIOFLUSH)


def _cannot(settings: ModbusRtuSettings, why: str | None) -> DriverFault:
    mend = "is the adapter plugged in, and may this user open it (group dialout)?"
    return DriverFault(f"the serial line cannot be opened: {why}", where=settings.device, mend=mend)
