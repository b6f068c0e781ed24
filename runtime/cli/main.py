"""Entry of the `voltscan` command. Each command imports what it needs when it runs: small ones start quickly."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from runtime.cli import (
    change_commands,
    io_commands,
    language_commands,
    member_commands,
    pair_commands,
    recording_commands,
)
from runtime.core.fault import PlcFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.wire.client import Client

app = typer.Typer(
    name="voltscan",
    help="Soft PLC for battery energy storage: Structured Text programs in a native scan.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
map_app = typer.Typer(help="The SCADA register map.", no_args_is_help=True)
app.add_typer(map_app, name="map")
language_commands.add_to(app)
change_commands.add_to(app)
io_commands.add_to(app)
member_commands.add_to(app)
pair_commands.add_to(app)
recording_commands.add_to(app)

NEGATIVE_NUMBERS = {"ignore_unknown_options": True}
"""`voltscan write x -5`: a value may begin with a minus sign."""

SiteFile = Annotated[Path, typer.Argument(help="Site file, such as configs/demo.toml.")]
Site = Annotated[str | None, typer.Option("--site", help="Name of the site, when several controllers run here.")]
ParentPid = Annotated[int, typer.Option(hidden=True)]  # set by a supervisor that starts this command
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
Names = Annotated[list[str], typer.Argument(help="Tags or variables; * and ? match.")]
Name = Annotated[str, typer.Argument(help="Tag or variable.")]
NewValue = Annotated[str, typer.Argument(help="Number, TRUE or FALSE, name of an enumeration value, or T#1s500ms.")]


@app.command()
def run(
    site_file: SiteFile,
    duration: Annotated[str | None, typer.Option(help="Stop by itself after this time: 30s, 10m.")] = None,
    cold: Annotated[
        bool, typer.Option("--cold", help="Cold start: drop the retained values, start with initial ones.")
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
    from runtime.cli.run import make_pair_state, run_site

    if found or join:
        raise typer.Exit(make_pair_state(site_file, joins=join))
    raise typer.Exit(run_site(site_file, duration=duration, hmi=hmi, cold=cold))


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Site files (.toml), programs (.st), folders of programs.")],
    json: Json = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for code hosts and editors.")] = False,
) -> None:
    """Check site files, programs and maps; print every mistake; exit code 1 when there is an error."""
    from runtime.cli.check import check_paths

    raise typer.Exit(check_paths(paths, as_json=json, as_sarif=sarif))


@app.command(name="exec")
def exec_(
    files: Annotated[list[Path], typer.Argument(help="ST files and folders, compiled together.")],
    scans: Annotated[int, typer.Option(min=1, help="Number of scans.")],
    period: Annotated[str, typer.Option(help="Base cycle on virtual time.")] = "10ms",
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="TAG=VALUE", help="Set before the first scan.")
    ] = None,
    backend: Annotated[str, typer.Option(help="llvm or interp.")] = "llvm",
    watch: Annotated[list[str] | None, typer.Option(metavar="VAR", help="Print these only; * and ? match.")] = None,
    json: Json = False,
) -> None:
    """Run programs on virtual time and print their variables."""
    from runtime.cli.exec import Execution, exec_files

    how = Execution(scans, period, tuple(assignments or ()), backend, tuple(watch or ()))
    raise typer.Exit(exec_files(files, how, as_json=json))


@app.command(name="test")
def run_st_tests(
    paths: Annotated[list[Path], typer.Argument(help="ST files, and folders with ST files, that hold tests.")],
    backend: Annotated[str, typer.Option(help="llvm, interp or both.")] = "llvm",
    name_filter: Annotated[
        str, typer.Option("--filter", metavar="TEXT", help="Only tests with this in the name.")
    ] = "",
    coverage: Annotated[bool, typer.Option("--coverage", help="Statements and branches of each POU that ran.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML.")] = None,
    json: Json = False,
    list_only: Annotated[bool, typer.Option("--list", help="Only list the tests: file, line, name.")] = False,
) -> None:
    """Run the tests in ST files (TEST 'name' … END_TEST) on virtual time."""
    from runtime.cli.test import TestOrder, list_tests, run_tests

    if list_only:
        raise typer.Exit(list_tests(paths, name_filter, as_json=json))

    raise typer.Exit(run_tests(paths, TestOrder(backend, name_filter, coverage, junit), as_json=json))


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
def debug(
    files: Annotated[list[Path], typer.Argument(help="ST files and folders, compiled together.")],
    period: Annotated[str, typer.Option(help="Base cycle on virtual time.")] = "10ms",
    commands: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read commands from here instead of the terminal.")
    ] = None,
) -> None:
    """Step through programs in the interpreter: breakpoints, watches, values."""
    from runtime.cli.debug import debug_files

    raise typer.Exit(debug_files(files, period=period, commands=commands))


@app.command()
def status(
    site: Site = None,
    values: Annotated[bool, typer.Option(help="With the values of the HMI.")] = False,
    json: Json = False,
) -> None:
    """What a running controller does; exit code 1 when it does not scan or a program fault stops its outputs."""
    from runtime.cli import remote
    from runtime.node.runplan import living_processes
    from runtime.wire.rundir import run_dir

    _ask(
        site,
        lambda client: remote.status(
            client, values=values, processes=living_processes(run_dir(client.site)), as_json=json
        ),
    )


@app.command()
def tags(
    patterns: Annotated[list[str] | None, typer.Argument(help="Only those that match; * and ?.")] = None,
    variables: Annotated[bool, typer.Option(help="The programs' own variables too.")] = False,
    site: Site = None,
    json: Json = False,
) -> None:
    """The tags of a running controller."""
    from runtime.cli import remote

    _ask(site, lambda client: remote.tags(client, patterns or (), variables=variables, as_json=json))


@app.command()
def read(names: Names, site: Site = None, json: Json = False) -> None:
    """Values of tags and variables, with quality and age."""
    from runtime.cli import remote

    _ask(site, lambda client: remote.read(client, names, as_json=json))


@app.command(context_settings=NEGATIVE_NUMBERS)
def write(name: Name, value: NewValue, site: Site = None, json: Json = False) -> None:
    """Write a variable once."""
    from runtime.cli import remote

    _ask(site, lambda client: remote.write(client, name, value, as_json=json))


@app.command(context_settings=NEGATIVE_NUMBERS)
def force(
    name: Annotated[str | None, typer.Argument(help="Tag or variable.")] = None,
    value: Annotated[str | None, typer.Argument(help="As for `write`.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Over restarts of the controller too.")] = False,
    prepare: Annotated[bool, typer.Option("--prepare", help="Only note it, for --apply.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Force all that is prepared, in one scan.")] = False,
    site: Site = None,
    json: Json = False,
) -> None:
    """Hold an input, output or any other variable at a value until `unforce`."""
    from runtime.cli import forces

    _ask(
        site,
        lambda client: forces.force(client, name, value, keep=keep, prepare=prepare, apply=apply, as_json=json),
    )


@app.command(name="forces")
def list_forces(site: Site = None, json: Json = False) -> None:
    """What is forced: value, by whom, since when, until when; and what is prepared."""
    from runtime.cli import forces

    _ask(site, lambda client: forces.forces(client, as_json=json))


@app.command()
def unforce(
    name: Annotated[str | None, typer.Argument(help="Forced tag.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every forced tag.")] = False,
    site: Site = None,
    json: Json = False,
) -> None:
    """Let a forced tag go."""
    from runtime.cli import remote

    _ask(site, lambda client: remote.unforce(client, name, every=every, as_json=json))


@app.command(context_settings=NEGATIVE_NUMBERS)
def command(
    name: Annotated[str, typer.Argument(help="Command of the site map, such as mode.")],
    value: NewValue,
    ttl_ms: Annotated[int, typer.Option(help="Time to live, in ms.")] = 5000,
    site: Site = None,
    json: Json = False,
) -> None:
    """Give a command and wait for the program's answer; exit code 1 when it refuses."""
    from runtime.cli import remote

    _ask(site, lambda client: remote.command(client, name, value, ttl_ms=ttl_ms, as_json=json))


