"""Starts a CAN controller again that has left the bus (bus-off): what `ip link set can0 type can restart` does.

Needed where the interface was set up without `restart-ms`; where it has one, the kernel does it by itself and refuses
this. Needs the right CAP_NET_ADMIN.

Source: Linux, include/uapi/linux/rtnetlink.h, if_link.h, can/netlink.h; drivers/net/can/dev/netlink.c (can_changelink).
"""

import errno
import os
import socket
import struct

from runtime.core.fault import DriverFault

RTM_NEWLINK, NLMSG_ERROR = 16, 2
REQUEST_AND_ACKNOWLEDGE = 0x01 | 0x04
IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_CAN_RESTART = 18, 1, 2, 7
REPLY_BYTES = 4096
REPLY_S = 1.0
NEEDLESS = (errno.EBUSY, errno.EINVAL)
"""The controller is not off, or the kernel restarts it by itself."""


def restart_controller(channel: str) -> None:
    """Start the controller of a network interface again; does nothing when it is not off.

    Raises DriverFault when the kernel refuses for another reason.
    """
    try:
        code = _ask(restart_request(socket.if_nametoindex(channel)))
    except OSError as fault:
        raise DriverFault(f"the controller cannot be restarted: {fault}", where=channel) from fault
    if code and code not in NEEDLESS:
        raise DriverFault(
            f"the controller cannot be restarted: {os.strerror(code)}",
            where=channel,
            mend=f"give io the right CAP_NET_ADMIN, or set it up with `ip link set {channel} type can restart-ms 100`",
        )


def restart_request(index: int) -> bytes:
    """The netlink message for the interface of that index."""
    restart = _attribute(IFLA_CAN_RESTART, struct.pack("=I", 1))
    info = _attribute(IFLA_INFO_KIND, b"can") + _attribute(IFLA_INFO_DATA, restart)
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0) + _attribute(IFLA_LINKINFO, info)
    return struct.pack("=IHHII", 16 + len(body), RTM_NEWLINK, REQUEST_AND_ACKNOWLEDGE, 1, 0) + body


def _attribute(kind: int, content: bytes) -> bytes:
    """An attribute, filled up to a multiple of four bytes; its length does not count the filling."""
    return struct.pack("=HH", 4 + len(content), kind) + content + bytes(-len(content) % 4)


def _ask(request: bytes) -> int:
    """The error number of the kernel's answer, 0 when it has done it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        link.settimeout(REPLY_S)
        link.bind((0, 0))
        link.send(request)
        reply = link.recv(REPLY_BYTES)
    _, kind, _, _, _, code = struct.unpack_from("=IHHIIi", reply)
    return -int(code) if kind == NLMSG_ERROR else 0
