"""Plain text tables: aligned columns that stay readable when piped into another program."""

from collections.abc import Iterable, Sequence


def table(rows: Iterable[Sequence[str]], *, head: Sequence[str] = (), right: Sequence[int] = ()) -> str:
    """The rows in columns two blanks apart; the columns numbered in `right` are flush right. No line ends in blanks."""
    lines = [list(row) for row in ([head, *rows] if head else rows)]
    if not lines:
        return ""
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]))]
    return "\n".join(_line(row, widths, right) for row in lines)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
