"""Commands about ST sources that need no controller: what they take; the work is in a module of each command's name."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    for command in (explain,):
        app.command()(command)


def explain(
    code: Annotated[str | None, typer.Argument(help="Code, such as L2007; none: list them all.")] = None,
    json: Json = False,
) -> None:
    """Tell what the code of a diagnostic means, with a wrong and a right program."""
    from runtime.cli.explain import explain_code

    raise typer.Exit(explain_code(code, as_json=json))
