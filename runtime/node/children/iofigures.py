"""What an io engine has counted, as the run directory tells it."""

from collections.abc import Mapping

from runtime.drivers.base import BusCounts, DeviceStatistics
from runtime.iomap.plan.plan import IoPlan
from runtime.wire.iofigures import BusFigures, DeviceFigures, IoFigures


def figures_of(
    plan: IoPlan, statistics: Mapping[str, DeviceStatistics], buses: Mapping[str, BusCounts], now_ns: int
) -> IoFigures:
    """Devices and buses in the order of the map."""
    return IoFigures(
        t_ns=now_ns,
        devices=[
            _device(device.name, link, statistics[device.name])
            for link, devices in plan.devices.items()
            for device in devices
        ],
        buses=[_bus(link, counts) for link, counts in buses.items()],
    )


def _device(name: str, link: str, seen: DeviceStatistics) -> DeviceFigures:
    return DeviceFigures(
        name=name,
        link=link,
        connected=seen.connected,
        requests=seen.requests,
        errors=seen.errors,
        round_trip_ns=seen.round_trip_ns,
        good_ns=seen.last_good_ns,
    )


def _bus(link: str, counts: BusCounts) -> BusFigures:
    return BusFigures(
        link=link,
        error_frames=counts.error_frames,
        bus_off_count=counts.bus_off_count,
        restarts=counts.restarts,
        overflows=counts.overflows,
        tx_errors=counts.tx_errors,
        rx_errors=counts.rx_errors,
        passive=counts.passive,
        off=counts.off,
    )
