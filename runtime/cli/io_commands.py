"""Commands for commissioning field devices, without a controller: what they take; the work is in a file each."""

from pathlib import Path
from typing import Annotated

import typer

io_app = typer.Typer(help="Field devices, on commissioning.", no_args_is_help=True)


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
    from runtime.cli.io_scan import scan_host

    raise typer.Exit(scan_host(address, units=unit or [1], out=out, force=force))
