"""Which driver speaks which protocol."""

from runtime.drivers.base import Registry
from runtime.drivers.can.driver import CanDriver
from runtime.drivers.modbus.driver import ModbusTcpDriver

DRIVERS: Registry = {"modbus_tcp": ModbusTcpDriver, "can": CanDriver}
