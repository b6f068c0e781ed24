"""Commands about ST sources that need no controller: what they take; the work is in a module of each command's name."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.options import Json


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `voltscan`."""
    for command in (check, debug, explain, fmt, lsp, doc):
        app.command()(command)
    app.command(name="exec")(exec_)
    app.command(name="test")(run_st_tests)


def explain(
    code: Annotated[str | None, typer.Argument(help="Code, such as L2007; none: list them all.")] = None,
    json: Json = False,
) -> None:
    """Tell what the code of a diagnostic means, with a wrong and a right program."""
    from runtime.cli.language.explain import explain_code

    raise typer.Exit(explain_code(code, as_json=json))


def fmt(
    paths: Annotated[list[Path], typer.Argument(help="ST files and folders.")],
    check: Annotated[bool, typer.Option("--check", help="Only tell; exit code 1 when a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Like --check, and print what would change.")] = False,
) -> None:
    """Format ST files: indentation, blanks, aligned declarations; tokens and comments stay as they are."""
    from runtime.cli.language.fmt import format_paths

    raise typer.Exit(format_paths(paths, check=check, diff=diff))


def lsp() -> None:
    """Serve an editor over standard input and output (Language Server Protocol)."""
    from runtime.cli.editor.server import serve

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
    from runtime.cli.language.doc import print_manual

    raise typer.Exit(print_manual(paths, title=title, out=out))


def check(
    paths: Annotated[list[Path], typer.Argument(help="Site files (.toml), programs (.st), folders of programs.")],
    json: Json = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for code hosts and editors.")] = False,
) -> None:
    """Check site files, programs and maps; print every mistake; exit code 1 when there is an error."""
    from runtime.cli.language.check import check_paths

    raise typer.Exit(check_paths(paths, as_json=json, as_sarif=sarif))


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
    from runtime.cli.language.exec import Execution, exec_files

    how = Execution(scans, period, tuple(assignments or ()), backend, tuple(watch or ()))
    raise typer.Exit(exec_files(files, how, as_json=json))


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
    from runtime.cli.language.test import TestOrder, list_tests, run_tests

    if list_only:
        raise typer.Exit(list_tests(paths, name_filter, as_json=json))

    raise typer.Exit(run_tests(paths, TestOrder(backend, name_filter, coverage, junit), as_json=json))


def debug(
    files: Annotated[list[Path], typer.Argument(help="ST files and folders, compiled together.")],
    period: Annotated[str, typer.Option(help="Base cycle on virtual time.")] = "10ms",
    commands: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read commands from here instead of the terminal.")
    ] = None,
) -> None:
    """Step through programs in the interpreter: breakpoints, watches, values."""
    from runtime.cli.language.debug import debug_files

    raise typer.Exit(debug_files(files, period=period, commands=commands))
