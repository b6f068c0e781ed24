"""The machine's watchdog: a device that resets the machine unless it is fed (Linux: watchdog/watchdog-api).

Fed only while scan and outputs go on, so a machine on which they stand starts anew. An orderly stop writes `V` before
it closes the device (the magic close), and the watchdog sleeps again; whoever dies without it leaves it awake.
"""

import errno
import fcntl
import os
import struct
from pathlib import Path

from runtime.core.fault import ConfigFault

FED_TIMES = 3
"""How often within its time-out the device is fed."""
_WDIOC_SETTIMEOUT = 0xC0045706
"""linux/watchdog.h: _IOWR('W', 6, int), seconds; the driver answers with what it took."""
_KEEP_ALIVE, _MAGIC_CLOSE = b"\0", b"V"


class HardwareWatchdog:
    """An open watchdog device. It runs from the moment it is opened."""

    def __init__(self, device: Path, *, timeout_s: int) -> None:
        """Open it and set its time-out. Raises ConfigFault: whoever asked for a watchdog does not run without."""
        try:
            self._fd = os.open(device, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as refused:
            raise ConfigFault(
                f"the watchdog cannot be opened: {refused.strerror}",
                where=str(device),
                mend="load the driver (softdog without hardware), let the service's user write the device, stop "
                "whoever holds it; or leave [watchdog] device out",
            ) from refused
        self.timeout_s = self._set_timeout(timeout_s)
        """What the driver took; it may know few values."""
        self._fed_ns = 0

    def _set_timeout(self, timeout_s: int) -> int:
        word = bytearray(struct.pack("i", timeout_s))
        try:
            fcntl.ioctl(self._fd, _WDIOC_SETTIMEOUT, word)
        except OSError as refused:
            if refused.errno not in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL):
                raise
            return timeout_s  # a driver with a fixed time-out
        taken: int = struct.unpack("i", word)[0]
        return taken

    def tick(self, now_ns: int, *, goes_on: bool) -> None:
        """Feed it, often enough, while everything goes on."""
        if goes_on and now_ns - self._fed_ns >= self.timeout_s * 1_000_000_000 // FED_TIMES:
            self._fed_ns = now_ns
            os.write(self._fd, _KEEP_ALIVE)

    def close(self) -> None:
        """An orderly end: the watchdog sleeps again (unless its driver was built never to)."""
        os.write(self._fd, _MAGIC_CLOSE)
        os.close(self._fd)
