"""Events of a plant's log, as messages on the topics of their kinds."""

from typing import Any

import pytest

from runtime.core.elementary import BOOL, INT, REAL, TIME, UDINT, USINT, Value, string
from runtime.core.tag import TagTable, Variable
from runtime.gateway.events.plantevents import EVENTS_MAX, PlantEvents

PLANT = "supervision.site.plant"
KINDS = ("NONE", "STATE", "MODE", "POWER", "METER", "CLIMATE", "SETUP", "GRID_FORMING", "ERROR")
STATES = (("INIT", 0), ("RUN", 1), ("ERROR", 2))
INPUTS: dict[str, dict[str, Any]] = {
    "state": {"type": USINT, "labels": STATES, "enum_name": "SYSTEM_STATE"},
    "mode": {"type": USINT, "labels": (("PASSIVE", 0), ("LOCAL", 4)), "enum_name": "CONTROL_MODE"},
    "operation": {"type": USINT, "labels": (("NONE", 0),), "enum_name": "OPERATING_STATE"},
    "meter_good": {"type": BOOL},
    "climate_bad": {"type": BOOL},
    "setup": {"type": BOOL},
    "grid_forming": {"type": BOOL},
    "error": {"type": USINT, "labels": (("NONE", 0), ("GRID_LOST", 15)), "enum_name": "ERROR_CODE"},
}
CATALOGUE: dict[str, Value] = {
    "errors.records[15].id": 7,
    "errors.catalogue[15].severity": 1,
    "errors.catalogue[15].text": "grid is lost",
}


def table(*, without: str = "nothing") -> TagTable:
    fields: dict[str, dict[str, Any]] = {
        "id": {"type": UDINT},
        "kind": {"type": USINT, "labels": tuple((name, i) for i, name in enumerate(KINDS)), "enum_name": "EVENT_KIND"},
        "from": {"type": INT},
        "now": {"type": INT},
        "at": {"type": TIME},
        "p_kw": {"type": REAL},
    }
    rows = range(1, EVENTS_MAX + 1)
    leaves = {f"{PLANT}.events[{i}].{name}": more for i in rows for name, more in fields.items()}
    leaves |= {f"{PLANT}.log.{name}": more for name, more in INPUTS.items()}
    leaves |= {f"{PLANT}.log.topics[{i}]": {"type": string(48)} for i in range(1, len(INPUTS) + 1)}
    leaves |= {
        f"{PLANT}.errors.records[15].id": {"type": UDINT},
        f"{PLANT}.errors.catalogue[15].severity": {"type": USINT, "labels": (("WARNING", 0), ("ERROR", 1))},
        f"{PLANT}.errors.catalogue[15].text": {"type": string(48)},
    }
    kept = {name: more for name, more in leaves.items() if not name.endswith(without)}
    return TagTable([], [Variable(name=name, offset=64 * i, **more) for i, (name, more) in enumerate(kept.items())])


class Log:
    """Stands for a snapshot: the newest event first, as EVENT_LOG keeps them."""

    def __init__(self) -> None:
        self.events: list[dict[str, Value]] = []
        self.ever: list[str] = []

    def note(self, kind: str, before: int, now: int) -> None:
        number = len(self.ever) + 1
        self.ever.append(kind)
        told: dict[str, Value] = {"id": number, "kind": KINDS.index(kind), "from": before, "now": now}
        told |= {"at": 1_000 * number, "p_kw": 2.5}
        self.events = [told, *self.events][:EVENTS_MAX]

    def value(self, variable: Variable) -> Value:
        if (known := CATALOGUE.get(variable.name.removeprefix(PLANT + "."))) is not None:
            return known
        place, _, field = variable.name.removeprefix(PLANT + ".").rpartition(".")
        if "topics" in field:
            return f"topic/{field[7:-1]}"
        row = int(place.removeprefix("events[").removesuffix("]")) - 1
        return self.events[row][field] if row < len(self.events) else 0


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def events(log: Log) -> PlantEvents:
    made = PlantEvents(table())
    assert made.seen(None) == []
    log.note("STATE", 0, 1)
    assert made.seen(log) == []  # type: ignore[arg-type]  # what was before is no news
    return made


def test_plant_events_when_several_are_new_then_each_on_its_topic_the_oldest_first(
    events: PlantEvents, log: Log
) -> None:
    log.note("STATE", 1, 2)
    log.note("MODE", 0, 4)
    log.note("GRID_FORMING", 0, 1)
    assert events.seen(log) == [  # type: ignore[arg-type]
        ("topic/1", {"id": 2, "kind": "STATE", "from": "RUN", "now": "ERROR", "at_ns": 2_000, "p_kw": 2.5}),
        ("topic/2", {"id": 3, "kind": "MODE", "from": "PASSIVE", "now": "LOCAL", "at_ns": 3_000, "p_kw": 2.5}),
        ("topic/7", {"id": 4, "kind": "GRID_FORMING", "from": False, "now": True, "at_ns": 4_000, "p_kw": 2.5}),
    ]
    assert events.seen(log) == []  # type: ignore[arg-type]


def test_plant_events_when_an_error_is_raised_and_ends_then_what_the_catalogue_says_of_it(
    events: PlantEvents, log: Log
) -> None:
    log.note("ERROR", 0, 15)
    log.note("ERROR", 15, 0)
    known = {"error_id": 7, "severity": "ERROR", "text": "grid is lost", "p_kw": 2.5}
    assert events.seen(log) == [  # type: ignore[arg-type]
        ("topic/8", {"id": 2, "kind": "ERROR", "from": "NONE", "now": "GRID_LOST", "at_ns": 2_000, **known}),
        ("topic/8", {"id": 3, "kind": "ERROR", "from": "GRID_LOST", "now": "NONE", "at_ns": 3_000, **known}),
    ]


def test_plant_events_when_more_happened_than_the_log_holds_then_those_that_it_holds(
    events: PlantEvents, log: Log
) -> None:
    for i in range(EVENTS_MAX + 4):
        log.note("STATE", i % 2, 1 - i % 2)
    told = events.seen(log)  # type: ignore[arg-type]
    assert [body["id"] for _, body in told] == list(range(6, 6 + EVENTS_MAX))


def test_plant_events_when_programs_have_no_plant_then_none() -> None:
    assert PlantEvents(TagTable([], [])).seen(Log()) == []  # type: ignore[arg-type]


def test_events_when_the_programs_are_of_before_a_power_was_said_then_they_are_told_without():
    events, log = PlantEvents(table(without=".p_kw")), Log()
    assert events.seen(log) == []
    log.note("STATE", 0, 1)
    ((_, body),) = events.seen(log)
    assert (body["kind"], body["now"], "p_kw" in body) == ("STATE", "RUN", False)


def test_events_when_a_program_has_some_of_its_own_by_that_name_then_they_are_no_log():
    events, log = PlantEvents(table(without=".at")), Log()
    log.note("STATE", 0, 1)
    assert events.seen(log) == []
    log.note("STATE", 1, 2)
    assert events.seen(log) == []
