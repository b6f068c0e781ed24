"""What a console does of a pair: it goes over to who drives, and asks again for what is unknown."""

from typing import Any

import pytest
from stage import Stage, until
from textual.pilot import Pilot
from textual.widgets import Button

from hmi.dialogs.action import ActionDialog
from hmi.dialogs.action import Stage as DialogStage
from hmi.widgets.chosen_line import ChosenLine, chosen_text
from hmi.widgets.tag_grid import TagGrid
from runtime.wire.fault import NoAnswerFault

SIZE = (80, 24)


def outcome(stage: Stage) -> str:
    dialog = stage.app.screen
    assert isinstance(dialog, ActionDialog)
    return str(dialog.query_one("#outcome").render())


async def ended(pilot: Pilot[Any], stage: Stage, op: str, *, times: int) -> None:
    """Wait until it was asked for so often, and the dialog offers what can be done now."""

    def has_ended() -> bool:
        dialog = stage.app.screen
        asked = [name for name, _ in stage.link.asked if name == op]
        assert isinstance(dialog, ActionDialog), f"closed after {asked}"
        offered = "confirm" if "UNKNOWN" in outcome(stage) else "cancel"
        at = dialog.focused.id if dialog.focused is not None else ""
        return len(asked) == times and dialog.stage is DialogStage.ENDED and at == offered

    await until(pilot, has_ended)
    stage.app.screen.query(Button).remove_class("-active")  # the moment is over in which a pressed button takes no key


@pytest.mark.parametrize(
    ("keys", "op"), [(("r", "enter"), "command"), ((*"2/start_cmd", "enter", "w", "up", "enter", "enter"), "write")]
)
async def test_deed_when_it_is_unknown_then_trying_again_asks_for_the_very_same_until_it_is_known(keys, op):
    stage = Stage(frames=1)
    done = stage.link.answers[op]
    stage.link.answers[op] = NoAnswerFault("a, which was asked, is silent, and b is listened to now")
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, *keys)
        await ended(pilot, stage, op, times=1)
        assert "UNKNOWN" in outcome(stage)
        await stage.press(pilot, "enter")
        await ended(pilot, stage, op, times=2)
        stage.link.answers[op] = done
        await stage.press(pilot, "enter")
        await ended(pilot, stage, op, times=3)
        assert "DONE" in outcome(stage)
        sent = [fields for name, fields in stage.link.asked if name == op]
        assert sent[0] == sent[1] == sent[2]
        await stage.press(pilot, "enter")
        assert len(stage.app.screen_stack) == 1


async def test_pair_when_the_leader_changes_then_page_and_selection_stay_and_the_header_says_who_it_is():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        line = stage.app.query_one("#chosen-line", ChosenLine)
        assert not line.display
        await stage.press(pilot, "2", "slash", *"soc", "enter", "down")
        grid = stage.app.query_one(TagGrid)
        before = (grid.chosen, stage.app.page.id)
        part = {"name": "b", "role": "leader", "leader": "b", "term": 8, "drives": True}
        greeted = len(stage.link.asked)
        stage.link.play("chosen", {"name": "b", "others": ["a"]})
        stage.link.play(*stage.last_frame(pair=part))
        await until(pilot, lambda: stage.app.model.chosen is not None and len(stage.link.asked) >= greeted + 3)
        await stage.drawn(pilot)
        assert (grid.chosen, stage.app.page.id) == before
        assert line.display
        text = chosen_text(stage.app.model, stage.app.clock)
        assert text.startswith("● connected to b, the leader, since ")
        assert text.endswith(" · term 8")
        assert [op for op, _ in stage.link.asked[greeted:]][:3] == ["hello", "tags", "events"]


async def test_console_when_it_ends_or_begins_then_a_redraw_without_its_frame_paints_nothing():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.app.screen.remove_children()
        stage.app.redraw()
