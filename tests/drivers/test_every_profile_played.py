"""Any profile that is shipped can be played: a client that binds every point of it finds them all."""

from pathlib import Path

import pytest
from iobench import IoBench
from playedsite import free_port

from runtime.core.elementary import Kind, Value, elementary
from runtime.core.quality import Quality
from runtime.drivers.registry import DRIVERS
from runtime.iomap.kinds.modbus.keys import ModbusProfile
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.sites.everypoint import plan_of_every_point
from runtime.iomap.sites.load import load_site_map
from runtime.sim.played.registry import SERVED

IO_MAPS = Path(__file__).parents[2] / "io_maps"
PROFILES = sorted(file.stem for file in (IO_MAPS / "profiles").glob("*.toml"))
QUICK = ("carlo_gavazzi_em340", "pylontech_victron", "push_button")
LINKS = {
    "modbus": 'kind = "modbus_tcp"\nport = {port}\ntimeout_ms = 5000\n',
    "can": 'kind = "can"\ninterface = "virtual"\nchannel = "played_{port}"\n',
    "gpio": 'kind = "gpio"\nchip = "gpiochip0"\nplayed_at = "127.0.0.1:{port}"\n',
    "i2c": 'kind = "i2c"\nbus = 1\nplayed_at = "127.0.0.1:{port}"\n',
    "host": 'kind = "host"\nplayed_at = "127.0.0.1:{port}"\n',
}
PLAIN: dict[Kind, Value] = {Kind.BOOL: True, Kind.TEXT: "A"}
"""What a played device holds in points of these kinds; in others 1."""


def site_map(folder: Path, name: str) -> str:
    """The text of a site map with one device of that profile, all its points placed."""
    loaded, _ = load_profile(IO_MAPS / "profiles" / f"{name}.toml", IO_MAPS / "dbc")
    assert loaded is not None
    profile = loaded.profile
    text = f"[links.l]\n{LINKS[profile.protocol].format(port=free_port())}"
    text += f'[devices.device_1]\nprofile = "{name}"\nlink = "l"\nnature = "{profile.natures[0]}"\n'
    if profile.protocol == "gpio":
        lines = ", ".join(f"{point} = {place}" for place, point in enumerate(profile.points))
        text += f"lines = {{ {lines} }}\n"
    if isinstance(profile, ModbusProfile) and profile.unplaced:
        places = [
            f'{point} = {{ register = {10 * place}, type = "u16" }}' for place, point in enumerate(profile.unplaced)
        ]
        text += "[devices.device_1.registers]\n" + "\n".join(places) + "\n"
    for part in ("profiles", "dbc"):
        (folder / part).symlink_to(IO_MAPS / part)
    (folder / "sites").mkdir()
    return text


def side(folder: Path, text: str, *, serve: bool) -> IoBench:
    """Who plays the device, or who polls it; each output is driven."""
    path = folder / "sites" / f"{serve}.toml"
    path.write_text(f'site = "x"\nserve = {str(serve).lower()}\n{text}')
    site, mistakes = load_site_map(path)
    assert site is not None, mistakes
    assert site.sound, mistakes
    plan = plan_of_every_point(site)
    (link,), devices = plan.links, plan.devices["l"]
    bench = IoBench(link, *devices, registry=SERVED if serve else DRIVERS)
    points = sorted((p for device in devices for p in device.outputs), key=lambda p: p.entry)
    assert [p.entry for p in points] == list(range(len(points)))
    bench.drive(*(PLAIN.get(elementary(p.type_name).kind, 1) for p in points))
    return bench


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in PROFILES])
async def test_profile_when_played_then_a_client_finds_every_point(name: str, tmp_path: Path) -> None:
    text = site_map(tmp_path, name)
    plant, client = side(tmp_path, text, serve=True), side(tmp_path, text, serve=False)
    (driven,), (taking,) = client.engine.plan.devices["l"], plant.engine.plan.devices["l"]
    written = {point.name for point in driven.outputs}
    taken = [point.entry for point in taking.inputs if point.name in written]
    assert driven.inputs or taken

    def all_found() -> bool:
        """Each point was read, or its write taken. A 1 that such a device would not tell may be doubted."""
        readings = client.engine.pages["device_1"].readings
        sound = not readings or any(quality is Quality.GOOD for _, quality, _ in readings)
        arrived = all(plant.stamp_ns("device_1", entry) > 0 for entry in taken)
        return sound and arrived and all(stamp_ns > 0 for _, _, stamp_ns in readings)

    async with plant:
        served = lambda: plant.engine.statistics["device_1"].connected or 'kind = "can"' in text  # noqa: E731
        await plant.until(served, "it is played")
        async with client:
            await client.until(all_found, "each point was read or written")
