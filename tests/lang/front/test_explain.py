"""Every code of a diagnostic has a page, and the programs on it do what they say."""

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.diagnostics.codes import CODES
from runtime.lang.diagnostics.explain import codes_with_pages, near, page
from runtime.lang.diagnostics.lint import check_sources


def _codes(text):
    return {d.code for d in check_sources([Source("page.st", text)])}


def test_pages_when_listed_then_each_is_of_a_code():
    assert not set(codes_with_pages()) - set(CODES)


@pytest.mark.parametrize("code", codes_with_pages())
def test_page_when_its_programs_are_compiled_then_the_wrong_one_gives_the_code_and_the_right_one_nothing(code):
    found = page(code)
    assert found.title == CODES[code]
    assert found.wrong
    assert found.right
    assert _codes(found.wrong) == {code}
    assert _codes(found.right) == set()


@pytest.mark.parametrize(("wrong", "first"), [("L2070", "L2007"), ("l207", "L2007"), ("L20007", "L2007")])
def test_code_when_unknown_then_near_ones_are_named(wrong, first):
    assert page(wrong) is None
    assert first in near(wrong)


def test_code_when_written_in_lower_case_then_its_page_is_found():
    assert page(" l2007 ").code == "L2007"
