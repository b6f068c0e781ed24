"""Commands for commissioning field devices, what they take; the work is in a file each, here or in cli/io."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.options import Json

MapFile = Annotated[
    Path, typer.Argument(help="Site map, such as io_maps/sites/demo.toml, or a site file that names one.")
]
Points = Annotated[list[str] | None, typer.Argument(help="<device>.<point>; * and ? match. None: all.")]

io_app = typer.Typer(help="Links and field devices at first hand, for commissioning.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    app.add_typer(io_app, name="io")


@io_app.command()
def scan(
    address: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="A Modbus TCP server; port 502 by default.")],
    unit: Annotated[list[int] | None, typer.Option(min=0, max=255, help="Unit to ask; may be given again.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Site map to write, such as io_maps/sites/mine.toml; profiles go beside it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Find devices that describe themselves by SunSpec models; write profiles and a site map for them."""
    from runtime.cli.io.scanning import scan_host

    raise typer.Exit(scan_host(address, units=unit or [1], out=out, force=force))


@io_app.command(name="import")
def import_(
    configs: Annotated[list[Path], typer.Argument(help="Settings of devices, such as battery.config inverter.config.")],
    out: Annotated[Path, typer.Option(help="Site map to write; profiles go beside it.")],
    link: Annotated[str, typer.Option(metavar="HOST[:PORT]", help="Where the devices answer.")] = "127.0.0.1",
    unit: Annotated[int, typer.Option(min=0, max=255, help="Unit of the first device; the others follow.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Turn settings (JSON) and point lists (CSV) of MESA-style agents into profiles and a site map."""
    from runtime.cli.io.importing import import_devices

    raise typer.Exit(import_devices(configs, address=link, unit=unit, out=out, force=force))


@io_app.command()
def profile(
    file: Annotated[Path, typer.Argument(help="A profile (.toml), or one in JSON (.json).")],
    out: Annotated[Path | None, typer.Option(help="File to write; a profile belongs into io_maps/profiles.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Show a device profile as JSON, or make one of JSON and check it."""
    from runtime.cli.io.profilefile import convert_profile

    raise typer.Exit(convert_profile(file, out=out, force=force))


@io_app.command()
def fetch(
    site_map: Annotated[Path, typer.Argument(help="Site map, such as io_maps/sites/demo.toml.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Folder of a web server with the profiles.")],
) -> None:
    """Fetch the profiles that a site map names; each is checked first, and the local copy stays otherwise."""
    from runtime.cli.io.fetching import fetch_profiles

    raise typer.Exit(fetch_profiles(site_map, url))


@io_app.command()
def load(map_file: MapFile, json: Json = False) -> None:
    """How much of each link all points of its devices take; exit code 1 when one cannot carry it."""
    from runtime.cli.io.load import print_load

    raise typer.Exit(print_load(map_file, as_json=json))


@io_app.command()
def sniff(
    map_file: MapFile,
    link: Annotated[str, typer.Argument(help="CAN link of the map.")],
    length: Annotated[str, typer.Option("--for", help="Listen so long: 10s; without it until Ctrl-C.")] = "",
    count: Annotated[int, typer.Option(min=0, help="End after so many frames; 0: never.")] = 0,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only frames that no device of the map has.")] = False,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all frames, as candump -l does.")] = None,
    json: Json = False,
) -> None:
    """Show the frames of a CAN link: time, id, how often, whose they are, signals with units."""
    from runtime.cli.io.sniff import SniffOrder
    from runtime.cli.io.sniff import sniff as listen

    raise typer.Exit(listen(map_file, SniffOrder(link, length, count, unknown, log, json)))


@io_app.command()
def read(
    map_file: MapFile,
    points: Points = None,
    wait: Annotated[str, typer.Option(help="For the first value of each at most so long.")] = "5s",
    json: Json = False,
) -> None:
    """Read points once, from the running controller or else from the devices; exit code 1 when one is bad."""
    from runtime.cli.io.points import read_points

    raise typer.Exit(read_points(map_file, points or (), wait=wait, as_json=json))


@io_app.command()
def watch(
    map_file: MapFile,
    points: Points = None,
    every: Annotated[str, typer.Option(help="Show them so often.")] = "1s",
    length: Annotated[str, typer.Option("--for", help="So long: 10s; without it until Ctrl-C.")] = "",
    json: Json = False,
) -> None:
    """Show points again and again: value, unit, quality, age."""
    from runtime.cli.io.points import watch_points

    raise typer.Exit(watch_points(map_file, points or (), every=every, length=length, as_json=json))


@io_app.command(context_settings={"ignore_unknown_options": True})
def write(
    map_file: MapFile,
    point: Annotated[str, typer.Argument(help="<device>.<point>.")],
    value: Annotated[str, typer.Argument(help="In the point's unit; TRUE or FALSE; a name of its enumeration.")],
    length: Annotated[str, typer.Option("--for", help="On CAN send it so long; else wait so long for it.")] = "5s",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Write one point of a device while no controller drives it; asks first."""
    from runtime.cli.io.write import WriteOrder, write_point

    raise typer.Exit(write_point(map_file, WriteOrder(point, value, length, yes)))
