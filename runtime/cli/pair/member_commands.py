"""The commands of a hot-standby pair's members: keys and the witness."""

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register them."""
    app.command()(keys)
    app.command()(witness)


def keys(
    members: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME[=HOST[:PORT]]…",
            help="New members. Three are a group, two controllers and then the witness, and get a group file too.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files go.")] = Path(),
    cycle: Annotated[str, typer.Option(help="Base cycle of the controllers, for the group file.")] = "50ms",
) -> None:
    """Make key pairs for members of a hot-standby pair, and the group file that they share."""
    from runtime.cli.pair.keys import make_keys

    raise typer.Exit(make_keys(members, out, cycle=cycle))


def witness(
    config: Annotated[Path, typer.Argument(help="Witness file, such as configs/witness.toml.")],
    found: Annotated[
        bool, typer.Option("--found", help="Make the state of a member that the group begins with, and end.")
    ] = False,
    join: Annotated[
        bool, typer.Option("--join", help="Make the state of a new member, for the leader to add, and end.")
    ] = False,
) -> None:
    """Run the third vote of a hot-standby pair. Not on either controller's machine, or it is none."""
    from runtime.cli.pair.witness import run_witness

    raise typer.Exit(run_witness(config, found=found, join=join))
