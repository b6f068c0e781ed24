"""`voltscan exercise`: the test controller leads the plant through its states or modes, and what came of it is told."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.cli.controller.remote import FAILED, FINE, reports
from runtime.cli.textable import table
from runtime.core.fault import ConfigFault
from runtime.wire.client import Client
from runtime.wire.exercise import TESTING, row_of, row_words

POLL_S = 0.5
ROUNDS_MAX = 3_600
"""Half an hour of polls: the most that all rows of an exercise may take."""
_OF = TESTING + "exercise."
_HEAD = ("row", "asked", "must follow", "was", "took", "verdict", "limited by")


@reports
def exercise(client: Client, name: str, *, as_json: bool = False, pause: Callable[[float], None] = time.sleep) -> int:
    """Begin the exercise, follow it to its end, print its rows; 1 when one of them did not pass."""
    if _told(client)[TESTING + "on"] is not True:
        raise ConfigFault("test mode is off", mend="switch it on: voltscan command test_mode TRUE")
    answer = client.command("exercise", name, ttl_ms=5_000)
    if answer["state"] != "done":
        raise ConfigFault(
            f"the program refused it: {answer['reason']}", mend="it needs a plant in Run, and no other exercise"
        )
    told = _told(client)
    for _ in range(ROUNDS_MAX):
        if told[_OF + "running"] is not True:
            break
        pause(POLL_S)
        told = _told(client)
    rows = [row_of(told, number) for number in range(1, int(told[_OF + "n"]) + 1)]
    passed = bool(rows) and all(row["verdict"] == "PASSED" for row in rows)
    if as_json:
        print(json.dumps({"exercise": name, "passed": passed, "rows": rows}))
    else:
        print(table([_cells(number, row, name) for number, row in enumerate(rows, 1)], head=_HEAD))
        ended = "passed" if passed else "did not pass"
        print(f"{name}: {ended}, {told[_OF + 'passed']} of {len(rows)} rows")
    return FINE if passed else FAILED


def _told(client: Client) -> Mapping[str, Any]:
    """The tags of test mode. Raises RefusedFault at a site without it."""
    values = client.request("read", names=[f"{TESTING}*"])["values"]
    return {value["name"]: value["value"] for value in values}


def _cells(number: int, row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    words = row_words(name, row)
    took = f"{row['took'] / 1e9:.1f} s"
    return (str(number), words.asked, words.due, words.was, took, row["verdict"], row["limited_by"])
