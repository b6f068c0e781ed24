"""Cyclic frames that the kernel sends: SocketCAN's broadcast manager keeps their period while io is busy.

The kernel is never given more sends than a value's time allows: each order ends after a number of them, and io renews
it every period. So a setpoint does not outlive the frame that it came from, whatever becomes of io.

Source: Linux, Documentation/networking/can.rst, "Broadcast Manager protocol sockets"; include/uapi/linux/can/bcm.h.
"""

import contextlib
import socket
import struct

import can

_HEAD = struct.Struct("@3I4l2I0q")
"""struct bcm_msg_head: operation, flags, count, two intervals (seconds, microseconds), id, number of frames."""
_FRAME = struct.Struct("=IB3x8s")
_FD_FRAME = struct.Struct("=IBB2x64s")
TX_SETUP, TX_DELETE = 1, 2
SET_TIMER, START_TIMER, FD_FRAME = 0x001, 0x002, 0x800
EXTENDED = 0x8000_0000
BIT_RATE_SWITCH = 0x01


class Broadcaster:
    """The broadcast manager of one network interface. Raises OSError when the kernel refuses."""

    def __init__(self, channel: str) -> None:
        self._socket = socket.socket(socket.PF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM)
        try:
            self._socket.connect((channel,))
        except OSError:
            self._socket.close()
            raise
        self._orders: dict[tuple[int, bool], tuple[int, bool]] = {}
        """When the last of the sends ordered for an id is due, and whether they are of CAN FD."""

    def keep(self, frame: can.Message, *, period_ns: int, sends: int, now_ns: int) -> None:
        """Send the frame every period, `sends` times from now on, in place of what was ordered for its id before.

        The first goes out at once, unless the id is being sent already: then the new payload waits for its turn.
        """
        key = (frame.arbitration_id, frame.is_extended_id)
        going = now_ns < self._orders.get(key, (0, False))[0]
        flags = SET_TIMER if going else SET_TIMER | START_TIMER
        self._socket.send(setup(frame, flags=flags, period_ns=period_ns, sends=sends))
        self._orders[key] = (now_ns + (sends - 1) * period_ns, frame.is_fd)

    def forget(self) -> None:
        """End all sending now; new orders may follow."""
        for (number, extended), (_, fd) in self._orders.items():
            identifier = number | (EXTENDED if extended else 0)
            with contextlib.suppress(OSError):  # EINVAL: the kernel has ended it itself
                self._socket.send(_HEAD.pack(TX_DELETE, FD_FRAME if fd else 0, 0, 0, 0, 0, 0, identifier, 0))
        self._orders.clear()

    def close(self) -> None:
        """End all sending: the kernel drops the orders with the socket."""
        self._socket.close()


def setup(frame: can.Message, *, flags: int, period_ns: int, sends: int) -> bytes:
    """The order TX_SETUP as the kernel takes it."""
    identifier = frame.arbitration_id | (EXTENDED if frame.is_extended_id else 0)
    seconds, microseconds = divmod(period_ns // 1000, 1_000_000)
    if frame.is_fd:
        flags |= FD_FRAME
        own = BIT_RATE_SWITCH if frame.bitrate_switch else 0
        packed = _FD_FRAME.pack(identifier, len(frame.data), own, bytes(frame.data))
    else:
        packed = _FRAME.pack(identifier, len(frame.data), bytes(frame.data))
    return _HEAD.pack(TX_SETUP, flags, sends, seconds, microseconds, 0, 0, identifier, 1) + packed
