"""The commands of the flight recorder: what they take; the work is in replay.py."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.options import Json, Site


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    for command in (record, replay):
        app.command()(command)


def record(
    reason: Annotated[str, typer.Option(help="A word for the file's name.")] = "asked",
    site: Site = None,
    json: Json = False,
) -> None:
    """Save what the flight recorder of a running controller remembers."""
    from runtime.cli.controller.replay import record as save_recording

    raise typer.Exit(save_recording(site, reason, as_json=json))


def replay(
    recording: Annotated[Path, typer.Argument(help="File of `voltscan record`, or of a fault.")],
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A variable for --out, --plot and --step.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a row a scan: .csv or .parquet.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the tags: .svg or .png.")] = None,
    step: Annotated[bool, typer.Option("--step", help="Stop after each scan.")] = False,
    why: Annotated[str | None, typer.Option(metavar="TAG@SCAN", help="Which input made it what it is there?")] = None,
    window: Annotated[
        int, typer.Option(min=0, help="For --why: scans back in which inputs are suspects; 0: up to 100.")
    ] = 0,
    to_test: Annotated[Path | None, typer.Option(metavar="FILE.st", help="Make an ST test of its last scans.")] = None,
    scans: Annotated[int, typer.Option(min=1, help="For --to-test: how many scans.")] = 500,
    json: Json = False,
) -> None:
    """Run a recording again, bit for bit; exit code 1 when it differs from what was recorded."""
    from runtime.cli.controller.replay import ReplayOrder, replay_file

    order = ReplayOrder(out, plot, tuple(tags or ()), step, why, window, to_test, scans)
    raise typer.Exit(replay_file(recording, order, as_json=json))
