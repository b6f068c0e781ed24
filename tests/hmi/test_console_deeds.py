"""What keys do: requests that go out, and those that must not."""

import pytest
from stage import Stage, until
from synthetic_site import tags_frame
from textual.widgets import ContentSwitcher, Input

from hmi.app import PAGES, Console
from hmi.dialogs.action import ActionDialog
from hmi.dialogs.help import help_text
from hmi.pages.scan import ScanPage
from hmi.widgets.event_log import EventLog
from hmi.widgets.power_flow import PowerFlow
from hmi.widgets.tag_grid import VALUE_WIDTH, Columns, TagGrid
from runtime.wire.fault import NoAnswerFault, RefusedFault

SIZE = (80, 24)
COMMANDS = ("command", "force", "force_prepared", "unforce", "write", "acknowledge", "stats_reset")


def asked(stage: Stage) -> list[tuple[str, dict[str, object]]]:
    return [(op, fields) for op, fields in stage.link.asked if op in COMMANDS]


async def test_mode_when_confirmed_then_one_command_goes_out_under_this_client():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "m", "up", "enter")
        assert asked(stage) == []
        await stage.press(pilot, "enter")
        expected = {"name": "mode", "value": "PASSIVE", "client": "hmi-4711", "seq": 1, "ttl_ms": 5000}
        assert asked(stage) == [("command", expected)]
        assert "DONE" in outcome(stage)
        await stage.press(pilot, "enter")
        assert len(stage.app.screen_stack) == 1
        assert len(asked(stage)) == 1


@pytest.mark.parametrize(
    "keys", [("m", "escape"), ("m", "enter", "escape", "escape"), ("m", "enter", "right", "enter")]
)
async def test_mode_when_left_before_it_is_confirmed_then_nothing_goes_out(keys):
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, *keys)
        assert len(stage.app.screen_stack) == 1
        assert asked(stage) == []


async def test_commands_when_sent_twice_then_their_numbers_differ():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        for _ in range(2):
            await stage.press(pilot, "r", "enter", "enter")
        assert [(fields["name"], fields["value"], fields["seq"]) for _, fields in asked(stage)] == [
            ("reset", True, 1),
            ("reset", True, 2),
        ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"state": "refused", "reason": "REFUSED_RANGE"}, ("REFUSED", "REFUSED_RANGE")),
        (
            RefusedFault("there is no command of this name", mend="the commands are: mode"),
            ("REFUSED", "the commands are"),
        ),
        (
            RefusedFault("the command timed out: no scan took it", mend="see whether the scan runs"),
            ("TIMED OUT", "no scan"),
        ),
        (NoAnswerFault("a, which was asked, is silent"), ("UNKNOWN", "try again")),
    ],
)
async def test_setpoint_when_it_is_not_done_then_the_dialog_says_why(answer, words):
    stage = Stage(frames=1)
    stage.link.answers["command"] = answer
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(stage.app.screen_stack) == 2)
        await stage.press(pilot, "minus", "5", "enter", "enter")
        assert asked(stage)[0][1]["value"] == -5.0
        assert all(word in outcome(stage) for word in words)


async def test_setpoint_when_it_is_out_of_range_then_it_cannot_be_confirmed():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(stage.app.screen_stack) == 2)
        await stage.press(pilot, "5", "1", "enter", "enter", "enter")
        assert asked(stage) == []
        assert "-50 to 50 kW" in said(stage, "#problem")


async def on_tag(stage: Stage, pilot, name: str) -> None:
    await stage.heard(pilot)
    await stage.press(pilot, "2")
    stage.link.play("tags", tags_frame(stage.link.infos, 590))
    await until(pilot, lambda: bool(stage.app.model.readings))
    stage.app.query_one("#tag-filter", Input).value = name
    await pilot.pause()


async def test_force_when_confirmed_then_old_and_new_were_shown_and_it_goes_out():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_tag(stage, pilot, "inverter_1.p_set_kw")
        await stage.press(pilot, "f", "1", "2", "enter")
        assert said(stage, "#change").endswith("→  12.000 kW")
        await stage.press(pilot, "enter")
        assert asked(stage) == [("force", {"name": "inverter_1.p_set_kw", "value": 12.0, "client": "hmi-4711"})]


