"""Reads one TOML file into its schema; every mistake becomes a diagnostic at its key, all of them at once."""

import difflib
import inspect
import re
import tomllib
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runtime.core.diagnostic import Diagnostic, Label, Source, Span, error
from runtime.iomap.reading.locate import Locator, locate
from runtime.iomap.reading.locate import Path as KeyPath

Schema = TypeVar("Schema", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Unfitted:
    """What a file says, and where its keys stand; whether it fits a schema is still to be seen."""

    raw: dict[str, Any]
    places: Locator
    path: Path


@dataclass(frozen=True, slots=True)
class Document(Generic[Schema]):
    """A file that fits its schema, and where its keys stand."""

    content: Schema
    places: Locator
    path: Path


def read_document(
    path: Path, schema: type[Schema], *, name: str = ""
) -> tuple[Document[Schema] | None, list[Diagnostic]]:
    """The file's content, or the diagnostics that say why there is none. `name`: the path as the user gave it."""
    toml, found = read_toml(path, name=name)
    if toml is None:
        return None, found
    content, found = fit(toml.raw, schema, toml.places)
    return (None if content is None else Document(content, toml.places, path)), found


def read_toml(path: Path, *, name: str = "") -> tuple[Unfitted | None, list[Diagnostic]]:
    """The file as tomllib reads it, or the diagnostic that says why it cannot. `name`: the path as the user gave it."""
    source, found = read_source(path, name=name)
    if source is None:
        return None, found
    try:
        raw = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as fault:
        return None, [_not_toml(source, str(fault))]
    return Unfitted(raw, locate(source), path), []


def read_source(path: Path, *, name: str = "") -> tuple[Source | None, list[Diagnostic]]:
    """The text of a file, or the diagnostic that says why it cannot be read. `name`: the path as the user gave it."""
    shown = name or str(path)
    try:
        return Source(shown, path.read_bytes().decode("utf-8")), []
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        at = Span(Source(shown, ""), 1, 1)
        return None, [error("M1001", f"cannot read this file: {reason}", Label(at, ""), help="check path and rights")]


def fit(
    raw: dict[str, Any], schema: type[Schema], places: Locator, *, at: KeyPath = ()
) -> tuple[Schema | None, list[Diagnostic]]:
    """A table in its schema, or the diagnostics that say why it does not fit. `at`: the table's place in the file."""
    try:
        return schema.model_validate(raw), []
    except ValidationError as fault:
        told = [_misfit(details, places, schema, at) for details in fault.errors()]
        return None, [*reversed({(d.code, d.place): d for d in reversed(told)}.values())]  # once for a run of points


def nearest(name: str, known: typing.Iterable[str]) -> str | None:
    """The known name that looks most like `name`."""
    by_lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: typing.Iterable[str], *, what: str) -> str:
    """A help line: the nearest name, or all there are."""
    names = sorted(known)
    close = nearest(name, names)
    if close is not None:
        return f"did you mean {close}?"
    return f"{what}: {', '.join(names)}" if names else f"there are no {what}"


def _not_toml(source: Source, told: str) -> Diagnostic:
    found = re.search(r"\(at line (\d+), column (\d+)\)", told)
    last = source.text.count("\n") + 1
    line, column = (int(found[1]), int(found[2])) if found else (last, 1)
    text = re.sub(r" \(at .*\)", "", told)
    at = Label(Span(source, line, column), text.lower())
    return error("M1002", "this is not valid TOML", at, help=_toml_mend(text, source.line(line), column))


_TOML_HABITS = (
    (r"[=\[,]\s*(True|False|TRUE|FALSE)\b", "write true or false in small letters"),
    (r"^\s*(//|;|\(\*)", "a comment begins with #"),
    (r"=\s*-?\d+,\d", "write a decimal point, not a comma"),
    (r"=\s*-?\d+(\.\d+)?\s*(ms|s|m|h|d)\b", 'a duration is text: write it in quotes, such as "10ms"'),
    (r"^\s*[\w.-]+\s*:", "write = between key and value"),
    (r"=\s*([A-Za-z_/.]|\d+\.\d+\.)[^\"']*$", 'text stands in quotes: "…"'),
)
"""What people write who come from other formats, as patterns of a line, and how to mend it."""


def _toml_mend(told: str, line: str, column: int) -> str:
    if "overwrite" in told.lower() or "cannot declare" in told.lower():
        return "this key or table is in the file already: keep one"
    if "unclosed array" in told.lower():
        return "put a comma between the values, and ] at the end"
    if "at the end of a table declaration" in told:
        return "close the name of the table with ]"
    if line[: column - 1].count('"') % 2:
        return 'close the text with "'
    found = (mend for pattern, mend in _TOML_HABITS if re.search(pattern, line.split(" #")[0]))
    return next(found, "write key = value; text in quotes, numbers without")


_WANTED = {
    "a valid string": "text in quotes",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid list": "a list: [ … ]",
}


def _misfit(details: ErrorDetails, places: Locator, schema: type[BaseModel], at: KeyPath) -> Diagnostic:
    whole = (*at, *details["loc"])
    path = _known_prefix(whole, places)
    name = str(whole[-1]) if whole else ""
    if details["type"] == "extra_forbidden":
        known = _keys_of(_model_at(schema, details["loc"][:-1]))
        label = Label(places.key(*whole), "no such key here")
        return error("M1003", f"unknown key `{name}`", label, help=did_you_mean(name, known, what="keys here"))
    if details["type"] == "missing":
        return missing_key(places, path, name)
    told = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    told = "a table" if told.startswith("a valid dictionary") else _WANTED.get(told, told)
    label = Label(places.value(*path), f"must be {told}" if told != details["msg"] else told)
    if details["type"] == "value_error":
        label = Label(places.key(*path), told)
    shown = ".".join(map(str, path)) or "this file"
    return error("M1005", f"`{shown}` has a wrong value", label, help=_mend(details))


def missing_key(places: Locator, path: KeyPath, name: str) -> Diagnostic:
    """The table at `path` lacks the key `name`."""
    where = f" in `{'.'.join(map(str, path))}`" if path else ""
    label = Label(places.key(*path), f"`{name}` belongs here" if path else f"`{name}` belongs at the top")
    return error("M1004", f"the key `{name}` is missing{where}", label, help=f"add {name} = …")


def _mend(details: ErrorDetails) -> str:
    kind, given = details["type"], details.get("input")
    if isinstance(given, str) and kind in ("int_type", "float_type", "bool_type"):
        return "write it without quotes"
    if kind == "string_type":
        return f'write it in quotes: "{given}"' if isinstance(given, int | float) else "write text in quotes"
    if kind in ("enum", "literal_error"):
        known = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
        return did_you_mean(str(given), known, what="choose one of") if known else "choose one of these"
    return "give a value as the label says"


def _known_prefix(loc: tuple[str | int, ...], places: Locator) -> tuple[str | int, ...]:
    for length in range(len(loc), 0, -1):
        if places.has(*loc[:length]):
            return loc[:length]
    return ()


def _model_at(schema: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that the table at `loc` is checked against, following dictionaries and lists of models."""
    model: type[BaseModel] | None = schema
    for step in loc:
        if model is None:
            return None
        named = next((f for key, f in model.model_fields.items() if str(step) in (key, f.alias)), None)
        if named is None:
            continue  # the key of a dictionary or the place in a list of `model`
        model = _model_in(named.annotation)
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_in, reversed(typing.get_args(annotation))) if m is not None), None)


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or key for key, field in model.model_fields.items()] if model else []
