"""Which driver speaks which protocol."""

from runtime.drivers.base import Registry
from runtime.drivers.can_bus import CanDriver
from runtime.drivers.modbus_tcp import ModbusTcpDriver

DRIVERS: Registry = {"modbus_tcp": ModbusTcpDriver, "can": CanDriver}
