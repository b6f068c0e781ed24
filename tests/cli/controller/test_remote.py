"""The commands against a client that answers from a script: what is printed, asked, and the exit code."""

import json
from typing import Any

import pytest

from runtime.cli.controller import remote
from runtime.cli.textable import table
from runtime.wire.fault import RefusedFault
from tests.cli.controller.scripted import IO, Scripted

STATUS = {
    "t_wall_ns": 0,
    "site": "demo",
    "scan_no": 1234,
    "cycle_ns": 10_000_000,
    "scanning": True,
    "driving": True,
    "standby": False,
    "fault_stop": False,
    "faults": [],
    "overruns": 1,
    "skipped": 2,
    "release_delay": {"p50_ns": 26_000, "p99_ns": 110_000, "max_ns": 1_250_000},
    "execution": {"p50_ns": 3_000, "p99_ns": 5_000, "max_ns": 9_000},
    "load_pct": 0.03,
    "rights_missing": [{"without": "slow", "unit_line": "LimitRTPRIO=98"}],
    "program": {"number": 2, "hash": "5f0c2a9d11aa", "since_wall_ns": 1_767_225_600_000_000_000, "by": "anna"},
    "bad_inputs": [],
    "bad_devices": [],
    "forces": [{"name": "meter_1.p_kw", "value": 5.0, "type": "REAL"}],
    "view": {"plant_1.state": "RUN", "plant_1.soc_pct": 55.5},
}
FAULT = {"scan": 7, "code": 1, "text": "division", "pou": "MAIN", "file": "a.st", "line": 3}


def test_status_when_all_is_well_then_figures_and_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert remote.status(Scripted(status=STATUS), processes={"scan": 101, "io": 102}) == 0
    assert capsys.readouterr().out.splitlines() == [
        "demo: scanning, outputs driven, scan 1234 of 10 ms",
        "program version  5f0c2a9d11aa since 2026-01-01 00:00:00 UTC, by anna",
        "load             0.0 % of the cycle",
        "release delay    p50 26 us, p99 110 us, max 1.25 ms",
        "execution        p50 3 us, p99 5 us, max 9 us",
        "overruns         1, 2 deadlines skipped",
        "bad inputs       none",
        "devices without  none",
        "forces           meter_1.p_kw = 5",
        "rights missing   LimitRTPRIO=98",
        "program faults   none",
        "processes        scan 101, io 102",
    ]


def test_status_when_devices_are_wanted_then_a_row_each_and_one_a_bus(capsys: pytest.CaptureFixture[str]) -> None:
    assert remote.status(Scripted(status=STATUS, io=IO), devices=True) == 0
    told = capsys.readouterr().out.partition("\n\n")[2].splitlines()
    assert [line.split() for line in told if line] == [
        ["device", "link", "requests", "errors", "round", "trip", "heard"],
        ["meter_1", "meters", "connected", "70", "2", "1.5", "ms", "500", "ms", "ago"],
        ["battery_1", "racks", "LOST", "9", "1", "never"],
        ["CAN", "bus", "error", "frames", "bus-off", "restarts", "overflows", "tx", "errors", "rx", "errors"],
        ["racks", "error-passive", "12", "1", "1", "0", "136", "3"],
    ]
    remote.status(Scripted(status=STATUS, io=IO | {"age_ms": 9_000}), devices=True)
    assert capsys.readouterr().out.endswith("io last told this 9 s ago: does it run?\n")


def test_status_when_values_are_wanted_then_as_read_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    soc = {"name": "plant_1.soc_pct", "value": 55.5, "type": "REAL", "unit": "%", "forced": False}
    client = Scripted(status=STATUS, read={"values": [soc]})
    assert remote.status(client, values=True) == 0
    assert client.asked[1] == ("read", {"names": ["plant_1.state", "plant_1.soc_pct"]})
    assert capsys.readouterr().out.endswith("\n\nplant_1.soc_pct  55.5  %\n")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scanning": False, "driving": False}, "NOT SCANNING, outputs at FAIL-SAFE"),
        ({"fault_stop": True, "faults": [FAULT]}, "a.st:3: MAIN: division (scan 7)"),
    ],
)
def test_status_when_it_does_not_scan_or_is_stopped_then_code_1(
    capsys: pytest.CaptureFixture[str], change: dict[str, Any], says: str
) -> None:
    assert remote.status(Scripted(status=STATUS | change)) == 1
    assert says in capsys.readouterr().out


