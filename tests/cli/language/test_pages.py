"""Every code of a diagnostic has a page; its wrong program gives that code once, in the words of the golden beside
these tests, and its right program gives nothing. A code without a page, or a page without a code, fails here."""

import ast
import re
from pathlib import Path

import pagebench
import pytest

from runtime.cli.language.pages import codes_with_pages, near, page
from runtime.core.diagnostic import render
from runtime.lang.diagnostics.codes import CODES

RUNTIME = Path(__file__).parents[3] / "runtime"
GOLDEN = Path(__file__).parent / "golden" / "pages"
CODE = re.compile(r"[LMS]\d{4}")


def _codes_given():
    """Every text in the code of the controller that is a code, wherever it is given."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in RUNTIME.rglob("*.py")]
    texts = [n.value for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}


def test_codes_when_given_anywhere_then_each_has_a_page_and_each_page_a_code():
    assert set(codes_with_pages()) == _codes_given()


def test_codes_of_the_language_when_listed_then_their_pages_have_the_same_titles():
    assert {code: page(code).title for code in codes_with_pages() if code.startswith("L")} == CODES


@pytest.mark.parametrize("code", codes_with_pages())
def test_page_when_its_wrong_piece_is_tried_then_its_code_is_told_once_in_the_words_of_the_golden(
    code, tmp_path, monkeypatch, golden
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = page(code)
    told = pagebench.diagnostics_of(found, found.wrong, tmp_path)
    assert [d.code for d in told] == [code], [render(d) for d in told]
    golden(GOLDEN / f"{code}.txt", render(told[0]) + "\n")


@pytest.mark.parametrize("code", codes_with_pages())
def test_page_when_its_right_piece_is_tried_then_nothing_is_told(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = page(code)
    assert [render(d) for d in pagebench.diagnostics_of(found, found.right, tmp_path)] == []


def test_goldens_when_listed_then_each_is_of_a_page():
    assert sorted(file.stem for file in GOLDEN.glob("*.txt")) == codes_with_pages()


@pytest.mark.parametrize(
    ("wrong", "first"), [("L2070", "L2007"), ("l207", "L2007"), ("L20007", "L2007"), ("M307", "M3007")]
)
def test_code_when_unknown_then_near_ones_are_named(wrong, first):
    assert page(wrong) is None
    assert first in near(wrong)


def test_code_when_written_in_lower_case_then_its_page_is_found():
    assert page(" l2007 ").code == "L2007"
