"""What a driver is told of its link, beyond what all kinds have in common (`plan.LinkPlan`): one class a kind.

They are part of the plan that io reads from its file, so they hold plain values only.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusTcpSettings:
    """A Modbus TCP server or gateway."""

    kind: Literal["modbus_tcp"] = "modbus_tcp"
    host: str = "127.0.0.1"
    port: int = 502


Parity = Literal["none", "even", "odd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusRtuSettings:
    """A serial line of this machine. `gap_ns`: silence between frames."""

    kind: Literal["modbus_rtu"] = "modbus_rtu"
    device: str
    baud: int
    parity: Parity
    stop_bits: int
    gap_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusRtuTcpSettings:
    """A converter that passes RTU frames on from a TCP connection to a serial line."""

    kind: Literal["modbus_rtu_tcp"] = "modbus_rtu_tcp"
    host: str
    port: int
    gap_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LuxpowerTcpSettings:
    """A LuxPowerTek data logger and the inverter behind it, by their serial numbers (10 characters each)."""

    kind: Literal["luxpower_tcp"] = "luxpower_tcp"
    host: str
    port: int
    datalog: str
    inverter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CanSettings:
    """A CAN bus. `port` and `local_address` are those of frames on UDP multicast, `tty_baud` is slcan's.

    `fd`: CAN FD frames too, their data at `data_bitrate` (0: at `bitrate`).
    """

    kind: Literal["can"] = "can"
    interface: str = "socketcan"
    channel: str = ""
    port: int = 43113
    bitrate: int = 500_000
    fd: bool = False
    data_bitrate: int = 0
    tty_baud: int = 115_200
    local_address: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """A link of a kind that a plug-in brings. `table` is the link's table in the map, as JSON."""

    kind: str
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioSettings:
    """A GPIO chip, by path, name or label. `consumer`: what other programs see as the holder of its lines.

    `played_at`, here and in the next two: host:port of the program that plays the devices; empty: they are real.
    """

    kind: Literal["gpio"] = "gpio"
    chip: str
    consumer: str = "voltscan"
    played_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class I2cSettings:
    """An I2C bus: /dev/i2c-`bus`."""

    kind: Literal["i2c"] = "i2c"
    bus: int
    played_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The machine that this program runs on."""

    kind: Literal["host"] = "host"
    played_at: str = ""


LinkSettings = (
    ModbusTcpSettings
    | ModbusRtuSettings
    | ModbusRtuTcpSettings
    | LuxpowerTcpSettings
    | CanSettings
    | GpioSettings
    | I2cSettings
    | HostSettings
    | PluginSettings
)
"""PluginSettings stays last: its kind is any text."""