async def test_force_when_the_tag_is_neither_input_nor_output_then_no_dialog_opens():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_tag(stage, pilot, "plant_1.soc_pct")
        await stage.press(pilot, "f")
        assert len(stage.app.screen_stack) == 1


async def test_unforce_when_the_tag_is_forced_then_it_goes_out_after_asking():
    stage = Stage(frames=1, forces=[{"name": "inverter_1.p_set_kw", "value": 12.0}])
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_tag(stage, pilot, "inverter_1.p_set_kw")
        await stage.press(pilot, "u", "enter")
        assert asked(stage) == [("unforce", {"name": "inverter_1.p_set_kw", "client": "hmi-4711"})]


async def test_prepare_when_confirmed_then_it_goes_out_as_prepared():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_tag(stage, pilot, "inverter_1.p_set_kw")
        await stage.press(pilot, "p", "1", "2", "enter", "enter")
        fields = {"name": "inverter_1.p_set_kw", "value": 12.0, "prepare": True, "client": "hmi-4711"}
        assert asked(stage) == [("force", fields)]


def told_force(name: str, value: object, of: str = "REAL", **more: object) -> dict[str, object]:
    told = {"name": name, "value": value, "type": of, "how": "input", "keep": False, "client": "hmi-4711"}
    return told | {"t_wall_ns": 0} | more


async def on_forces(stage: Stage, pilot) -> None:
    await stage.heard(pilot)
    await stage.press(pilot, "6")
    await until(pilot, lambda: ("forces", {}) in stage.link.asked)
    await stage.drawn(pilot)


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        (("a", "enter"), ("force_prepared", {"client": "hmi-4711"})),
        (("u", "enter"), ("unforce", {"name": "meter_1.p_kw", "client": "hmi-4711"})),
        (("down", "u", "enter"), ("unforce", {"name": "plate_1.note", "client": "hmi-4711"})),
        (("x", "enter"), ("unforce", {"all": True, "client": "hmi-4711"})),
        (("a", "escape"), None),
        (("x", "right", "enter"), None),
    ],
)
async def test_forces_when_keys_are_pressed_then_nothing_goes_out_before_it_is_confirmed(keys, sent):
    stage = Stage(frames=1)
    stage.link.answers["forces"] = {
        "prepared": [told_force("meter_1.p_kw", 5.0)],
        "forces": [told_force("plate_1.note", "held", "STRING[20]")],
    }
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_forces(stage, pilot)
        before = stage.link.asked.count(("forces", {}))
        *first, last = keys
        await stage.press(pilot, *first)
        assert asked(stage) == []
        await stage.press(pilot, last)
        assert asked(stage) == ([] if sent is None else [sent])
        if sent is not None:
            await stage.press(pilot, "enter")
            await until(pilot, lambda: stage.link.asked.count(("forces", {})) > before)
        assert len(stage.app.screen_stack) == 1


async def test_forces_when_there_are_none_then_no_dialog_opens():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_forces(stage, pilot)
        await stage.press(pilot, "a", "u", "x")
        assert len(stage.app.screen_stack) == 1


async def test_write_when_a_bool_is_chosen_then_it_goes_out_as_a_bool():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await on_tag(stage, pilot, "inverter_1.start_cmd")
        await stage.press(pilot, "w", "up", "enter", "enter")
        ((op, fields),) = asked(stage)
        assert (op, fields["name"], fields["value"]) == ("write", "inverter_1.start_cmd", False)
        assert "in scan" in outcome(stage)


async def test_keys_when_a_filter_is_typed_then_they_are_text_and_not_orders():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "2", "slash", "m", "s", "1", "q")
        assert len(stage.app.screen_stack) == 1
        assert stage.app.query_one("#tag-filter", Input).value == "ms1q"
        assert stage.app.query_one(TagGrid).row_total == 0


async def test_tags_when_the_page_is_left_then_no_values_are_asked_for():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        topics = []
        for key in "12351":
            await stage.press(pilot, key)
            topics.append("tags" in stage.link.topics)
        assert topics == [False, True, False, True, False]


async def test_pages_when_hidden_then_they_are_not_painted(monkeypatch):
    stage = Stage(frames=1)
    painted = []
    monkeypatch.setattr(PowerFlow, "paint", lambda *_: painted.append("flow"))
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        assert painted
        await stage.press(pilot, "4")
        painted.clear()
        await stage.drawn(pilot)
        assert not painted


