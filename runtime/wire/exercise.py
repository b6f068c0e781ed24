"""What the test controller tells of an exercise (programs/modes/exercise.st), and how a row of it is worded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Scalar = bool | int | float | str
FIELDS = ("request", "p_kw", "mode", "to_step", "at_step", "took", "limited_by", "verdict")
"""What is told of each row (EXERCISE_RESULT)."""
TESTING = "testing_status_1."
"""What every tag of test mode begins with (programs/modes/testing.st)."""


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row asks of the plant, what must follow, and where the plant was at the row's end (of a mode: nowhere)."""

    asked: str
    due: str
    was: str


def row_of(told: Mapping[str, Scalar], number: int) -> dict[str, Scalar]:
    """The fields of one row, counted from 1, as far as they are among the tags told."""
    names = {field: f"{TESTING}exercise.rows[{number}].{field}" for field in FIELDS}
    return {field: told[name] for field, name in names.items() if name in told}


def row_words(exercise: str, row: Mapping[str, Scalar]) -> RowWords:
    """The row in words; `exercise` is TRANSITIONS or MODES. A field that is not told is worded as a dash."""

    def of(field: str) -> str:
        return str(row.get(field, "–"))

    if exercise == "MODES":
        return RowWords(of("mode"), "in force", "")
    asked = _power(row.get("p_kw")) if of("request") == "NONE" else of("request")
    return RowWords(asked, of("to_step"), of("at_step"))


def _power(p_kw: Scalar | None) -> str:
    if not isinstance(p_kw, int | float) or not math.isfinite(p_kw):
        return "– kW"
    rounded = round(float(p_kw), 1)
    return f"{rounded:+.1f} kW" if rounded else "0.0 kW"
