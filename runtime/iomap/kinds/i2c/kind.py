"""The kind of link to chips on an I2C bus."""

from collections.abc import Iterator
from dataclasses import replace

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.i2citem import I2cChip
from runtime.iomap.kinds.i2c.keys import I2cDevice, I2cLink, I2cProfile
from runtime.iomap.kinds.i2c.points import resolve
from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import Device


def _complete(plan: DevicePlan, loaded: LoadedProfile, device: Device) -> DevicePlan:
    profile = loaded.profile
    assert isinstance(profile, I2cProfile), "the profile is of this protocol"
    assert isinstance(device, I2cDevice), "the device is on a link of this protocol"
    told = profile.i2c.identity
    identity = None if told is None else (told.register_, told.value)
    return replace(plan, i2c=I2cChip(name=profile.i2c.chip, address=_address(profile, device), identity=identity))


def _address(profile: I2cProfile, device: I2cDevice) -> int:
    return profile.i2c.address if device.address is None else device.address


def _addresses_twice(site: LoadedSite) -> Iterator[Diagnostic]:
    first_by_address: dict[tuple[str, int], str] = {}
    places = site.document.places
    for name, device in site.map.devices.items():
        loaded = site.profiles.get(device.profile)
        if loaded is None or not isinstance(loaded.profile, I2cProfile) or not isinstance(device, I2cDevice):
            continue
        address = _address(loaded.profile, device)
        first = first_by_address.setdefault((device.link, address), name)
        if first != name:
            yield error(
                "M4002",
                f"`{name}` and `{first}` have one address on link {device.link}",
                Label(places.value("devices", name, "address"), f"address 0x{address:02X}"),
                Label(places.value("devices", first, "address"), f"address 0x{address:02X} here too"),
                help="wire the chips to different addresses, and give `address` to the one that differs",
            )


I2C_PROTOCOL = DeviceProtocol(
    name="i2c", profile=I2cProfile, resolve=resolve, complete=_complete, conflicts=_addresses_twice
)
I2C = LinkKind(name="i2c", protocol=I2C_PROTOCOL, link=I2cLink, device=I2cDevice, playable=True)