async def test_tag_grid_when_one_value_changes_then_only_its_cells_are_refreshed(monkeypatch):
    stage = Stage(frames=1)
    regions: list[tuple[int, int, int]] = []
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "2")
        grid = stage.app.query_one(TagGrid)
        for value in (1.0, 2.0):
            frame = tags_frame(stage.link.infos, 590, **{"grid_meter_1.q_kvar": [value, 2, 10, 0]})
            stage.link.play("tags", frame)
            await until(pilot, lambda: stage.link.drained and bool(stage.app.model.readings))
            if value == 2.0:
                monkeypatch.setattr(grid, "refresh", lambda *r, **_: regions.extend((x.x, x.y, x.width) for x in r))
            grid.redraw()
            await pilot.pause()
        monkeypatch.undo()
        at = Columns.of(grid.size.width)
    assert regions == [(at.value_end - VALUE_WIDTH, 1, VALUE_WIDTH)]


async def test_tabs_when_clicked_then_the_page_opens():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await pilot.click("#tabs", offset=(30, 0))
        await pilot.pause()
        assert stage.app.query_one(ContentSwitcher).current == "events"


async def test_events_when_the_least_severity_is_chosen_then_lesser_ones_are_hidden():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "4")
        totals = []
        for _ in range(4):
            totals.append(stage.app.query_one(EventLog).row_total)
            await stage.press(pilot, "v")
        assert totals == [7, 2, 1, 7]


async def test_scan_page_when_open_then_statistics_are_asked_for_and_reset_only_after_asking():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        assert "stats" not in [op for op, _ in stage.link.asked]
        await stage.press(pilot, "3")
        await until(pilot, lambda: stage.app.model.statistics is not None)
        await stage.press(pilot, "x")
        assert asked(stage) == []
        await stage.press(pilot, "enter")
        assert asked(stage) == [("stats_reset", {"client": "hmi-4711"})]


async def test_acknowledge_when_there_is_no_fault_then_no_dialog_opens():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "3", "a")
        assert len(stage.app.screen_stack) == 1


async def test_names_when_the_controller_comes_back_then_they_are_asked_for_anew():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        stage.clock.advance(5)
        stage.link.play(*stage.last_frame())
        await until(pilot, lambda: [op for op, _ in stage.link.asked].count("tags") == 2)


async def test_resize_when_the_terminal_shrinks_then_the_page_is_painted_for_it():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await pilot.resize_terminal(80, 24)
        await stage.drawn(pilot)
        flow = stage.app.query_one(PowerFlow)
        assert flow.size.width < 50
        assert all(flow.render_line(y).cell_length == flow.size.width for y in range(flow.size.height))


def test_help_when_listed_then_every_binding_is_there():
    text = help_text([("Everywhere", Console.BINDINGS), ("Page Scan", ScanPage.BINDINGS)])
    for words in (
        "Change the control mode",
        "the controller goes on",
        "Reset statistics",
        *(title for _, title in PAGES),
    ):
        assert words in text


def said(stage: Stage, selector: str) -> str:
    dialog = stage.app.screen
    assert isinstance(dialog, ActionDialog)
    return str(dialog.query_one(selector).render())


def outcome(stage: Stage) -> str:
    return said(stage, "#outcome")


async def test_scan_page_when_programs_were_downloaded_then_it_shows_the_version_that_runs_now():
    stage = Stage(frames=1)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        await stage.press(pilot, "3")
        assert "version 1  5f0c2a9d11aa  since 2026-03-01 12:00:00.000" in painted_text(stage, "#scan-figures")
        topic, frame = stage.last_frame()
        new = {"number": 2, "hash": "77aa00bb12cd", "since_wall_ns": frame["t_wall_ns"], "by": "anna"}
        stage.link.play(topic, frame | {"program": new})
        await until(pilot, lambda: stage.link.drained)
        await stage.drawn(pilot)
        shown = painted_text(stage, "#scan-figures")
        assert "version 2  77aa00bb12cd  since 2026-03-01 12:09:50.000, by anna" in shown
        assert "5f0c2a9d11aa" not in shown


def painted_text(stage: Stage, selector: str) -> str:
    """What a widget shows, row by row."""
    widget = stage.app.query_one(selector)
    rows = (widget.render_line(y) for y in range(widget.size.height))
    return "\n".join("".join(segment.text for segment in row) for row in rows)
