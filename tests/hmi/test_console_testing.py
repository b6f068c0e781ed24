"""Page 8: keystrokes as commands while test mode is on, and none while it is off."""

import pytest
from plant_on_test import infos_of_testing, values_of_testing
from stage import Stage, until

from hmi.dialogs.action import ActionDialog
from hmi.teststep import default_step_kw, larger_kw, smaller_kw

SIZE = (80, 24)


def stage_with(*, on: bool, rated_kw: float = 100.0) -> Stage:
    stage = Stage(frames=1)
    stage.link.infos += infos_of_testing()
    stage.link.answers["read"] = {"values": values_of_testing(on=on, rated_kw=rated_kw)}
    return stage


def commands(stage: Stage) -> list[tuple[object, object]]:
    return [(fields["name"], fields["value"]) for op, fields in stage.link.asked if op == "command"]


async def test_keys_when_test_mode_is_on_then_each_is_a_command_at_once():
    stage = stage_with(on=True)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "8")
        await until(pilot, lambda: bool(stage.app.model.testing))
        await stage.press(pilot, "plus", "up", "right", "minus", "0", "g", "x", "z", "n", "c", "e", "o", "k")
        assert commands(stage) == [
            ("test_nudge", 5.0),
            ("test_nudge", 5.0),
            ("test_nudge", -10.0),
            ("test_power", 0.0),
            ("plant", "START"),
            ("plant", "STOP"),
            ("plant", "SLEEP"),
            ("plant", "MAINTENANCE"),
            ("plant", "RECOVER_SOC"),
            ("exercise", "TRANSITIONS"),
            ("exercise", "MODES"),
            ("exercise", "NONE"),
        ]


async def test_keys_when_test_mode_is_off_then_nothing_goes_out_and_t_asks_first():
    stage = stage_with(on=False)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "8")
        await until(pilot, lambda: bool(stage.app.model.testing))
        await stage.press(pilot, "plus", "0", "g", "e", "p")
        assert commands(stage) == []
        assert any("t switches it on" in note.message for note in stage.app._notifications)
        await stage.press(pilot, "t")
        assert isinstance(stage.app.screen, ActionDialog)
        assert commands(stage) == []
        await stage.press(pilot, "enter")
        assert commands(stage) == [("test_mode", True)]


async def test_power_when_typed_then_it_is_confirmed_before_it_goes_out():
    stage = stage_with(on=True)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "8")
        await until(pilot, lambda: bool(stage.app.model.testing))
        await stage.press(pilot, "p", "minus", "1", "2", "enter")
        assert commands(stage) == []
        await stage.press(pilot, "enter")
        assert commands(stage) == [("test_power", -12.0)]


async def test_keys_when_the_site_has_no_test_mode_then_the_page_says_so():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "8", "t", "plus")
        assert commands(stage) == []
        assert len(stage.app.screen_stack) == 1
        assert any("does the site compile" in note.message for note in stage.app._notifications)


@pytest.mark.parametrize(
    ("rated_kw", "step_kw"),
    [(5.0, 0.2), (50.0, 2.0), (100.0, 5.0), (1000.0, 50.0), (2500.0, 100.0), (float("nan"), 1.0)],
)
def test_step_when_nobody_chose_one_then_it_is_round_and_small(rated_kw: float, step_kw: float) -> None:
    assert default_step_kw(rated_kw) == step_kw


def test_step_when_larger_or_smaller_then_1_2_5_within_bounds() -> None:
    up = [0.1]
    for _ in range(12):
        up.append(larger_kw(up[-1], 100.0))
    assert up == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 50.0, 50.0, 50.0, 50.0]
    down = [50.0]
    for _ in range(10):
        down.append(smaller_kw(down[-1], 100.0))
    assert down == [50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.1, 0.1]
