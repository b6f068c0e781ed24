"""`voltscan keys`, `voltscan witness` and `voltscan check` on a pair's files, as a user meets them."""

import pytest
import typer.testing

from runtime.cli.main import app
from runtime.cluster.group import load_group
from runtime.core.fault import ConfigFault


def voltscan(*words):
    return typer.testing.CliRunner().invoke(app, [str(word) for word in words])


def test_keys_when_three_members_are_named_then_the_group_file_is_right_and_no_secret_is_printed(tmp_path):
    done = voltscan("keys", "a=10.0.0.1", "b=[fd00::2]:7500", "w=w.example", "--out", tmp_path, "--cycle", "10ms")
    assert done.exit_code == 0
    group, mistakes = load_group(tmp_path / "group.toml")
    assert group is not None, mistakes
    members = group.table.members
    assert {n: m.endpoints.urgent for n, m in members.items()} == {
        "a": "tcp://10.0.0.1:7420",
        "b": "tcp://[fd00::2]:7500",
        "w": "tcp://w.example:7420",
    }
    assert [m.role for m in members.values()] == ["controller", "controller", "witness"]
    for name, member in members.items():
        assert f"{name}: public key {member.public_key}" in done.output
        assert (tmp_path / f"{name}.key").read_text().strip() not in done.output
    assert voltscan("check", tmp_path / "group.toml").output.strip().endswith("no mistakes found")


def test_keys_when_all_are_on_one_machine_then_no_two_share_a_port(tmp_path):
    assert voltscan("keys", "a", "b", "w", "--out", tmp_path).exit_code == 0
    group, _ = load_group(tmp_path / "group.toml")
    assert group is not None
    members = group.table.members.values()
    assert [m.port for m in members] == [7420, 7422, 7424]
    assert [m.console_port for m in members] == [7426, 7428, None]


def test_keys_when_anything_is_there_then_nothing_is_made(tmp_path):
    assert voltscan("keys", "b", "--out", tmp_path).exit_code == 0
    before = sorted(tmp_path.iterdir())
    done = voltscan("keys", "a", "b", "w", "--out", tmp_path)
    assert isinstance(done.exception, ConfigFault)
    assert "there already, and nothing was made" in str(done.exception)
    assert sorted(tmp_path.iterdir()) == before


def test_keys_when_a_pair_has_no_witness_then_it_says_why_it_needs_one_and_how_to_name_it(tmp_path):
    done = voltscan("keys", "a=10.0.0.1", "b=10.0.0.2", "--out", tmp_path)
    assert isinstance(done.exception, ConfigFault)
    assert "could not tell a dead partner from a cut link" in str(done.exception)
    assert "a=10.0.0.1 b=10.0.0.2 witness=" in str(done.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["=10.0.0.1", "a/b", ""])
def test_keys_when_a_name_is_none_then_it_says_so(tmp_path, wrong):
    done = voltscan("keys", wrong, "--out", tmp_path)
    assert "is no name of a member" in str(done.exception)
    assert not list(tmp_path.iterdir())


def test_witness_when_its_state_is_made_then_a_second_time_is_refused_and_check_is_content(tmp_path):
    voltscan("keys", "a", "b", "w", "--out", tmp_path)
    config = tmp_path / "witness.toml"
    config.write_text('member = "w"\ngroup = "group.toml"\nkey = "w.key"\nstate_dir = "state"\n')
    assert voltscan("check", config).exit_code == 0
    assert "give one of --found and --join" in str(voltscan("witness", config, "--found", "--join").exception)
    assert "its group begins with it" in voltscan("witness", config, "--found").output
    assert "has a state already" in str(voltscan("witness", config, "--join").exception)


def test_witness_when_its_file_is_wrong_then_the_place_is_shown_and_it_does_not_start(tmp_path):
    config = tmp_path / "witness.toml"
    config.write_text('member = "w"\ngrop = "group.toml"\nkey = "w.key"\nstate_dir = "state"\n')
    done = voltscan("witness", config)
    assert done.exit_code == 1
    assert "did you mean group?" in done.output
    assert voltscan("check", config).exit_code == 1
