"""`voltscan explain` as a user runs it."""

import json

import pytest

from runtime.cli.language.explain import explain_code
from runtime.core.fault import ConfigFault


def test_explain_when_the_code_is_known_then_its_page_is_printed(capsys):
    assert explain_code("L2007", as_json=False) == 0
    assert capsys.readouterr().out.startswith("# L2007: a value that does not fit into its target\n")


def test_explain_when_the_code_is_unknown_then_near_ones_are_suggested():
    with pytest.raises(ConfigFault, match=r"did you mean .*L2007"):
        explain_code("L2070", as_json=False)


def test_explain_when_no_code_is_given_then_all_are_listed(capsys):
    assert explain_code(None, as_json=False) == 0
    assert "L9006  a logical operator on whole numbers\n" in capsys.readouterr().out


def test_explain_when_asked_as_json_then_programs_and_page_are_fields(capsys):
    explain_code("l1002", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["code"] == "L1002"
    assert told["wrong"] in told["page"]
