"""All chips of one I2C bus: they share its thread, and so its transactions never mix."""

from collections.abc import Callable, Sequence
from typing import Protocol

from runtime.core.fault import DriverFault
from runtime.drivers.base import Driver, LinkContext
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.blockingdevice import BlockingDevice
from runtime.drivers.i2c.ads1115 import Ads1115
from runtime.drivers.i2c.bme680 import Bme680
from runtime.drivers.i2c.bus import Bus, Smbus
from runtime.drivers.i2c.expander import Expander, Mcp23017, Pcf8574
from runtime.drivers.i2c.registers import RegisterChip
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.settings import I2cSettings
from runtime.iomap.wire import Wire


class Chip(Protocol):
    """One chip. Raises DriverFault when it does not answer."""

    def open(self) -> None:
        """Set it up."""
        ...

    def sample(self, wires: Sequence[Wire]) -> list[float | None]:
        """Raw numbers of these points."""
        ...

    def write(self, wire: Wire, raw: float) -> None:
        """Set an output."""
        ...


class OpenBus(Bus, Protocol):
    """A bus that can be let go."""

    def close(self) -> None:
        """Let go of the bus."""
        ...


class I2cDevice(BlockingDevice):
    """One chip on a bus that `open_bus` opens."""

    def __init__(self, plan: DevicePlan, open_bus: Callable[[], OpenBus]) -> None:
        self._plan = plan
        self._open_bus = open_bus
        self._bus: OpenBus | None = None
        self._chip: Chip | None = None

    def open(self) -> None:
        """Open the bus, see that it is the right chip, and set it up."""
        self._meet().open()

    def listen(self) -> None:
        """As `open`; the outputs of an expander are left alone."""
        chip = self._meet()
        if isinstance(chip, Expander):
            chip.listen()
        else:
            chip.open()

    def _meet(self) -> Chip:
        bus = self._bus = self._open_bus()
        told = self._plan.i2c
        assert told is not None, "the plan of an I2C device says which chip it is"
        if told.identity is not None:
            register, value = told.identity
            found = bus.read(told.address, register, 1)[0]
            if found != value:
                what = f"register 0x{register:02X} holds 0x{found:02X}, this chip's holds 0x{value:02X}"
                raise DriverFault(what, where=bus.where(told.address), mend="is it another chip?")
        self._chip = _chip(bus, self._plan)
        return self._chip

    def close(self) -> None:
        """Let go of the bus."""
        bus, self._bus, self._chip = self._bus, None, None
        if bus is not None:
            bus.close()

    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        """Raw numbers of these points."""
        return self._held().sample(wires)

    def write(self, wire: Wire, raw: float) -> None:
        """Set an output."""
        self._held().write(wire, raw)

    def _held(self) -> Chip:
        if self._chip is None:
            raise DriverFault("the bus was let go")
        return self._chip


def _chip(bus: Bus, plan: DevicePlan) -> Chip:
    assert plan.i2c is not None, "the plan of an I2C device says which chip it is"
    address = plan.i2c.address
    match plan.i2c.name:
        case "bme680":
            return Bme680(bus, address)
        case "ads1115":
            return Ads1115(bus, address)
        case "registers":
            return RegisterChip(bus, address)
        case "pcf8574" | "mcp23017":
            ports = Pcf8574(bus, address) if plan.i2c.name == "pcf8574" else Mcp23017(bus, address)
            wires = [*(point.wire for point in plan.inputs), *(point.wire for point in plan.outputs)]
            return Expander(ports, [*wires, *(beat.wire for beat in plan.heartbeats)])


def i2c_driver(context: LinkContext) -> Driver:
    """The driver of links of kind i2c."""
    settings = context.link.settings
    assert isinstance(settings, I2cSettings), "the registry gives this driver links of its kind"
    return BlockingDriver(context, lambda plan: I2cDevice(plan, lambda: Smbus(settings.bus)))