@app.command()
def faults(site: Site = None, json: Json = False) -> None:
    """The fault log: place, statement and values of each program fault; exit code 1 while one is not acknowledged."""
    from runtime.cli.faults import faults

    _ask(site, lambda client: faults(client, as_json=json))


@app.command()
def acknowledge(site: Site = None, json: Json = False) -> None:
    """Acknowledge program faults, so that outputs may be driven again."""
    from runtime.cli import remote

    _ask(site, lambda client: remote.acknowledge(client, as_json=json))


@app.command()
def stats(
    reset: Annotated[bool, typer.Option(help="Start the figures anew after printing.")] = False,
    bare: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Measure for so long, beside a bare native loop: 60s.")
    ] = None,
    prometheus: Annotated[bool, typer.Option("--prometheus", help="Print Prometheus' text format.")] = False,
    site: Site = None,
    json: Json = False,
) -> None:
    """Percentiles of the scan: release delay, execution, period error, each phase and each task."""
    from runtime.cli import scanstats

    if bare is None:
        _ask(site, lambda client: scanstats.stats(client, reset=reset, as_prometheus=prometheus, as_json=json))
    from runtime.cli.beside_bare import stats_beside_bare

    _ask(site, lambda client: stats_beside_bare(client, str(bare), as_json=json))


@app.command()
def hmi(
    endpoint: Annotated[str | None, typer.Argument(help="Site name, or run directory.")] = None,
    site: Site = None,
    parent_pid: ParentPid = 0,
) -> None:
    """Open the terminal HMI of a running controller."""
    from hmi.main import run_hmi

    _end_with_parent(parent_pid)
    raise typer.Exit(run_hmi(endpoint or site))


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
    from runtime.cli.doctor import doctor

    raise typer.Exit(doctor(seconds, as_json=json))


@map_app.command(name="export")
def map_export(
    site_file: SiteFile = Path("configs/demo.toml"),
    form: Annotated[str, typer.Option("--format", help="md or csv.")] = "md",
) -> None:
    """Print the SCADA register map of a site as a document."""
    from runtime.cli.mapexport import export_map

    raise typer.Exit(export_map(site_file, form))


def _ask(site: str | None, act: "Callable[[Client], int]") -> NoReturn:
    """Do something with a running controller, and end with its exit code."""
    from runtime.wire.client import connect

    with connect(site) as client:
        code = act(client)
    raise typer.Exit(code)


def _end_with_parent(parent_pid: int) -> None:
    """End when the supervisor that started this command does; without one (0), a person did."""
    if parent_pid:
        import signal

        from runtime.node.children.parent import end_with_parent

        end_with_parent(signal.SIGTERM, parent_pid)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


def main() -> None:
    """Run the command line; a fault is printed with what, where and how to mend it, and ends with code 1."""
    try:
        app()
    except PlcFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        sys.exit(1)
