"""The commands around a hot-standby pair that runs: what they take; the work is in the files beside it."""

from typing import Annotated, NoReturn

import typer

from runtime.cli.options import Site

pair_app = typer.Typer(no_args_is_help=True, help="The hot-standby pair of a running controller.")


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    app.add_typer(pair_app, name="pair")


@pair_app.command()
def status(
    site: Site = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")] = False,
    prometheus: Annotated[bool, typer.Option("--prometheus", help="Print figures for Prometheus.")] = False,
) -> None:
    """Who leads, who is in sync, the lease, the last take-overs; exit code 1 when something is degraded."""
    from runtime.cli.pair.ends import connect_to
    from runtime.cli.pair.status import pair_status

    with connect_to(site) as client:
        code = pair_status(client, as_json=json, as_metrics=prometheus)
    raise typer.Exit(code)


@pair_app.command()
def swap(site: Site = None) -> None:
    """Have the leader hand over to the standby, which goes on with the next scan. From either controller."""
    _ask(site, "swap")


@pair_app.command()
def detach(site: Site = None) -> None:
    """Take the standby out for service; it neither votes nor takes over. From either controller."""
    _ask(site, "detach")


@pair_app.command()
def attach(site: Site = None) -> None:
    """Take the standby back in. From either controller."""
    _ask(site, "attach")


@pair_app.command()
def claim(
    site: Site = None,
    yes: Annotated[bool, typer.Option("--yes", help="I have seen that the other controller does not drive.")] = False,
) -> None:
    """At a controller that is not in sync: take over from the state it has. Only when the other one is down."""
    if not yes:
        typer.echo(
            "error: what happened since this controller's state was current would be lost\n"
            "  = help: see that the other controller is down, then say so: voltscan pair claim --yes",
            err=True,
        )
        raise typer.Exit(2)
    _ask(site, "claim")


def _ask(site: str | None, what: str) -> NoReturn:
    from runtime.cli.pair.ends import connect_to
    from runtime.cli.pair.status import pair_ask

    with connect_to(site) as client:
        code = pair_ask(client, what)
    raise typer.Exit(code)
