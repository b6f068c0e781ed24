"""Entry of the `voltscan` command. Each command imports what it needs when it runs: small ones start quickly."""

import sys
from pathlib import Path
from typing import Annotated

import typer

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
app.add_typer(map_app, name="map")

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
    hmi: Annotated[bool | None, typer.Option("--hmi/--no-hmi", help="Default: with a terminal.")] = None,
    plant_of: Annotated[str, typer.Option(hidden=True)] = "",
    parent_pid: ParentPid = 0,
) -> None:
    """Run a controller, and its simulated plant if the site file names one."""
    from runtime.cli.run import run_site

    _end_with_parent(parent_pid)
    raise typer.Exit(run_site(site_file, duration=duration, hmi=hmi, plant_of=plant_of))


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Site files (.toml), programs (.st), folders of programs.")],
    json: Json = False,
) -> None:
    """Check site files, programs and maps; print every mistake; exit code 1 when there is an error."""
    from runtime.cli.check import check_paths

    raise typer.Exit(check_paths(paths, as_json=json))


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


def _end_with_parent(parent_pid: int) -> None:
    """End when the supervisor that started this command does; without one (0), a person did."""
    if parent_pid:
        import signal

        from runtime.node.parent import end_with_parent

        end_with_parent(signal.SIGTERM, parent_pid)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


def main() -> None:
    """Run the command line; a fault is printed with what, where and how to mend it, and ends with code 1."""
    try:
        app()
    except PlcFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        sys.exit(1)