def test_status_when_it_is_the_standby_of_a_pair_then_says_so_and_that_is_fine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert remote.status(Scripted(status=STATUS | {"driving": False, "standby": True})) == 0
    assert "standby, mirrors the leader" in capsys.readouterr().out


def test_read_when_values_come_then_aligned_with_quality_and_age(capsys: pytest.CaptureFixture[str]) -> None:
    values = [
        {"name": "m.p_kw", "value": -3.25, "type": "REAL", "unit": "kW", "forced": True, "quality": 2, "age_ms": 120},
        {"name": "m.f_hz", "value": "NaN", "type": "REAL", "unit": "Hz", "forced": False, "quality": 0, "age_ms": -1},
        {"name": "plant.up", "value": 90_000_000_000, "type": "TIME", "unit": "", "forced": False},
    ]
    client = Scripted(read={"values": values})
    assert remote.read(client, ["m.*", "plant.up"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "m.p_kw      -3.25  kW  GOOD FORCED 120 ms ago",
        "m.f_hz        NaN  Hz  BAD never read",
        "plant.up  T#1m30s",
    ]
    assert client.asked == [("read", {"names": ["m.*", "plant.up"]})]
    assert remote.read(client, ["m.*"], as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == values


def test_read_when_name_is_unknown_then_help_and_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    fault = RefusedFault("there is no tag", where="m.p", mend="did you mean m.p_kw?")
    assert remote.read(Scripted(read=fault), ["m.p"]) == 1
    assert capsys.readouterr().err == "error: m.p: there is no tag\n  = help: did you mean m.p_kw?\n"
    assert remote.read(Scripted(read=fault), ["m.p"], as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"error": {"what": "there is no tag", "where": "m.p", "mend": "did you mean m.p_kw?"}}


def test_tags_when_patterns_are_given_then_only_those_that_fit(capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        {"name": name, "type": "INT", "unit": "mV", "direction": "input", "device": "r", "comment": "", "forceable": 1}
        for name in ("cell[1].mv", "cell[2].mv", "other")
    ]
    client = Scripted(tags={"tags": told, "variables": ["main.x", "cell[2].x"]})
    assert remote.tags(client, ["CELL[2].*"], variables=True) == 0
    assert capsys.readouterr().out.splitlines() == [
        "name        type  unit  direction  device  comment",
        "cell[2].mv  INT   mV    input      r",
        "",
        "variables",
        "cell[2].x",
    ]
    assert remote.tags(client, ["nothing*"]) == 1


def test_write_when_done_then_scan_and_note(capsys: pytest.CaptureFixture[str]) -> None:
    assert remote.write(Scripted(write={"done": True, "scan": 9, "note": "an input"}), "m.p", "5") == 0
    assert capsys.readouterr().out == "m.p := 5, done by scan 9\nnote: an input\n"


@pytest.mark.parametrize(("name", "every"), [(None, False), ("m.p", True)])
def test_unforce_when_not_exactly_one_is_said_then_usage_and_code_2(name: str | None, every: bool) -> None:
    client = Scripted()
    assert remote.unforce(client, name, every=every) == 2
    assert client.asked == []


def test_unforce_when_all_then_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    client = Scripted(unforce={"removed": ["a", "b"]})
    assert remote.unforce(client, every=True) == 0
    assert capsys.readouterr().out == "let go: a, b\n"
    assert client.asked == [("unforce", {"client": "cli-test", "all": True})]


def test_command_when_done_or_refused_then_code_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert remote.command(Scripted(command={"state": "done"}), "mode", "PASSIVE") == 0
    assert capsys.readouterr().out == "mode PASSIVE: done\n"
    refused = Scripted(command={"state": "refused", "reason": "REFUSED_STATE"})
    assert remote.command(refused, "mode", "PASSIVE") == 1
    assert "REFUSED_STATE" in capsys.readouterr().err
    assert remote.command(Scripted(), "mode", "PASSIVE", ttl_ms=0) == 2


def test_acknowledge_when_there_are_faults_then_counts_them(capsys: pytest.CaptureFixture[str]) -> None:
    for count, text in (
        (0, "there was none"),
        (1, "acknowledged 1 program fault"),
        (3, "acknowledged 3 program faults"),
    ):
        assert remote.acknowledge(Scripted(acknowledge={"acknowledged": count})) == 0
        assert capsys.readouterr().out == f"{text}\n"


def test_table_when_empty_or_without_head_then_no_blank_ends() -> None:
    assert table([]) == ""
    assert table([("a", ""), ("bb", "c")]) == "a\nbb  c"
