"""`voltscan exercise` against a client that answers from a script."""

import json
from typing import Any

import pytest
from scripted import Scripted

from runtime.cli.controller.exercise import exercise
from runtime.wire.exercise import TESTING


def row(number: int, **told: Any) -> dict[str, Any]:
    fields = {
        "request": "NONE", "p_kw": 5.0, "mode": "PASSIVE", "to_step": "DISCHARGING", "at_step": "DISCHARGING",
        "took": 1_500_000_000, "limited_by": "NONE", "verdict": "PASSED",
    } | told  # fmt: skip
    return {f"exercise.rows[{number}].{name}": value for name, value in fields.items()}


class Running(Scripted):
    """An exercise that is under way for two looks after its command."""

    def __init__(self, *, on: bool = True, answer: dict[str, Any] | None = None, **rows: Any) -> None:
        super().__init__(command=answer or {"state": "done"})
        self._told = {"on": on, "exercise.n": 2, "exercise.passed": 2} | rows
        self._looks = 0

    def request(self, op: str, **fields: Any) -> dict[str, Any]:
        if op != "read":
            return super().request(op, **fields)
        self._looks += 1
        told = self._told | {"exercise.running": 1 < self._looks < 4}
        return {"values": [{"name": TESTING + name, "value": value} for name, value in told.items()]}


def test_exercise_when_all_rows_pass_then_a_table_and_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    waited: list[float] = []
    client = Running(**row(1), **row(2, request="STOP", to_step="STOPPED", at_step="STOPPED"))
    assert exercise(client, "TRANSITIONS", pause=waited.append) == 0
    assert client.asked == [("command", {"name": "exercise", "value": "TRANSITIONS", "ttl_ms": 5000})]
    assert len(waited) == 2
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "TRANSITIONS: passed, 2 of 2 rows"
    assert [line.split() for line in told[-3:-1]] == [
        ["1", "+5.0", "kW", "DISCHARGING", "DISCHARGING", "1.5", "s", "PASSED", "NONE"],
        ["2", "STOP", "STOPPED", "STOPPED", "1.5", "s", "PASSED", "NONE"],
    ]


def test_exercise_when_a_row_does_not_pass_then_code_1_and_json_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    client = Running(**row(1), **row(2, verdict="LIMITED", limited_by="SOC_GUARD"))
    assert exercise(client, "TRANSITIONS", as_json=True, pause=lambda _: None) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is False
    assert [one["verdict"] for one in told["rows"]] == ["PASSED", "LIMITED"]
    assert told["rows"][1]["limited_by"] == "SOC_GUARD"


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (Running(on=False), "test mode is off"),
        (Running(answer={"state": "refused", "reason": "REFUSED_STATE"}), "REFUSED_STATE"),
    ],
)
def test_exercise_when_it_may_not_begin_then_code_1_and_why(
    client: Running, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exercise(client, "MODES", pause=lambda _: None) == 1
    assert words in capsys.readouterr().err


def test_exercise_when_it_goes_through_the_modes_then_each_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    client = Running(**row(1), **row(2, mode="LOCAL"))
    assert exercise(client, "MODES", pause=lambda _: None) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2].split()[:4] == ["2", "LOCAL", "in", "force"]
