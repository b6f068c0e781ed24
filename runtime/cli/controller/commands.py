"""Commands that ask or tell a running controller something: what they take; the work is in the modules beside."""

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from runtime.cli.options import NEGATIVE_NUMBERS, Json, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.wire.client import Client

Names = Annotated[list[str], typer.Argument(help="Tags or variables; * and ? match.")]
Name = Annotated[str, typer.Argument(help="Tag or variable.")]
NewValue = Annotated[str, typer.Argument(help="Number, TRUE or FALSE, name of an enumeration value, or T#1s500ms.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    for asking in (status, tags, read):
        app.command()(asking)
    for taking_a_value in (write, force):
        app.command(context_settings=NEGATIVE_NUMBERS)(taking_a_value)
    app.command(name="forces")(list_forces)
    app.command()(unforce)
    app.command(context_settings=NEGATIVE_NUMBERS)(command)
    app.command()(exercise)
    for of_the_scan in (faults, acknowledge, stats):
        app.command()(of_the_scan)


def status(
    site: Site = None,
    values: Annotated[bool, typer.Option(help="With the values of the HMI.")] = False,
    devices: Annotated[bool, typer.Option(help="With what io has counted, by device and CAN bus.")] = False,
    json: Json = False,
) -> None:
    """What a running controller does; exit code 1 when it does not scan or a program fault stops its outputs."""
    from runtime.cli.controller import remote
    from runtime.node.runplan import living_processes
    from runtime.wire.rundir import run_dir

    _ask(
        site,
        lambda client: remote.status(
            client,
            values=values,
            devices=devices,
            processes=living_processes(run_dir(client.site)),
            as_json=json,
        ),
    )


def tags(
    patterns: Annotated[list[str] | None, typer.Argument(help="Only those that match; * and ?.")] = None,
    variables: Annotated[bool, typer.Option(help="The programs' own variables too.")] = False,
    site: Site = None,
    json: Json = False,
) -> None:
    """The tags of a running controller."""
    from runtime.cli.controller import remote

    _ask(site, lambda client: remote.tags(client, patterns or (), variables=variables, as_json=json))


def read(names: Names, site: Site = None, json: Json = False) -> None:
    """Values of tags and variables, with quality and age."""
    from runtime.cli.controller import remote

    _ask(site, lambda client: remote.read(client, names, as_json=json))


def write(name: Name, value: NewValue, site: Site = None, json: Json = False) -> None:
    """Write a variable once."""
    from runtime.cli.controller import remote

    _ask(site, lambda client: remote.write(client, name, value, as_json=json))


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
    from runtime.cli.controller import forces

    _ask(
        site,
        lambda client: forces.force(client, name, value, keep=keep, prepare=prepare, apply=apply, as_json=json),
    )


def list_forces(site: Site = None, json: Json = False) -> None:
    """What is forced: value, by whom, since when, until when; and what is prepared."""
    from runtime.cli.controller import forces

    _ask(site, lambda client: forces.forces(client, as_json=json))


def unforce(
    name: Annotated[str | None, typer.Argument(help="Forced tag.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every forced tag.")] = False,
    site: Site = None,
    json: Json = False,
) -> None:
    """Let a forced tag go."""
    from runtime.cli.controller import remote

    _ask(site, lambda client: remote.unforce(client, name, every=every, as_json=json))


def command(
    name: Annotated[str, typer.Argument(help="Command of the site map, such as mode.")],
    value: NewValue,
    ttl_ms: Annotated[int, typer.Option(help="Time to live, in ms.")] = 5000,
    site: Site = None,
    json: Json = False,
) -> None:
    """Give a command and wait for the program's answer; exit code 1 when it refuses."""
    from runtime.cli.controller import remote

    _ask(site, lambda client: remote.command(client, name, value, ttl_ms=ttl_ms, as_json=json))


def exercise(
    name: Annotated[str, typer.Argument(help="TRANSITIONS (the plant's states) or MODES.")] = "TRANSITIONS",
    site: Site = None,
    json: Json = False,
) -> None:
    """Have the test controller lead the plant through its states or modes; exit code 1 when a row does not pass.

    Test mode must be on: voltscan command test_mode TRUE. The plant really stops, starts and moves power.
    """
    from runtime.cli.controller.exercise import exercise

    _ask(site, lambda client: exercise(client, name, as_json=json))


def faults(site: Site = None, json: Json = False) -> None:
    """The fault log: place, statement and values of each program fault; exit code 1 while one is not acknowledged."""
    from runtime.cli.controller.faults import faults

    _ask(site, lambda client: faults(client, as_json=json))


def acknowledge(site: Site = None, json: Json = False) -> None:
    """Acknowledge program faults, so that outputs may be driven again."""
    from runtime.cli.controller import remote

    _ask(site, lambda client: remote.acknowledge(client, as_json=json))


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
    from runtime.cli.controller import scanstats

    if bare is None:
        _ask(site, lambda client: scanstats.stats(client, reset=reset, as_prometheus=prometheus, as_json=json))
    from runtime.cli.controller.beside_bare import stats_beside_bare

    _ask(site, lambda client: stats_beside_bare(client, str(bare), as_json=json))


def _ask(site: str | None, act: "Callable[[Client], int]") -> NoReturn:
    """Do something with a running controller, and end with its exit code."""
    from runtime.cli.pair.ends import connect_to

    with connect_to(site) as client:
        code = act(client)
    raise typer.Exit(code)
