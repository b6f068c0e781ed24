"""`voltscan io scan`: asks a host for SunSpec devices, and writes profiles and a site map of what it found."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.fault import ConfigFault, DriverFault

if TYPE_CHECKING:
    from runtime.drivers.modbus.link import ModbusLink
    from runtime.drivers.sunspec.discovery import FoundModel
    from runtime.drivers.sunspec.writing import FoundDevice

PORT = 502
TIMEOUT_MS = 2000
"""For one answer: a gateway with a slow line behind it takes a second."""


def scan_host(address: str, *, units: list[int], out: Path | None, force: bool) -> int:
    """Print what is there, write it to `out`; 1 when no unit is a SunSpec device."""
    host, port = split_address(address)
    devices = asyncio.run(_scan(host, port, units))
    if not devices:
        return 1
    _needs_definitions()
    from runtime.drivers.sunspec.points import identity
    from runtime.drivers.sunspec.writing import profiles_of, site_map_of

    for device in devices:
        told = identity(device.models)
        natures = ", ".join(profile.nature for profile in profiles_of(device))
        serial = f", serial number {told['serial']}" if told["serial"] else ""
        print(f"unit {device.unit}: {told['maker']} {told['model']}{serial}: {natures}")
    if out is not None:
        profiles = {p.name: p.text for device in devices for p in profiles_of(device)}
        folder = out.parent.parent / "profiles"
        files = {folder / f"{name}.toml": text for name, text in profiles.items()}
        write_files(files | {out: site_map_of(out.stem, host, port, devices)}, force=force)
        print(f"next: name the devices and their points in a program, then `voltscan check {out}`")
    return 0


async def _scan(host: str, port: int, units: list[int]) -> "list[FoundDevice]":
    from runtime.drivers.modbus.link import ModbusLink
    from runtime.drivers.sunspec.writing import FoundDevice
    from runtime.iomap.kinds.modbus.keys import ModbusTcpLink

    table = ModbusTcpLink(kind="modbus_tcp", host=host, port=port, timeout_ms=TIMEOUT_MS)
    link = ModbusLink(table.plan("scan"))
    devices: list[FoundDevice] = []
    try:
        await link.connect()
        for unit in units:
            models = await _models(link, unit)
            devices += [FoundDevice(unit, models)] if models else []
    finally:
        link.close()
    return devices


async def _models(link: "ModbusLink", unit: int) -> "list[FoundModel]":
    """The models of one unit; none, with the reason told, when it is no SunSpec device."""
    from runtime.drivers.sunspec.discovery import discover
    from runtime.iomap.plan.plan import ReadRequest
    from runtime.iomap.wire import Table

    async def read(address: int, count: int) -> list[int]:
        request = ReadRequest(group="", table=Table.HOLDING, address=address, count=count, period_ns=0, entries=())
        return await link.read(unit, request)

    def tell(step: str) -> None:
        print(f"unit {unit}: {step}", file=sys.stderr)

    try:
        return await discover(read, tell)
    except DriverFault as fault:
        tell(str(fault))
        return []


def split_address(address: str) -> tuple[str, int]:
    """HOST[:PORT] as host and port."""
    host, colon, port = address.rpartition(":") if address.count(":") == 1 else (address, "", "")
    if colon and (not port.isdecimal() or not 1 <= int(port) <= 65_535):
        raise ConfigFault(f"`{port}` is no port", where=address, mend="write HOST:PORT, such as 192.168.1.20:502")
    return (host, int(port)) if colon else (address, PORT)


def write_files(files: dict[Path, str], *, force: bool) -> None:
    """Write all files or none, and print their names. Raises ConfigFault when one is there and `force` is not given."""
    there = [str(file) for file in files if file.exists()]
    if there and not force:
        told = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already"
        raise ConfigFault(told, mend="choose another name, or write over with --force")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        print(f"written: {file}")


def _needs_definitions() -> None:
    try:
        import sunspec2.device  # noqa: F401 - only whether it is there
    except ImportError as fault:
        mend = "pip install 'voltscan[sunspec]'"
        raise ConfigFault("the SunSpec model definitions are not installed", mend=mend) from fault
