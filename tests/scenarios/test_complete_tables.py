"""Nothing is left out of the tables.

Each error has a row, and a scenario that breaks something for it; each transition is taken, and forbidden where it may
be; each request is judged in each step; each device of each site fails in each way that it can. Whoever adds an error,
a step, a transition or a device meets these tests first: they name what is missing.
"""

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import playedsites
import pytest

from runtime.core.diagnostic import Source
from runtime.core.duration import duration_ns
from runtime.lang import tree
from runtime.lang.syntax.parse import parse

PLANT = playedsites.ROOT / "programs" / "plant"
SITES = ("home", "commercial", "industrial", "offgrid", "depot", "park")
REQUESTS = ("START", "STOP", "RECOVER", "SLEEP", "MAINTENANCE", "RESTART", "REBOOT", "RESET")
NEVER_ASKED_OF_THE_TABLE = {"STOPPING", "OPENING", "STOPPED", "ERROR"}
"""Stop and error always work (steps.st); a lost device leads to WAITING likewise."""
SOON_S = 60
"""What breaks shows within this time, the slowest (HUMIDITY) included."""
OWN_PARAMETERS = {"PARAMETERS"}
"""Errors whose cause is a parameter."""
RIGGED = {"PROGRAM_ERROR": "supervision.site.plant.other_task.timeout"}
"""Errors that no simulated plant can cause: a task that stands is played by giving it no time."""


def parsed(file: Path) -> tree.File:
    return parse(Source(str(file), file.read_text()))[0]


def rows(name: str) -> list[tuple[str, ...]]:
    """The rows of a file of programs/plant/tests, as written: a test of a table is called after its row."""
    called = [test.name.text for test in parsed(PLANT / "tests" / name).tests]
    return [tuple(value.strip() for value in text.rsplit("(", 1)[1].rstrip(")").split(",")) for text in called]


def labels(file: Path, name: str) -> list[str]:
    """The labels of an enumeration."""
    declared = next(t for t in parsed(file).types if t.name.text == name).spec
    assert isinstance(declared, tree.EnumType)
    return [label.text for label, _ in declared.labels]


def scenarios() -> list[tuple[str, dict[str, Any]]]:
    """Every scenario file: its name, what it says."""
    files = sorted(playedsites.FOLDER.glob("*/*.toml"))
    return [(f"{file.parent.name}/{file.name}", tomllib.loads(file.read_text())) for file in files]


def seconds(text: str) -> float:
    return duration_ns(text) / 1e9


def errors() -> list[str]:
    """The catalogue, without NONE."""
    return [label for label in labels(PLANT / "errors.st", "ERROR_CODE") if label != "NONE"]


def is_told(expect: dict[str, Any], code: str) -> bool:
    """The error is expected to be named to whoever reads the list of errors."""
    return expect["tag"].startswith("errors_1.") and expect.get("is") == code and ("within" in expect or "at" in expect)


def is_cause(event: dict[str, Any], code: str) -> bool:
    """Something breaks outside the controller (a device, physics, an input), or is in OWN_PARAMETERS or RIGGED."""
    changed = event.get("set", "")
    return (
        "fault" in event
        or "force" in event
        or changed.startswith("plant/sim_1.")
        or (code in OWN_PARAMETERS and changed.startswith("parameters_1."))
        or changed == RIGGED.get(code)
    )


def shown_in(code: str, said: dict[str, Any]) -> bool:
    """The scenario breaks something, expects this error soon, and later that nothing stands or the plant runs."""
    for expect in said.get("expect", ()):
        if not is_told(expect, code):
            continue
        since = seconds(expect.get("after", expect.get("at", "0s")))
        caused = any(is_cause(e, code) and -SOON_S <= seconds(e["at"]) - since <= 5 for e in said["events"])
        over = any(
            (e["tag"], e.get("is")) in (("errors_1.n_active", 0), ("plant_1.state", "RUN"))
            and seconds(e.get("after", e.get("at", "0s"))) >= since
            for e in said["expect"]
            if e is not expect
        )
        if caused and over:
            return True
    return False


def is_judged(event: dict[str, Any], said: dict[str, Any]) -> bool:
    """Something is expected while the fault lasts, beside what the books say in the end."""
    begins = seconds(event["at"])
    ends = begins + seconds(event.get("for", said["length"]))
    for expect in said["expect"]:
        since = seconds(expect.get("at", expect.get("after", "0s")))
        until = expect.get("until", said["length"]) if "always" in expect else expect.get("within", "0s")
        last = seconds(until) if "always" in expect else since + seconds(until)
        if since <= ends and last >= begins and "summary" not in expect["tag"]:
            return True
    return False


@pytest.mark.parametrize("code", errors())
def test_error_of_the_catalogue_when_looked_for_then_it_has_its_row_and_a_scenario_that_causes_it(code: str) -> None:
    assert code in {row[0].rpartition("#")[2] for row in rows("error_reactions.st")}, (
        f"programs/plant/tests/error_reactions.st needs a row of {code}: its cause, what it does, how it ends"
    )
    assert any(shown_in(code, said) for _, said in scenarios()), (
        f"no scenario breaks something, expects {code} then, and the end of it: tests/scenarios/commercial/errors.toml"
    )


def test_transitions_when_counted_then_each_is_taken_and_each_that_a_site_may_forbid_is_forbidden() -> None:
    chart = next(pou for pou in parsed(PLANT / "sequence.st").pous if pou.name.text == "PLANT_SEQUENCE").chart
    assert chart
    drawn = {
        (source.text.upper(), target.text.upper())
        for element in chart
        if isinstance(element, tree.Transition)
        for source, target in product(element.sources, element.targets)
    }
    assert drawn == {(row[0], row[-1]) for row in rows("transitions_taken.st")}
    forbidden = {(row[0], row[-1]) for row in rows("transitions_forbidden.st")}
    asked = {(source, target) for source, target in drawn if target not in NEVER_ASKED_OF_THE_TABLE}
    lost = {(source, "WAITING") for source in labels(PLANT / "steps.st", "PLANT_STEP")[1:7]}
    assert asked - lost - forbidden == set()


def test_requests_when_counted_then_each_in_each_step_is_obeyed_or_refused_or_leads_on() -> None:
    judged = {
        row[:2]
        for name in ("transitions_taken.st", "requests_refused.st", "requests_in_place.st")
        for row in rows(name)
        if row[1].startswith("ASK_")
    }
    steps = labels(PLANT / "steps.st", "PLANT_STEP")
    assert set(product(steps, (f"ASK_{request}" for request in REQUESTS))) == judged
    assert len(REQUESTS) == len(labels(PLANT / "steps.st", "PLANT_REQUEST")) - 1


@pytest.mark.parametrize("site", SITES)
def test_devices_of_a_site_when_counted_then_each_fails_in_each_way_that_it_can(site: str) -> None:
    failed = {
        (event["fault"], event.get("kind", "silent"))
        for name, said in scenarios()
        if name.startswith(f"{site}/")
        for event in said.get("events", ())
        if "fault" in event and is_judged(event, said)
    }
    plan = playedsites.builds(site)[0][0].io_plan
    assert plan is not None
    missing = []
    for device in (device for devices in plan.devices.values() for device in devices):
        numbers = [point.wire.number for point in device.inputs]
        may_be_nan = any(number.floating or number.not_implemented is not None for number in numbers)
        ways = ("silent", "frozen", "absurd", *(("nan",) if may_be_nan else ()))
        missing += [f"{device.name} {way}" for way in ways if (device.name, way) not in failed]
    assert not missing, f"tests/scenarios/{site}: {missing}"
