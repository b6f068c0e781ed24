"""The kind of link to a LuxPowerTek data logger: Modbus devices behind frames of its own."""

from typing import Annotated, Literal

from pydantic import Field

from runtime.iomap.kinds.kind import LinkKind
from runtime.iomap.kinds.modbus.keys import ModbusDevice, ModbusLink
from runtime.iomap.kinds.modbus.kind import MODBUS
from runtime.iomap.places import host_place
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.settings import LinkSettings, LuxpowerTcpSettings
from runtime.iomap.profiles.profile import PeriodMs
from runtime.iomap.sites.sitemap import Port

REQUEST_S = 0.3
"""One request through a data logger with a serial line behind it, an estimate: no document gives a figure."""
_Serial = Annotated[str, Field(pattern="^[A-Za-z0-9]{10}$")]


class LuxpowerTcpLink(ModbusLink):
    """A data logger on TCP. `datalog` and `inverter`: the serial numbers on their labels."""

    kind: Literal["luxpower_tcp"]
    host: str
    port: Port = 8000
    datalog: _Serial
    inverter: _Serial
    timeout_ms: PeriodMs = 3000

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return LuxpowerTcpSettings(host=self.host, port=self.port, datalog=self.datalog, inverter=self.inverter)

    def endpoint(self) -> tuple[object, ...]:
        """Host and port."""
        return host_place(self.host, self.port)

    def load(self, plans: tuple[DevicePlan, ...]) -> float:
        """Part of the link's time that its devices take; 1.0 is all of it."""
        return sum(REQUEST_S / (read.period_ns / 1e9) for plan in plans for read in plan.reads)


LUXPOWER_TCP = LinkKind(name="luxpower_tcp", protocol=MODBUS, link=LuxpowerTcpLink, device=ModbusDevice, playable=True)
