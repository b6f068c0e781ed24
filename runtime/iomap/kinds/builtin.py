"""The kinds of links that come with Voltscan."""

from runtime.iomap.kinds.can.kind import CAN
from runtime.iomap.kinds.gpio import GPIO
from runtime.iomap.kinds.host import HOST
from runtime.iomap.kinds.i2c.kind import I2C
from runtime.iomap.kinds.kind import Kinds
from runtime.iomap.kinds.modbus.kind import MODBUS_RTU, MODBUS_RTU_TCP, MODBUS_TCP
from runtime.iomap.kinds.modbus.luxpower import LUXPOWER_TCP

BUILT_IN_KINDS = (MODBUS_TCP, MODBUS_RTU, MODBUS_RTU_TCP, LUXPOWER_TCP, CAN, GPIO, I2C, HOST)
BUILT_IN = Kinds(BUILT_IN_KINDS)
"""Without plug-ins: `drivers.plugins.installed_kinds` has those too."""
