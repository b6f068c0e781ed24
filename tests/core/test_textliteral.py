"""Strings as the language writes them, and back."""

import pytest

from runtime.core.textliteral import show_text, unquoted

TEXTS = ["", "a", "it's", 'say "x"', "$", "$$'", "line\nfeed\r\t\f", "\x01\x7f", "ÿ", "'quoted'"]


@pytest.mark.parametrize("text", [*TEXTS, "λ\u2028"])
def test_text_when_shown_as_a_literal_then_it_reads_back(text):
    assert unquoted(show_text(text, "WSTRING")) == text


@pytest.mark.parametrize("text", TEXTS)
def test_text_when_shown_in_single_quotes_then_it_reads_back(text):
    assert unquoted(show_text(text, "STRING[20]")) == text


@pytest.mark.parametrize("typed", ["", "'", "plain", "'it's'", "'open", "'a$'", "'$Z'", "'$4'", '"$03A"', "'mixed\""])
def test_literal_when_it_cannot_be_read_then_none(typed):
    assert unquoted(typed) is None
