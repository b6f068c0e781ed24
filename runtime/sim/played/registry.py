"""Which driver plays the devices of which kind of link."""

from runtime.drivers.base import Driver, LinkContext, Registry
from runtime.drivers.can.driver import CanDriver
from runtime.sim.played.faultystation import FaultyStation
from runtime.sim.played.modbus import ServedModbus
from runtime.sim.played.points import ServedPoints


def _played_can(context: LinkContext) -> Driver:
    """CAN has no client and server: the plan's messages say which side sends."""
    return CanDriver(context, FaultyStation(context))


SERVED: Registry = {
    "modbus_tcp": ServedModbus,
    "modbus_rtu": ServedModbus,
    "modbus_rtu_tcp": ServedModbus,
    "luxpower_tcp": ServedModbus,
    "can": _played_can,
    "gpio": ServedPoints,
    "i2c": ServedPoints,
    "host": ServedPoints,
}
