"""A row of an exercise in words, which the console and the command line share."""

import pytest

from runtime.wire.exercise import TESTING, RowWords, row_of, row_words

ROW = {"request": "NONE", "p_kw": 10.0, "mode": "LOCAL", "to_step": "DISCHARGING", "at_step": "HOLDING"}


@pytest.mark.parametrize(
    ("exercise", "change", "words"),
    [
        ("TRANSITIONS", {}, RowWords("+10.0 kW", "DISCHARGING", "HOLDING")),
        ("TRANSITIONS", {"p_kw": -0.04}, RowWords("0.0 kW", "DISCHARGING", "HOLDING")),
        ("TRANSITIONS", {"p_kw": "NaN"}, RowWords("– kW", "DISCHARGING", "HOLDING")),
        ("TRANSITIONS", {"request": "STOP", "p_kw": 0.0}, RowWords("STOP", "DISCHARGING", "HOLDING")),
        ("MODES", {}, RowWords("LOCAL", "in force", "")),
    ],
)
def test_row_when_worded_then_what_was_asked_what_must_follow_and_what_was(exercise, change, words):
    assert row_words(exercise, ROW | change) == words


def test_row_when_nothing_of_it_is_told_then_dashes():
    assert row_words("TRANSITIONS", {}) == RowWords("–", "–", "–")


def test_row_when_found_among_all_that_is_told_then_its_own_fields_alone():
    told = {f"{TESTING}exercise.rows[{number}].p_kw": 1.0 * number for number in (1, 11)} | {f"{TESTING}on": True}
    assert row_of(told, 1) == {"p_kw": 1.0}
