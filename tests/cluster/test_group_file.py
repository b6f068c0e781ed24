"""Group and witness files: what a right one means, and what is said of wrong ones (goldens beside this file)."""

import socket
from pathlib import Path

import pytest

from runtime.cluster.group import load_group
from runtime.cluster.keys import KeyPair, read_keys, write_keys
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.pair.settings import times_for
from runtime.cluster.transport.post import Endpoints
from runtime.cluster.witnessfile import load_witness
from runtime.core.diagnostic import render
from runtime.core.fault import ConfigFault
from runtime.raft.configuration import Configuration

WRONG = Path(__file__).parent / "wrong_files"
MS = 1_000_000
PUBLIC = {name: f"{name}{'0' * 39}" for name in "abw"}


def group_text(keys=PUBLIC, more=""):
    roles = {"a": "controller", "b": "controller", "w": "witness"}
    tables = [
        f'[members.{name}]\nrole = "{roles[name]}"\nhost = "10.0.0.{place}"\npublic_key = "{key}"\n'
        for place, (name, key) in enumerate(keys.items(), 1)
    ]
    return f'name = "site-7"\ncycle = "50ms"\n{more}' + "".join(tables)


def test_group_when_it_is_right_then_every_member_reads_the_same_out_of_it(tmp_path):
    (tmp_path / "group.toml").write_text(group_text())
    group, mistakes = load_group(tmp_path / "group.toml")
    assert group is not None
    assert not mistakes
    plans = {n: group.plan(n, key_file=tmp_path / n, state_dir=tmp_path) for n in "abw"}
    assert {p.configuration for p in plans.values()} == {Configuration(controllers=("a", "b"), witnesses=("w",))}
    assert group.times == times_for(50 * MS)
    waits = [plans[n].settings.election_ns for n in "abw"]
    assert sorted(set(waits)) == waits
    assert group.times.election_min_ns <= waits[0] < waits[-1] <= group.times.election_max_ns
    assert plans["b"].endpoints == Endpoints("tcp://10.0.0.2:7420", "tcp://10.0.0.2:7421")
    assert set(plans["w"].peers) == {"a", "b"}
    assert plans["a"].state_folder != plans["b"].state_folder


def test_member_when_it_has_a_name_or_another_address_for_itself_then_it_listens_on_a_number(tmp_path, monkeypatch):
    text = group_text().replace('"10.0.0.1"', '"localhost"').replace('"10.0.0.2"', '"b.example"')
    text = text.replace('host = "10.0.0.3"', 'host = "w.example"\nlisten = "0.0.0.0"')
    (tmp_path / "group.toml").write_text(text)
    group, mistakes = load_group(tmp_path / "group.toml")
    assert group is not None, mistakes
    plan = group.plan("a", key_file=tmp_path, state_dir=tmp_path)
    assert plan.endpoints.urgent in ("tcp://127.0.0.1:7420", "tcp://[::1]:7420")
    assert plan.peers["b"].endpoints.urgent == "tcp://b.example:7420"
    assert group.plan("w", key_file=tmp_path, state_dir=tmp_path).endpoints.bulk == "tcp://0.0.0.0:7421"

    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConfigFault, match="cannot be found: Name or service not known"):
        group.plan("b", key_file=tmp_path, state_dir=tmp_path)


def test_consoles_when_ports_and_operators_are_named_then_each_controller_knows_both_and_whose_it_serves(tmp_path):
    desk = "d" + "0" * 39
    text = group_text().replace('role = "controller"\n', 'role = "controller"\nconsole_port = 7430\n')
    (tmp_path / "group.toml").write_text(f'{text}[operators.desk]\npublic_key = "{desk}"\n')
    group, mistakes = load_group(tmp_path / "group.toml")
    assert group is not None, mistakes
    plan = group.plan("a", key_file=tmp_path / "a.key", state_dir=tmp_path)
    assert {n: (p.host, p.port, p.public_key) for n, p in plan.consoles.places.items()} == {
        "a": ("10.0.0.1", 7430, PUBLIC["a"]),
        "b": ("10.0.0.2", 7430, PUBLIC["b"]),
    }
    assert plan.consoles.admitted == {"a": PUBLIC["a"], "b": PUBLIC["b"], "desk": desk}
    assert MemberPlan.of_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('role = "witness"', 'role = "witness"\nconsole_port = 7430', "`console_port` is for controllers"),
        ('host = "10.0.0.2"', 'host = "10.0.0.2"\nconsole_port = 7421', "one port is taken twice"),
    ],
)
def test_consoles_when_their_port_cannot_be_then_the_file_is_refused(tmp_path, before, after, why):
    (tmp_path / "group.toml").write_text(group_text().replace(before, after))
    group, mistakes = load_group(tmp_path / "group.toml")
    assert group is None
    assert why in "".join(map(render, mistakes))


