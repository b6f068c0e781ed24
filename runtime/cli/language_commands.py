"""Commands about ST sources that need no controller: what they take; the work is in a module of each command's name."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    for command in (explain, fmt, lsp, doc):
        app.command()(command)


def explain(
    code: Annotated[str | None, typer.Argument(help="Code, such as L2007; none: list them all.")] = None,
    json: Json = False,
) -> None:
    """Tell what the code of a diagnostic means, with a wrong and a right program."""
    from runtime.cli.explain import explain_code

    raise typer.Exit(explain_code(code, as_json=json))


def fmt(
    paths: Annotated[list[Path], typer.Argument(help="ST files and folders.")],
    check: Annotated[bool, typer.Option("--check", help="Only tell; exit code 1 when a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Like --check, and print what would change.")] = False,
) -> None:
    """Format ST files: indentation, blanks, aligned declarations; tokens and comments stay as they are."""
    from runtime.cli.fmt import format_paths

    raise typer.Exit(format_paths(paths, check=check, diff=diff))


def lsp() -> None:
    """Serve an editor over standard input and output (Language Server Protocol)."""
    from runtime.cli.lsp import serve

    raise typer.Exit(serve())


def doc(
    paths: Annotated[list[Path], typer.Argument(help="ST files and folders.")],
    title: Annotated[str | None, typer.Option(help="Heading of the manual.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write it there, with pictures of the blocks' demos beside it."
        ),
    ] = None,
) -> None:
    """Make the manual of a block library, in Markdown, from its declarations, comments and demos."""
    from runtime.cli.doc import print_manual

    raise typer.Exit(print_manual(paths, title=title, out=out))
