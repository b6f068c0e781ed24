"""The redundancy process's end of the socket to the gateway (wire/pairport.py). One gateway at a time, the newest."""

import os
import socket
from pathlib import Path
from typing import Any

from runtime.core.fault import ConfigFault
from runtime.wire.pairport import pair_socket, receive_packets, send_packet


class GatewayPort:
    """For one thread. `accept` and `receive` when `fds` can be read; nothing waits."""

    def __init__(self, run_dir: Path) -> None:
        """Raises ConfigFault when the socket cannot be made."""
        path = pair_socket(run_dir)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        try:
            path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                self._listening.bind(str(path))
            finally:
                os.umask(before)
            self._listening.listen(2)
        except OSError as fault:
            raise ConfigFault(
                f"the gateway's socket cannot be made: {fault.strerror}", where=str(path), mend="see the run directory"
            ) from fault
        self._gateway: socket.socket | None = None
        self.fds: tuple[int, ...] = (self._listening.fileno(),)
        """What to wait for."""

    def accept(self) -> bool:
        """Whether another gateway has connected; it takes the place of the one before."""
        try:
            end, _ = self._listening.accept()
        except BlockingIOError:
            return False
        self._drop()
        end.setblocking(False)
        self._gateway = end
        self.fds = (self._listening.fileno(), end.fileno())
        return True

    def receive(self) -> list[dict[str, Any]]:
        """What the gateway has said since the last look."""
        if self._gateway is None:
            return []
        packets = receive_packets(self._gateway)
        if packets is None:
            self._drop()
        return packets or []

    def send(self, packet: dict[str, Any]) -> None:
        """Say it; a gateway that is not there, or takes nothing, hears the status later."""
        if self._gateway is not None:
            send_packet(self._gateway, packet)

    def close(self) -> None:
        """Nobody is served any more."""
        self._drop()
        self._listening.close()

    def _drop(self) -> None:
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None
            self.fds = self.fds[:1]