def test_plan_when_it_goes_to_another_process_then_it_is_the_same_there(tmp_path):
    (tmp_path / "group.toml").write_text(group_text())
    group, _ = load_group(tmp_path / "group.toml")
    assert group is not None
    plan = group.plan("w", key_file=tmp_path / "w.key", state_dir=tmp_path)
    assert MemberPlan.of_json(plan.to_json()) == plan


def test_group_when_it_gives_its_own_times_then_they_are_taken(tmp_path):
    times = '[times]\nheartbeat = "20ms"\nelection_min = "200ms"\nlease = "150ms"\neffect = "20ms"\n'
    (tmp_path / "group.toml").write_text(group_text(more=times))
    group, _ = load_group(tmp_path / "group.toml")
    assert group is not None
    assert (group.times.heartbeat_ns, group.times.lease_ns) == (20 * MS, 150 * MS)


def test_pact_when_members_have_the_same_times_then_is_the_same_and_with_any_other_time_it_is_not(tmp_path):
    times = '[times]\nheartbeat = "20ms"\nelection_min = "200ms"\nlease = "150ms"\neffect = "20ms"\n'
    changes = (
        ("heartbeat", "20ms", "25ms"),
        ("election_min", "200ms", "210ms"),
        ("lease", "150ms", "140ms"),
        ("effect", "20ms", "10ms"),
    )
    texts = [group_text(more=times.replace(f'{name} = "{old}"', f'{name} = "{new}"')) for name, old, new in changes]
    pacts = [_pacts(tmp_path, text) for text in (group_text(), group_text(more=times), *texts)]
    assert all(len(each) == 1 for each in pacts)
    assert len(set().union(*pacts)) == len(pacts)


def _pacts(folder, text):
    (folder / "group.toml").write_text(text)
    group, _ = load_group(folder / "group.toml")
    assert group is not None
    plans = [group.plan(name, key_file=folder, state_dir=folder) for name in "abw"]
    return {plan.pact for plan in (*plans, *(MemberPlan.of_json(plan.to_json()) for plan in plans))}


@pytest.mark.parametrize("file", sorted(WRONG.glob("*.toml")), ids=lambda f: f.stem)
def test_group_when_it_is_wrong_then_it_says_where_and_how_to_mend_it(file, golden):
    group, mistakes = load_group(file, name=file.name)
    assert group is None
    golden(file.with_suffix(".txt"), "\n\n".join(render(m) for m in mistakes) + "\n")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A witness with its group and its key, all right."""
    keys = {name: write_keys(tmp_path, name).public for name in "abw"}
    (tmp_path / "group.toml").write_text(group_text(keys))
    (tmp_path / "witness.toml").write_text('member = "w"\ngroup = "group.toml"\nkey = "w.key"\nstate_dir = "state"\n')
    return tmp_path


def test_witness_file_when_it_is_right_then_its_paths_are_beside_it(folder):
    plan, mistakes = load_witness(folder / "witness.toml")
    assert plan is not None
    assert not mistakes
    assert (plan.name, plan.key_file, plan.state_folder) == ("w", folder / "w.key", folder / "state" / "w")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("witness.toml", '"w"', '"a"'), "a is no witness of group site-7"),
        (("witness.toml", "w.key", "a.key"), "the group file gives w another public key"),
        (("witness.toml", "w.key", "c.key"), "the secret key cannot be read"),
        (("witness.toml", "group.toml", "other.toml"), "there is no such group file"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_witness_file_when_it_does_not_fit_the_rest_then_it_says_so(folder, change, told):
    name, old, new = change
    (folder / name).write_text((folder / name).read_text().replace(old, new))
    with pytest.raises(ConfigFault, match=told) as fault:
        load_witness(folder / "witness.toml")
    assert fault.value.mend


def test_witness_file_when_a_key_is_misspelt_then_it_says_where(folder):
    (folder / "witness.toml").write_text('member = "w"\ngrop = "group.toml"\nkey = "w.key"\nstate_dir = "s"\n')
    plan, mistakes = load_witness(folder / "witness.toml")
    assert plan is None
    assert ("M1003", "did you mean group?") in [(m.code, m.help) for m in mistakes]


def test_key_when_it_is_not_the_one_in_the_group_file_then_the_right_line_is_told(folder):
    group, _ = load_group(folder / "group.toml")
    assert group is not None
    group.check_key("w", read_keys(folder / "w.key"))
    with pytest.raises(ConfigFault, match="another public key") as fault:
        group.check_key("w", KeyPair("x" * 40, ""))
    assert f'public_key = "{"x" * 40}"' in fault.value.mend
