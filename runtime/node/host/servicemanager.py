"""What the service manager is told: systemd's notification protocol, sd_notify(3), by hand.

One datagram a message to the unix socket that NOTIFY_SOCKET names (`@` first: an abstract one). WATCHDOG_USEC says
how often the service must be heard; WATCHDOG_PID whom it means.
"""

import os
import socket
from collections.abc import MutableMapping

FED_TIMES = 3
"""How often in its time the watchdog is fed: one message may be late."""


class ServiceManager:
    """The way to the service manager; without one (or when it is gone) every message is dropped."""

    def __init__(self, environment: MutableMapping[str, str], *, pid: int) -> None:
        """Takes the variables out of the environment, so that no child speaks in this service's name."""
        address = environment.pop("NOTIFY_SOCKET", "")
        period_us, meant = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        is_meant = address != "" and meant in ("", str(pid))
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            self._address = "\0" + address[1:] if address[0] == "@" else address
        self.feed_every_ns = int(period_us) * 1000 // FED_TIMES if is_meant and period_us.isdecimal() else 0
        """0: nobody asked for a watchdog."""
        self._fed_ns = 0
        self._is_ready = False

    def tick(self, now_ns: int, *, goes_on: bool, status: str) -> None:
        """Tell that the service is ready once it goes on, feed the watchdog while it does; `status` is for people."""
        if goes_on and not self._is_ready:
            self._is_ready = True
            self._send("READY=1", f"STATUS={status}")
        if goes_on and self.feed_every_ns and now_ns - self._fed_ns >= self.feed_every_ns:
            self._fed_ns = now_ns
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """What `systemctl status` shows."""
        self._send(f"STATUS={text}")

    def stopping(self) -> None:
        """The service is on its way down, as it was asked to; it is not watched any more."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
            # A service manager that is gone or busy is no reason to stop the plant; it notices missing messages itself.
            return


def from_environment() -> ServiceManager:
    """The service manager of this process."""
    return ServiceManager(os.environ, pid=os.getpid())
