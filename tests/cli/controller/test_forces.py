"""`voltscan force` and `forces` against a client that answers from a script."""

import pytest

from runtime.cli.controller import forces
from tests.cli.controller.scripted import Scripted

HELD = {"name": "m.p", "value": 5.5, "type": "REAL", "how": "input", "keep": False, "client": "", "t_wall_ns": 0}
ASKED = {"name": "m.p", "value": "5", "keep": False, "prepare": False, "client": "cli-test"}


def test_force_when_done_then_says_how_to_undo_it(capsys):
    client = Scripted(force={}, forces={"forces": [HELD], "prepared": []})
    assert forces.force(client, "m.p", "5") == 0
    assert "until: voltscan unforce m.p" in capsys.readouterr().out
    assert client.asked[0] == ("force", ASKED)


def test_force_when_prepared_and_applied_then_both_are_asked_for(capsys):
    client = Scripted(force={}, force_prepared={"applied": ["m.p"]}, forces={"forces": [HELD], "prepared": [HELD]})
    assert forces.force(client, "m.p", "5", prepare=True, keep=True) == 0
    assert "until: voltscan force --apply" in capsys.readouterr().out
    assert client.asked[0] == ("force", ASKED | {"prepare": True, "keep": True})
    assert forces.force(client, None, None, apply=True) == 0
    assert client.asked[2] == ("force_prepared", {"client": "cli-test"})


@pytest.mark.parametrize(("name", "value", "apply"), [(None, None, False), ("m.p", None, False), ("m.p", "5", True)])
def test_force_when_not_exactly_one_thing_is_said_then_usage_and_code_2(name, value, apply):
    client = Scripted()
    assert forces.force(client, name, value, apply=apply) == 2
    assert client.asked == []


def test_forces_when_listed_then_value_way_end_and_who(capsys):
    pinned = HELD | {"name": "n", "value": 1, "type": "INT", "how": "variable", "keep": True, "client": "hmi-1"}
    assert forces.forces(Scripted(forces={"forces": [HELD], "prepared": [pinned]})) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert first.splitlines()[1].split("  ")[0] == "m.p"
    assert "5.5  at latch, in place of the device  let go or restart  unknown  unknown" in first
    assert "at the start and end of each turn  let go  hmi-1" in " ".join(second.split("   "))
    forces.forces(Scripted(forces={"forces": [], "prepared": []}))
    assert capsys.readouterr().out == "nothing is forced\n"
