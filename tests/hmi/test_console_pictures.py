"""User stories as pictures. `pytest tests/hmi --snapshot-update` rewrites them: look at what changed."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from plant_on_test import infos_of_testing, values_of_testing
from stage import Stage, until
from synthetic_site import T0_NS, tags_frame
from textual.pilot import Pilot

from runtime.wire.fault import NoAnswerFault, RefusedFault

WIDE = (120, 45)
SMALL = (80, 24)
BAD_METER: dict[str, Any] = {
    "bad_inputs": ["grid_meter_1.f_hz", "grid_meter_1.p_kw"],
    "bad_devices": ["grid_meter_1"],
    "view": {
        "plant_1.limited_by": "BAD_INPUT",
        "plant_1.p_min_kw": 0,
        "plant_1.p_max_kw": 0,
        "site_load_1.good": False,
    },
}
FAULT = {
    "scan": 1_058_990,
    "code": 2,
    "text": "array index outside its bounds, the access is dropped",
    "pou": "DEMO_POWER",
    "file": "programs/sites/demo.st",
    "line": 131,
}
FAIL_SAFE: dict[str, Any] = {"fault_stop": True, "driving": False, "faults": [FAULT], "view": {"plant_1.p_set_kw": 0.0}}
FORCE = {"name": "inverter_1.p_set_kw", "value": 12.0}

Play = Callable[[Stage, Pilot[Any]], Awaitable[None]]


def pictured(snap_compare: Any, stage: Stage, size: tuple[int, int], play: Play | None = None) -> bool:
    async def before(pilot: Pilot[Any]) -> None:
        await stage.heard(pilot)
        if play is not None:
            await play(stage, pilot)

    return bool(snap_compare(stage.app, terminal_size=size, run_before=before))


def keys(*pressed: str) -> Play:
    async def play(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, *pressed)

    return play


def test_overview_when_operation_is_normal_on_a_wide_terminal_then_all_is_in_sight(snap_compare):
    assert pictured(snap_compare, Stage(), WIDE)


def test_overview_when_operation_is_normal_at_80x24_then_nothing_essential_is_cut(snap_compare):
    assert pictured(snap_compare, Stage(), SMALL)


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["small", "wide"])
def test_overview_when_the_site_has_wind_then_it_stands_between_sun_and_battery(snap_compare, size):
    view = {"wind_meter_1.p_kw": 24.6}
    assert pictured(snap_compare, Stage(view=view), size)


def test_overview_when_the_grid_meter_is_bad_then_the_banner_and_the_drawing_say_so(snap_compare):
    assert pictured(snap_compare, Stage(**BAD_METER), WIDE)


def test_overview_when_a_tag_is_forced_then_the_banner_names_it(snap_compare):
    assert pictured(snap_compare, Stage(forces=[FORCE]), SMALL)


def test_overview_when_outputs_are_at_fail_safe_then_the_banners_say_why(snap_compare):
    assert pictured(snap_compare, Stage(**FAIL_SAFE), WIDE)


def test_overview_when_the_connection_is_lost_then_old_values_are_grey(snap_compare):
    async def fall_silent(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.clock.advance(42)
        await stage.drawn(pilot)

    assert pictured(snap_compare, Stage(), SMALL, fall_silent)


def test_overview_when_there_never_was_a_connection_then_it_says_where_it_listens(snap_compare):
    assert pictured(snap_compare, Stage(frames=0), SMALL)


def test_mode_when_it_is_about_to_change_then_the_dialog_shows_old_and_new(snap_compare):
    assert pictured(snap_compare, Stage(), SMALL, keys("m", "up", "enter"))


def test_mode_when_the_controller_refuses_then_the_dialog_shows_the_reason(snap_compare):
    stage = Stage()
    stage.link.answers["command"] = {"state": "refused", "reason": "REFUSED_STATE"}
    assert pictured(snap_compare, stage, SMALL, keys("m", "up", "enter", "enter"))


def test_setpoint_when_nobody_answers_then_it_is_unknown_and_can_be_tried_again(snap_compare):
    stage = Stage()
    stage.link.answers["command"] = NoAnswerFault("nothing answers `command`", mend="see the supervisor's log")

    async def send(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press("s")
        await until(pilot, lambda: len(stage.app.screen_stack) == 2)
        await stage.press(pilot, "7", ".", "5", "enter", "enter")

    assert pictured(snap_compare, stage, SMALL, send)


def test_tags_when_filtered_then_quality_age_and_force_are_words(snap_compare):
    stage = Stage(forces=[FORCE])

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "2")
        rows = {
            "grid_meter_1.p_kw": [3.2, 0, 45_000, 0],
            "inverter_1.p_kw": [11.9, 1, 2_500, 0],
            "inverter_1.p_set_kw": [12.0, 2, 5, 1],
        }
        stage.link.play("tags", tags_frame(stage.link.infos, 590, **rows))
        await until(pilot, lambda: bool(stage.app.model.readings))
        await stage.press(pilot, "slash", "p", "_", "enter", "down")

    assert pictured(snap_compare, stage, SMALL, look)


def _text_tag(name: str, of: str, comment: str) -> dict[str, Any]:
    device = name.partition(".")[0]
    return {
        "name": name,
        "type": of,
        "unit": "",
        "comment": comment,
        "direction": "input",
        "forceable": True,
        "device": device,
    }


def test_tags_when_they_are_strings_then_quoted_and_cut_and_the_dialog_shows_old_and_new(snap_compare):
    stage = Stage(frames=1)
    stage.link.infos += [
        _text_tag("plate_1.serial", "STRING[20]", "serial number"),
        _text_tag("plate_1.maker", "STRING[40]", ""),
        _text_tag("plate_1.site", "WSTRING[20]", ""),
    ]

    async def write(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "2")
        rows = {
            "plate_1.serial": ["BAT-4711", 2, 1_500, 0],
            "plate_1.maker": ["A maker with a very long name", 2, 2_500, 0],
            "plate_1.site": ["Süd λ", 2, 2_500, 0],
        }
        stage.link.play("tags", tags_frame(stage.link.infos, 590, **rows))
        await until(pilot, lambda: bool(stage.app.model.readings))
        await stage.press(pilot, "slash", *"plate", "enter", "w", *"it", "apostrophe", *"s 4", "enter")

    assert pictured(snap_compare, stage, SMALL, write)


def test_devices_when_one_reading_is_bad_then_the_others_still_stand(snap_compare):
    stage = Stage()

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "5")
        stage.link.play("tags", tags_frame(stage.link.infos, 590, **{"pv_meter_1.p_kw": [3.2, 0, 45_000, 0]}))
        await until(pilot, lambda: bool(stage.app.model.readings and stage.app.model.io))
        await stage.drawn(pilot)

    assert pictured(snap_compare, stage, WIDE, look)


def test_scan_when_a_program_faulted_then_its_place_is_shown(snap_compare):
    stage = Stage(**FAIL_SAFE)

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "3")
        await until(pilot, lambda: stage.app.model.statistics is not None)
        await stage.drawn(pilot)

    assert pictured(snap_compare, stage, SMALL, look)


def test_events_when_opened_then_the_newest_is_on_top(snap_compare):
    assert pictured(snap_compare, Stage(), SMALL, keys("4"))


def _force(name: str, value: Any, of: str, **more: Any) -> dict[str, Any]:
    told = {"name": name, "value": value, "type": of, "how": "output", "keep": False, "client": "hmi-4711"}
    return told | {"t_wall_ns": T0_NS} | more


FORCES = {
    "prepared": [
        _force("inverter_1.p_set_kw", 12.0, "REAL"),
        _force("inverter_1.start_cmd", True, "BOOL", client="shell-815"),
    ],
    "forces": [
        _force("plate_1.serial", "a serial number of many characters", "STRING[40]", how="input", keep=True),
        _force("parameters_1.ramp_kw_per_s", 3.0, "REAL", how="variable", client="", t_wall_ns=0),
    ],
}


@pytest.mark.parametrize(("size", "pressed"), [(WIDE, ()), (SMALL, ("a",))], ids=["wide", "armed"])
def test_forces_when_some_are_prepared_then_both_kinds_are_listed_and_arming_asks(snap_compare, size, pressed):
    stage = Stage(forces=[{"name": f["name"], "value": f["value"], "type": f["type"]} for f in FORCES["forces"]])
    stage.link.answers["forces"] = FORCES

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "6")
        await until(pilot, lambda: bool(stage.app.model.forces))
        await stage.drawn(pilot)
        if pressed:
            await stage.press(pilot, *pressed)

    assert pictured(snap_compare, stage, size, look)


PAIR = {
    "name": "a",
    "role": "leader",
    "leader": "a",
    "term": 12,
    "drives": True,
    "lease_ms": 38.2,
    "in_sync": ["a"],
    "solo": True,
    "lag_scans": 812,
    "ack_p50_ms": 0.6,
    "ack_p99_ms": 4.2,
    "state_scan": 1_060_001,
    "members": [
        {"name": "a", "kind": "controller", "votes": True, "heard_ms": 0},
        {"name": "b", "kind": "controller", "votes": False, "heard_ms": 8_120},
        {"name": "witness", "kind": "witness", "votes": True, "heard_ms": 12},
    ],
    "detached": ["b"],
    "takeovers": [
        {"leader": "a", "term": 12, "cause": "leader lost", "scan_no": 901, "gap_ms": 61.0, "t_wall_ns": T0_NS},
        {"leader": "b", "term": 9, "cause": "first start", "scan_no": 0, "gap_ms": 0.0, "t_wall_ns": T0_NS - 10**12},
    ],
    "commit": 77,
    "alarms": [
        {
            "id": "out_of_service",
            "source": "b",
            "severity": "warning",
            "text": "b is not in sync, out of service by an operator: it does not take over by itself",
        },
        {"id": "not_heard", "source": "b", "severity": "warning", "text": "b is not heard"},
    ],
}


PART = {word: PAIR[word] for word in ("name", "role", "leader", "term", "drives")}


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
def test_pair_when_the_standby_is_out_of_service_then_what_one_more_loss_would_do_is_told(snap_compare, size):
    stage = Stage(pair=PART)
    stage.link.answers["pair"] = PAIR

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.link.play("chosen", {"name": "b", "others": ["a"]})
        stage.link.play("chosen", {"name": "a", "others": ["b"]})
        stage.link.play(*stage.last_frame(pair=PART))
        await until(pilot, lambda: stage.link.drained)
        await stage.press(pilot, "7")
        await until(pilot, lambda: stage.app.model.pair is not None)
        await stage.drawn(pilot)

    assert pictured(snap_compare, stage, size, look)


def test_pair_when_the_controller_is_alone_then_the_page_says_so(snap_compare):
    stage = Stage()
    stage.link.answers["pair"] = RefusedFault("this controller is alone")

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "7")
        await until(pilot, lambda: bool(stage.app.model.pair_problem))
        await stage.drawn(pilot)

    assert pictured(snap_compare, stage, SMALL, look)


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
def test_testing_when_an_exercise_is_under_way_then_its_rows_and_what_limits_the_power_are_told(snap_compare, size):
    stage = Stage()
    stage.link.infos += infos_of_testing()
    stage.link.answers["read"] = {"values": values_of_testing(on=True)}

    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        await stage.press(pilot, "8")
        await until(pilot, lambda: bool(stage.app.model.testing))
        await stage.press(pilot, "plus")
        await stage.drawn(pilot)

    assert pictured(snap_compare, stage, size, look)
