"""`voltscan exercise`: the test controller leads the plant through its states or modes, and what came of it is told."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.cli.controller.remote import FAILED, FINE, reports
from runtime.cli.textable import table
from runtime.core.fault import ConfigFault
from runtime.wire.client import Client

STATUS = "testing_status_1."
"""What the tags of test mode begin with (programs/modes/testing.st)."""
POLL_S = 0.5
ROUNDS_MAX = 3_600
"""Half an hour of polls: the most that all rows of an exercise may take."""
_HEAD = ("row", "asked", "must follow", "was", "took", "verdict", "limited by")


@reports
def exercise(client: Client, name: str, *, as_json: bool = False, pause: Callable[[float], None] = time.sleep) -> int:
    """Begin the exercise, follow it to its end, print its rows; 1 when one of them did not pass."""
    if _told(client)["on"] is not True:
        raise ConfigFault("test mode is off", mend="switch it on: voltscan command test_mode TRUE")
    answer = client.command("exercise", name, ttl_ms=5_000)
    if answer["state"] != "done":
        raise ConfigFault(
            f"the program refused it: {answer['reason']}", mend="it needs a plant in Run, and no other exercise"
        )
    told = _told(client)
    for _ in range(ROUNDS_MAX):
        if told["exercise.running"] is not True:
            break
        pause(POLL_S)
        told = _told(client)
    rows = [_row(told, number) for number in range(1, int(told["exercise.n"]) + 1)]
    passed = bool(rows) and all(row["verdict"] == "PASSED" for row in rows)
    if as_json:
        print(json.dumps({"exercise": name, "passed": passed, "rows": rows}))
    else:
        print(table([_cells(number, row, name) for number, row in enumerate(rows, 1)], head=_HEAD))
        ended = "passed" if passed else "did not pass"
        print(f"{name}: {ended}, {told['exercise.passed']} of {len(rows)} rows")
    return FINE if passed else FAILED


def _told(client: Client) -> Mapping[str, Any]:
    """The status of test mode, by the names of its fields. Raises RefusedFault at a site without it."""
    values = client.request("read", names=[f"{STATUS}*"])["values"]
    return {value["name"].removeprefix(STATUS): value["value"] for value in values}


def _row(told: Mapping[str, Any], number: int) -> dict[str, Any]:
    first = f"exercise.rows[{number}]."
    return {name.removeprefix(first): value for name, value in told.items() if name.startswith(first)}


def _cells(number: int, row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    if name == "MODES":
        asked, due, was = f"mode {row['mode']}", "in force", ""
    else:
        asked = f"{row['p_kw']:+g} kW" if row["request"] == "NONE" else row["request"]
        due, was = row["to_step"], row["at_step"]
    return (str(number), asked, due, was, f"{row['took'] / 1e9:.1f} s", row["verdict"], row["limited_by"])
