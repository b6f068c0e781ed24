"""Which driver plays the devices of which kind of link."""

from runtime.drivers.base import Registry
from runtime.drivers.can.driver import CanDriver
from runtime.sim.served_modbus import ServedModbus

SERVED: Registry = {"modbus_tcp": ServedModbus, "can": CanDriver}
"""CAN has no client and server: the plan's messages say which side sends."""
