"""Opens a CAN bus of any kind: SocketCAN, a serial adapter (slcan), a virtual bus within the process, UDP multicast.

UDP multicast stays in the machine: hop limit 0, on the loopback interface unless the map names another. python-can's
own bus joins the group on whatever interface the default route takes, fails without one, and hears every datagram to
its port; only its frame format and its reading are used here.
"""

import socket
from collections.abc import Iterable

import can
from can.interfaces.slcan import slcanBus
from can.interfaces.udp_multicast.bus import SO_TIMESTAMPNS, GeneralPurposeUdpMulticastBus, UdpMulticastBus
from can.interfaces.virtual import VirtualBus

from runtime.core.fault import DriverFault
from runtime.drivers.can.broadcast import Broadcaster
from runtime.drivers.can.restart import restart_controller
from runtime.iomap.canids import EXTENDED_ID_MAX, STANDARD_ID_MAX
from runtime.iomap.plan.plan import LinkPlan, MessagePlan
from runtime.iomap.plan.settings import CanSettings

RTR_BIT = 0x4000_0000
"""In a kernel filter's mask: remote frames are not let in (linux/can.h, CAN_RTR_FLAG)."""
_ONE_REMOTE_FRAME = RTR_BIT | EXTENDED_ID_MAX
NOTHING: can.typechecking.CanFilter = {
    "can_id": _ONE_REMOTE_FRAME,
    "can_mask": _ONE_REMOTE_FRAME,
    "extended": True,
}
"""An empty list of filters would let everything in; nobody sends this frame, and nobody here would take it."""


def open_bus(plan: LinkPlan, received: Iterable[MessagePlan] | None) -> can.BusABC:
    """The bus. On SocketCAN the kernel lets in the ids of `received` and error frames only; elsewhere all comes in.

    `received` None: everything. Raises DriverFault when the bus cannot be had.
    """
    bus = _settings(plan)
    try:
        if bus.interface == "udp_multicast":
            return _LocalMulticastBus(_LocalMulticastSocket(bus.channel, bus.port, bus.local_address), fd=bus.fd)
        if bus.interface == "virtual":
            return VirtualBus(bus.channel, protocol=_protocol(fd=bus.fd))
        if bus.interface == "slcan":
            return _serial_bus(bus)
        filters = None if received is None else kernel_filters(received)
        return can.Bus(bus.channel, interface="socketcan", can_filters=filters, fd=bus.fd)
    except (can.CanError, OSError, ValueError) as fault:  # ValueError: a bit rate that an slcan adapter does not know
        raise DriverFault(f"the bus cannot be opened: {_reason(fault)}", where=where(plan), mend=_mend(bus)) from fault


def broadcaster_of(plan: LinkPlan) -> Broadcaster | None:
    """The broadcast manager of the bus, where there is one. Raises DriverFault when the kernel refuses it."""
    bus = _settings(plan)
    if bus.interface != "socketcan":
        return None
    try:
        return Broadcaster(bus.channel)
    except OSError as fault:
        mend = "load the kernel module can-bcm"
        raise DriverFault(f"no broadcast manager: {fault}", where=where(plan), mend=mend) from fault


def restart(plan: LinkPlan) -> None:
    """Bring a controller back that is off the bus, where somebody has to. Raises DriverFault when it cannot be done."""
    bus = _settings(plan)
    if bus.interface == "socketcan":
        restart_controller(bus.channel)


def _serial_bus(bus: CanSettings) -> can.BusABC:
    """A serial adapter. It is opened without python-can's wait of two seconds, which would stop all of io."""
    return _SerialBus(bus.channel, tty_baudrate=bus.tty_baud, bitrate=bus.bitrate, sleep_after_open=0.0)


def _protocol(*, fd: bool) -> can.CanProtocol:
    return can.CanProtocol.CAN_FD if fd else can.CanProtocol.CAN_20


def kernel_filters(received: Iterable[MessagePlan]) -> list[can.typechecking.CanFilter]:
    """Filters that let in the data frames of these messages and nothing else."""
    filters: list[can.typechecking.CanFilter] = [
        {
            "can_id": message.frame_id & message.id_mask,
            "can_mask": RTR_BIT | message.id_mask & (EXTENDED_ID_MAX if message.extended else STANDARD_ID_MAX),
            "extended": message.extended,
        }
        for message in received
    ]
    return filters or [NOTHING]


def where(plan: LinkPlan) -> str:
    """The bus, for people."""
    bus = _settings(plan)
    return f"{bus.channel}:{bus.port}" if bus.interface == "udp_multicast" else f"{bus.interface} {bus.channel}"


def _settings(plan: LinkPlan) -> CanSettings:
    assert isinstance(plan.settings, CanSettings), "the registry gives this driver links of its kind"
    return plan.settings


def _reason(fault: BaseException) -> str:
    while fault.__cause__ is not None:
        fault = fault.__cause__
    return str(fault)


def _mend(bus: CanSettings) -> str:
    if bus.interface == "udp_multicast":
        return (
            f"no multicast route on {bus.local_address}? try `ip route add 239.0.0.0/8 dev lo`, "
            "or set local_address of the link to an address of this machine"
        )
    if bus.interface == "slcan":
        return f"is {bus.channel} the adapter's serial device, and may this user open it (group dialout)?"
    if bus.interface == "socketcan":
        return f"try `ip link set {bus.channel} up type can bitrate {bus.bitrate}`"
    return ""


class _SerialBus(slcanBus):
    """python-can's slcan bus, mended in two places.

    It chokes for ever on a byte that is no text: here what was read is dropped. And when the adapter was pulled out it
    fails to close the device.
    """

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        try:
            return super()._recv_internal(timeout)
        except (can.CanOperationError, ValueError) as fault:
            if isinstance(fault.__cause__, OSError):
                raise
            self.flush()
            raise can.CanOperationError("the adapter sent what is no slcan line") from fault

    def shutdown(self) -> None:
        try:
            super().shutdown()
        except can.CanOperationError:
            self.serialPortOrig.close()


class _LocalMulticastSocket(GeneralPurposeUdpMulticastBus):
    """python-can's multicast socket, bound to one group on one interface."""

    def __init__(self, group: str, port: int, local_address: str) -> None:
        self._local_address = local_address
        super().__init__(group, port, hop_limit=0)

    def _create_socket(self, address_family: socket.AddressFamily) -> socket.socket:
        made = socket.socket(address_family, socket.SOCK_DGRAM)
        try:
            local = socket.inet_aton(self._local_address)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, self.hop_limit)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, local)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.timestamp_nanosecond = True
            made.bind((self.group, self.port))
            joined = socket.inet_aton(self.group) + local
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        except OSError as fault:
            made.close()
            raise can.CanInitializationError("no multicast socket") from fault
        return made


class _LocalMulticastBus(UdpMulticastBus):
    """python-can's multicast bus over such a socket (made first: a bus without one complains when it is dropped)."""

    def __init__(self, multicast: _LocalMulticastSocket, *, fd: bool) -> None:
        can.BusABC.__init__(self, multicast.group)
        self._multicast = multicast
        self._can_protocol = _protocol(fd=fd)
