"""Entry of the `voltscan` command. Each command imports what it needs when it runs: small ones start quickly."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from runtime.cli.controller import change_commands, recording_commands
from runtime.cli.controller import commands as controller_commands
from runtime.cli.io import commands as io_commands
from runtime.cli.language import commands as language_commands
from runtime.cli.options import Json, Site, SiteFile
from runtime.cli.pair import commands as pair_commands
from runtime.cli.pair import member_commands
from runtime.core.fault import PlcFault

app = typer.Typer(
    name="voltscan",
    help="Soft PLC for battery energy storage: Structured Text programs in a native scan.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
map_app = typer.Typer(help="The SCADA register map.", no_args_is_help=True)

ParentPid = Annotated[int, typer.Option(hidden=True)]  # set by a supervisor that starts this command


@app.command()
def run(
    site_file: SiteFile,
    duration: Annotated[str | None, typer.Option(help="Stop by itself after this time: 30s, 10m.")] = None,
    cold: Annotated[
        bool, typer.Option("--cold", help="Cold start: drop the retained values, start with initial ones.")
    ] = False,
    of_files: Annotated[
        bool, typer.Option("--files", help="Start what the site's files say, whatever version ran last.")
    ] = False,
    hmi: Annotated[bool | None, typer.Option("--hmi/--no-hmi", help="Default: with a terminal.")] = None,
    found: Annotated[
        bool, typer.Option("--found", help="In a pair: make the state of a member that the group begins with, and end.")
    ] = False,
    join: Annotated[
        bool, typer.Option("--join", help="In a pair: make the state of a new member, for the leader to add, and end.")
    ] = False,
) -> None:
    """Run a controller, and its simulated plant if the site file names one."""
    from runtime.cli.controller.run import make_pair_state, run_site

    if found or join:
        raise typer.Exit(make_pair_state(site_file, joins=join))
    raise typer.Exit(run_site(site_file, duration=duration, hmi=hmi, cold=cold, of_files=of_files))


@app.command()
def sim(
    site_file: SiteFile,
    length: Annotated[
        str | None, typer.Option("--for", help="Site time to run: 10m, 24h; default: the scenario's, or 1h.")
    ] = None,
    scenario: Annotated[Path | None, typer.Option(metavar="FILE", help="Events and expectations (TOML).")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the samples: .csv or .parquet.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the curves: .svg or .png.")] = None,
    chart: Annotated[bool, typer.Option("--chart", help="Draw the curves in the terminal.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of poll phases and of what the scenario names.")] = 1,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Record these; * and ? match, plant/NAME.")] = None,
    every: Annotated[str | None, typer.Option(help="A sample so often: 1s.")] = None,
    json: Json = False,
) -> None:
    """Run a site with its simulated plant on virtual time; exit code 1 when an expectation does not hold."""
    from runtime.cli.sim import SimOrder, simulate

    order = SimOrder(length, scenario, out, plot, chart, seed, tuple(tags or ()), every)
    raise typer.Exit(simulate(site_file, order, as_json=json))


@app.command()
def hmi(
    endpoint: Annotated[str | None, typer.Argument(help="Site name, or run directory.")] = None,
    site: Site = None,
    group: Annotated[
        Path | None, typer.Option(metavar="FILE", help="From another machine: the pair of this group file.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --group: your secret key, which the group file admits.")
    ] = None,
    parent_pid: ParentPid = 0,
) -> None:
    """Open the terminal HMI of a running controller; of a pair it follows the leader."""
    from hmi.main import at_directory, run_hmi
    from runtime.cli.pair.ends import ends_of_group, find_pair, with_other

    _end_with_parent(parent_pid)
    if (group is None) is not (key is None):
        raise typer.BadParameter("name both, or a site instead", param_hint="--group and --key")
    if group is not None and key is not None:
        raise typer.Exit(run_hmi(group.stem, ends_of_group(group, key)))
    told = endpoint or site
    name, where = at_directory(told) if told is not None and "/" in told else find_pair(told)
    raise typer.Exit(run_hmi(name, with_other(name, where)))


@app.command()
def bench(
    subject: Annotated[
        Literal["scan", "io", "site"], typer.Argument(help="The scan, polls of 50 devices, or a site's programs.")
    ] = "scan",
    site_file: SiteFile = Path("configs/demo.toml"),
    seconds: Annotated[float, typer.Option(min=1.0, help="For each measurement in time.")] = 5.0,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures as JSON too.")] = None,
    json: Json = False,
) -> None:
    """What a scan, the field side or a site's programs cost, and how punctual it is; the scan beside a bare loop."""
    from runtime.cli.bench import bench

    raise typer.Exit(bench(subject, site_file, seconds, out, as_json=json))


@app.command()
def doctor(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure the release delay.")] = 5.0,
    json: Json = False,
) -> None:
    """Check whether this machine can scan punctually, measure it, and say how to mend what is not fine."""
    from runtime.cli.controller.doctor import doctor

    raise typer.Exit(doctor(seconds, as_json=json))


@map_app.command(name="export")
def map_export(
    site_file: SiteFile = Path("configs/demo.toml"),
    form: Annotated[str, typer.Option("--format", help="md or csv.")] = "md",
) -> None:
    """Print the SCADA register map of a site as a document."""
    from runtime.cli.controller.mapexport import export_map

    raise typer.Exit(export_map(site_file, form))


def _end_with_parent(parent_pid: int) -> None:
    """End when the supervisor that started this command does; without one (0), a person did."""
    if parent_pid:
        import signal

        from runtime.node.children.parent import end_with_parent

        end_with_parent(signal.SIGTERM, parent_pid)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


app.add_typer(map_app, name="map")
# `voltscan --help` lists them in this order.
for commands in (
    controller_commands,
    language_commands,
    change_commands,
    recording_commands,
    io_commands,
    member_commands,
    pair_commands,
):
    commands.add_to(app)


def main() -> None:
    """Run the command line; a fault is printed with what, where and how to mend it, and ends with code 1."""
    try:
        app()
    except PlcFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        sys.exit(1)
