"""Which driver a kind of link takes. A driver, and the library it stands on, is imported when a link asks for it."""

from collections.abc import Iterator, Mapping

from runtime.core.fault import ConfigFault
from runtime.drivers.base import Driver, DriverFactory, LinkContext, Registry
from runtime.drivers.plugins import Installed
from runtime.iomap.kinds.builtin import BUILT_IN_KINDS
from runtime.iomap.kinds.kind import Kinds, Unusable


def _modbus(context: LinkContext) -> Driver:
    from runtime.drivers.modbus.driver import ModbusDriver

    return ModbusDriver(context)


def _can(context: LinkContext) -> Driver:
    from runtime.drivers.can.driver import CanDriver

    return CanDriver(context)


def _played(context: LinkContext) -> Driver | None:
    """The driver of devices that a program plays; None: they are real."""
    address = getattr(context.link.settings, "played_at", "")
    if not address:
        return None
    from runtime.drivers.playedpoints import played_driver

    return played_driver(context, address)


def _gpio(context: LinkContext) -> Driver:
    from runtime.drivers.gpio import gpio_driver

    return _played(context) or gpio_driver(context)


def _i2c(context: LinkContext) -> Driver:
    from runtime.drivers.i2c.driver import i2c_driver

    return _played(context) or i2c_driver(context)


def _host(context: LinkContext) -> Driver:
    from runtime.drivers.host import host_driver

    return _played(context) or host_driver(context)


BUILT_IN: Registry = {
    "modbus_tcp": _modbus,
    "modbus_rtu": _modbus,
    "modbus_rtu_tcp": _modbus,
    "luxpower_tcp": _modbus,
    "can": _can,
    "gpio": _gpio,
    "i2c": _i2c,
    "host": _host,
}


class AllDrivers(Mapping[str, DriverFactory]):
    """The drivers that come with Voltscan, and then those of plug-ins."""

    def __init__(self, plugins: Installed) -> None:
        self._plugins = plugins

    def __getitem__(self, kind: str) -> DriverFactory:
        if kind in BUILT_IN:
            return BUILT_IN[kind]
        found = self._plugins.plugin(kind)
        if found is None:
            raise KeyError(kind)
        if isinstance(found, Unusable):  # it could be used when the map was checked
            raise ConfigFault(f"the plug-in for links of kind {kind} cannot be used: {found.why}", mend=found.mend)
        return found.driver

    def __iter__(self) -> Iterator[str]:
        return iter({*BUILT_IN, *self._plugins.names()})

    def __len__(self) -> int:
        return len({*BUILT_IN, *self._plugins.names()})


PLUGINS = Installed()
DRIVERS: Registry = AllDrivers(PLUGINS)


def installed_kinds() -> Kinds:
    """All kinds of links that maps may name on this machine: built in, and of plug-ins."""
    return Kinds(BUILT_IN_KINDS, PLUGINS)
