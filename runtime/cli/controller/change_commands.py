"""Commands that change the programs of a running controller: what they take; the work is in download.py."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.options import Json


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    for command in (download, rollback):
        app.command()(command)


def download(
    site_file: Annotated[Path, typer.Argument(help="Site file (TOML) of a controller that runs.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would become of the variables, change nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Change the programs of a running controller: compile, compare, change over between two scans with state kept."""
    from runtime.cli.controller.download import download as change_over

    raise typer.Exit(change_over(site_file, dry_run=dry_run, as_json=json))


def rollback(
    site: Annotated[str | None, typer.Option("--site", help="Name of the site, when several controllers run.")] = None,
    json: Json = False,
) -> None:
    """Back to the version before the last download, with the state as it is now."""
    from runtime.cli.controller.download import rollback as go_back

    raise typer.Exit(go_back(site, as_json=json))
