"""The kinds of links to Modbus devices, and what a Modbus device's plan holds besides its points."""

from dataclasses import replace

from runtime.iomap.kinds.kind import DeviceProtocol, Kind
from runtime.iomap.kinds.modbus.keys import ModbusDevice, ModbusProfile, ModbusTcpLink
from runtime.iomap.kinds.modbus.placing import check_shared_units, place
from runtime.iomap.kinds.modbus.points import resolve
from runtime.iomap.loaded import LoadedProfile
from runtime.iomap.merge import merge_reads
from runtime.iomap.plan import DevicePlan
from runtime.iomap.sitemap import Device


def _complete(plan: DevicePlan, loaded: LoadedProfile, device: Device) -> DevicePlan:
    profile = loaded.profile
    assert isinstance(profile, ModbusProfile), "the profile is of this protocol"
    assert isinstance(device, ModbusDevice), "the device is on a link of this protocol"
    rules = profile.modbus
    groups = {name: profile.group_of(point) for name, point in profile.points.items()}
    reads = merge_reads(plan.inputs, groups=groups, max_words=rules.max_words, max_gap_words=rules.max_gap_words)
    return replace(plan, unit_id=device.unit, reads=() if plan.served else reads, max_gap_words=rules.max_gap_words)


MODBUS = DeviceProtocol(
    name="modbus",
    profile=ModbusProfile,
    resolve=resolve,
    complete=_complete,
    place=place,
    conflicts=check_shared_units,
)
MODBUS_TCP = Kind(name="modbus_tcp", protocol=MODBUS, link=ModbusTcpLink, device=ModbusDevice, playable=True)
