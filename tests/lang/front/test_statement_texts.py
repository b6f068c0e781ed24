"""The statement around a fault's place, as people wrote it."""

import pytest

from runtime.core.diagnostic import Source
from runtime.core.fault import FaultCode, FaultSite
from runtime.lang.diagnostics.statement import STATEMENT_MAX, statement_texts

TEXT = """\
PROGRAM main
VAR n : INT; END_VAR
(* first; of all *)
n := 7
    / m;   // n := 8 / m;
IF n > 0 THEN n := row[n]; END_IF
WHILE n / m > 1 DO n := n - 1; END_WHILE
CASE n OF 1: n := 2 / m; END_CASE
s := 'a;b' ; t := FIND('x;', s) / m;
END_PROGRAM
PROGRAM other
x := 1 / y;
END_PROGRAM
"""


@pytest.mark.parametrize(
    ("line", "column", "statement"),
    [
        (5, 5, "n := 7 / m;"),
        (6, 20, "n := row[n];"),
        (7, 9, "WHILE n / m > 1 DO"),
        (8, 18, "1: n := 2 / m;"),
        (9, 34, "t := FIND('x;', s) / m;"),
        (12, 8, "x := 1 / y;"),
    ],
)
def test_statement_when_a_place_is_given_then_all_of_it_and_nothing_of_its_neighbours(line, column, statement):
    site = FaultSite(FaultCode.DIVISION_BY_ZERO, "main", "a.st", line, column)
    assert statement_texts([site], [Source("a.st", TEXT)]) == (statement,)


def test_statement_when_its_source_is_not_there_or_shorter_then_empty():
    sites = [FaultSite(FaultCode.DIVISION_BY_ZERO, "F", file, 99, 1) for file in ("stdlib/f.st", "a.st")]
    assert statement_texts(sites, [Source("a.st", TEXT)]) == ("", "")


def test_statement_when_long_then_cut():
    site = FaultSite(FaultCode.DIVISION_BY_ZERO, "F", "a.st", 1, 1)
    (text,) = statement_texts([site], [Source("a.st", "a := " + "1 + " * 200 + "1;")])
    assert len(text) == STATEMENT_MAX
