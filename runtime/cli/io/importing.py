"""`voltscan io import`: devices of a MESA-style agent (settings and point lists) as profiles and a site map."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from runtime.cli.io.scanning import split_address, write_files
from runtime.core.fault import ConfigFault
from runtime.iomap.profiles.mesalist import MesaDevice, read_mesa_device
from runtime.iomap.profiles.mesawriting import Written, kind_of, write_block_down, write_down


def import_devices(configs: list[Path], *, address: str, unit: int, out: Path, force: bool) -> int:
    """Write a profile for each device beside the site map `out`, which joins them."""
    host, port = split_address(address)
    counts: dict[str, int] = {}
    files: dict[Path, str] = {}
    text = f'site = "{out.stem}"\n\n[links.devices]\nkind = "modbus_tcp"\nhost = "{host}"\nport = {port}\n'
    remarks: list[str] = []
    profiles = out.parent.parent / "profiles"
    for place, config in enumerate(configs):
        for written in _written(read_mesa_device(config), profiles, counts, unit=unit + place):
            files[profiles / f"{written.profile_name}.toml"] = written.profile
            text += f"\n{written.device_table}"
            remarks += [f"{written.device}: {remark}" for remark in written.remarks]
    write_files(files | {out: text}, force=force)
    for remark in remarks:
        print(remark)
    return 0


def _written(device: MesaDevice, profiles: Path, counts: dict[str, int], *, unit: int) -> Iterator[Written]:
    """The device and its blocks, all in one unit. `counts`: the highest number of each nature so far."""
    nature, base = kind_of(device)
    counts[nature] = counts.get(nature, 0) + 1
    yield write_down(device, number=counts[nature], unit=unit, of_base=_points_of(profiles, base))
    for block in device.blocks:
        counts["sensor"] = counts.get("sensor", 0) + 1
        yield write_block_down(block, number=counts["sensor"], unit=unit)


def _points_of(profiles: Path, base: str) -> set[str]:
    if not base:
        return set()
    try:
        told = tomllib.loads((profiles / f"{base}.toml").read_text(encoding="utf-8"))
    except OSError as fault:
        mend = f"write the site map into a folder `sites` beside the `profiles` that hold {base}.toml"
        raise ConfigFault(f"the profile {base} is not there", where=str(profiles), mend=mend) from fault
    return {*told.get("points", {}), *told.get("unplaced", {})}
