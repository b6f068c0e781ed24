"""Options and arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

NEGATIVE_NUMBERS = {"ignore_unknown_options": True}
"""`voltscan write x -5`: a value may begin with a minus sign."""

SiteFile = Annotated[Path, typer.Argument(help="Site file, such as configs/demo.toml.")]
Site = Annotated[str | None, typer.Option("--site", help="Name of the site, when several controllers run here.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
