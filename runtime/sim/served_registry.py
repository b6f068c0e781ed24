"""Which driver plays devices of which protocol."""

from runtime.drivers.base import Registry
from runtime.drivers.can.driver import CanDriver
from runtime.sim.served_modbus import ServedModbus

SERVED: Registry = {"modbus_tcp": ServedModbus, "can": CanDriver}
"""CAN has no client and server: the plan's messages say which side sends."""
