"""A table of points as a CSV file: one row a point, one column a key; `points = "meter_points.csv"` names it.

The first row names the columns; `name` is the point, the others are keys as they stand in TOML (a number, true, [0, 7];
anything else is text). An empty cell leaves its key out. Rows that begin with # are comments; cells are parted by
commas, or by semicolons when the first row has no comma.
"""

import csv
import tomllib
from pathlib import Path
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, Source, Span, error
from runtime.iomap.reading.locate import Locator, Place
from runtime.iomap.reading.locate import Path as KeyPath

NAME = "name"
"""The column of the points' names."""
_Cell = tuple[str, tuple[int, int]]
"""Its text, and its ends in the text of the file."""


def read_points(
    told: str, folder: Path, places: Locator, at: KeyPath
) -> tuple[dict[str, dict[str, Any]], list[Diagnostic]]:
    """The points of the file that the key `at` names, relative to `folder`; `places` then knows each cell."""
    path = folder / told
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        label = Label(places.value(*at), str(reason))
        return {}, [error("M1001", f"cannot read the point table {told}", label, help="check path and rights")]
    source = Source(str(Path(places.source.name).parent / told), text)
    rows = list(_rows(text))
    if not rows or NAME not in [cell for cell, _ in rows[0]]:
        label = Label(Span(source, 1, 1), "the first row names the columns")
        return {}, [error("M1009", f"{told} has no column `{NAME}`", label, help=f"write {NAME}, register, type, …")]
    return _points(source, rows, places, at)


def _points(
    source: Source, rows: list[list[_Cell]], places: Locator, at: KeyPath
) -> tuple[dict[str, dict[str, Any]], list[Diagnostic]]:
    columns = [cell for cell, _ in rows[0]]
    points: dict[str, dict[str, Any]] = {}
    found: list[Diagnostic] = []
    for row in rows[1:]:
        span = _span(source, row[0][1])
        if len(row) > len(columns):
            label = Label(_span(source, row[len(columns)][1]), f"the first row names {len(columns)} columns")
            found.append(
                error("M1009", "this row has too many cells", label, help='write text with a comma in quotes: "…"')
            )
            continue
        cells = dict(zip(columns, row, strict=False))
        name = cells[NAME][0] if NAME in cells else ""
        if not name or name in points:
            told = f"the point `{name}` is there already" if name else "this row names no point"
            found.append(error("M1009", told, Label(span, "here"), help="give every row a name of its own"))
            continue
        points[name] = {key: _value(cell) for key, (cell, _) in cells.items() if key != NAME and cell}
        places.places[(*at, name)] = Place(cells[NAME][1], cells[NAME][1], source)
        for key, (_, ends) in cells.items():
            places.places.setdefault((*at, name, key), Place(ends, ends, source))
    return points, found


def _rows(text: str) -> "list[list[_Cell]]":
    rows: list[list[_Cell]] = []
    start = 0
    delimiter = ";" if "," not in text.partition("\n")[0] and ";" in text.partition("\n")[0] else ","
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            rows.append(_cells(line, start, delimiter))
        start += len(line) + 1
    return rows


def _cells(line: str, start: int, delimiter: str) -> list[_Cell]:
    cells: list[_Cell] = []
    at = 0
    for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True)):
        begin = max(line.find(cell, at), at) if cell else at
        cells.append((cell.strip(), (start + begin, start + begin + max(1, len(cell.rstrip())))))
        at = line.find(delimiter, begin + len(cell)) + 1 or len(line)
    return cells


def _value(cell: str) -> Any:
    try:
        return tomllib.loads(f"v = {cell}")["v"]
    except tomllib.TOMLDecodeError:
        return cell


def _span(source: Source, ends: tuple[int, int]) -> Span:
    start, end = ends
    line_start = source.text.rfind("\n", 0, start) + 1
    return Span(source, source.text.count("\n", 0, start) + 1, start - line_start + 1, max(1, end - start))
