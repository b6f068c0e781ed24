"""The console's state by data: frames in, what is shown out."""

import math

import pytest
from synthetic_site import EVENTS, SECOND_NS, T0_NS, status_frame, tags, tags_frame

from hmi.model import SILENCE_NS, Model
from hmi.status import status_of
from runtime.core.quality import Quality

NOW = 7 * SECOND_NS


def model_at(second: int = 10, **changes: object) -> Model:
    model = Model("/run/voltscan/demo")
    model.tick(NOW, T0_NS)
    model.take_status(status_frame(second, **changes), NOW, T0_NS)
    return model


@pytest.mark.parametrize(("silence_ns", "up"), [(0, True), (SILENCE_NS, True), (SILENCE_NS + 1, False)])
def test_connection_when_frames_stop_then_it_is_lost_after_the_silence(silence_ns, up):
    model = model_at()
    model.tick(NOW + silence_ns, T0_NS + silence_ns)
    assert model.connection.up is up
    assert model.live is up
    assert model.connection.since_wall_ns == (0 if up else T0_NS)


def test_connection_when_never_heard_then_it_counts_from_the_start():
    model = Model()
    model.tick(NOW, T0_NS)
    model.tick(NOW + 60 * SECOND_NS, T0_NS + 60 * SECOND_NS)
    assert (model.connection.up, model.connection.ever, model.connection.since_wall_ns) == (False, False, T0_NS)


def test_status_when_it_ends_a_silence_then_the_model_says_so_once():
    model = Model()
    frames = [(NOW, True), (NOW + SECOND_NS, False), (NOW + SECOND_NS + SILENCE_NS + 1, True)]
    assert [model.take_status(status_frame(1), at, T0_NS) for at, _ in frames] == [told for _, told in frames]


def test_model_when_the_programs_were_changed_then_the_tags_are_asked_for_anew():
    model = Model()
    frames = [status_frame(1) | {"program": {"number": number}} for number in (1, 1, 2, 2)]
    assert [model.take_status(frame, NOW, T0_NS) for frame in frames] == [True, False, True, False]


def test_live_when_the_scan_stands_then_values_are_not_those_of_now():
    assert not model_at(scanning=False).live


def test_is_bad_when_the_load_was_computed_from_bad_readings_then_the_load_is_bad():
    model = model_at(bad_inputs=["grid_meter_1.p_kw"], view={"site_load_1.good": False})
    names = ("grid_meter_1.p_kw", "site_load_1.p_kw", "pv_meter_1.p_kw")
    assert [model.is_bad(name) for name in names] == [True, True, False]


@pytest.mark.parametrize(("racks", "bad"), [(["battery_1"], False), (["battery_1", "battery_2"], True)])
def test_is_bad_when_no_rack_tells_its_soc_then_that_of_the_whole_is_bad(racks, bad):
    model = model_at(bad_inputs=[f"{rack}.soc_pct" for rack in racks])
    assert model.is_bad("plant_1.soc_pct") is bad
    assert math.isnan(model.trend.series("soc_pct")[0]) is bad


def test_trend_when_an_input_is_bad_then_it_has_a_gap():
    model = model_at(10)
    model.take_status(status_frame(11, bad_inputs=["grid_meter_1.p_kw"]), NOW, T0_NS)
    grid = model.trend.series("p_grid_kw")
    assert not math.isnan(grid[0])
    assert math.isnan(grid[1])
    assert not math.isnan(model.trend.series("p_inverter_kw")[1])


def test_number_when_the_wire_says_nan_then_it_is_nan_and_a_word_is_no_number():
    model = model_at(view={"plant_1.p_set_kw": "NaN", "plant_1.p_max_kw": "Infinity"})
    assert math.isnan(model.number("plant_1.p_set_kw"))
    assert model.number("plant_1.p_max_kw") == math.inf
    assert math.isnan(model.number("plant_1.state"))
    assert math.isnan(model.number("no.such_tag"))


def test_tags_when_the_frame_is_of_another_program_then_it_is_refused():
    model = Model()
    model.take_infos(tags())
    assert model.take_tags(tags_frame(tags(), 600, **{"grid_meter_1.p_kw": [1.5, 0, 9000, 1]}))
    reading = model.reading_of("grid_meter_1.p_kw")
    assert reading is not None
    assert (reading.value, reading.quality, reading.age_ms, reading.forced) == (1.5, Quality.BAD, 9000.0, True)
    assert not model.take_tags(tags_frame(tags(extra=1), 600))
    assert model.reading_of("grid_meter_1.p_kw") == reading


def test_tags_when_names_are_told_anew_then_old_values_are_forgotten():
    model = Model()
    model.take_infos(tags())
    model.take_tags(tags_frame(tags(), 600))
    model.take_infos(tags(extra=3))
    assert model.readings == []
    assert model.reading_of("grid_meter_1.p_kw") is None


def test_events_when_the_ring_is_asked_for_again_then_none_is_double_and_all_are_in_order():
    model = Model()
    model.take_events([EVENTS[4]])
    model.take_events([EVENTS[2]])
    model.take_events(EVENTS)
    model.take_events(EVENTS)
    assert [event.id for event in model.events] == [1, 2, 3, 4, 5, 6, 7]
    assert model.events_seen == 7


def test_labels_when_the_first_tag_is_unknown_then_the_next_tells():
    model = Model()
    model.take_infos(tags())
    assert model.labels("no.such", "plant_1.mode") == ("PASSIVE", "SELF_CONSUMPTION")
    assert model.labels("grid_meter_1.p_kw") == ()


def test_racks_when_there_are_more_than_nine_then_they_are_in_the_order_of_their_numbers():
    view = {f"battery_{n}.soc_pct": 50.0 for n in (10, 9, 11)}
    assert model_at(view=view).racks() == ["battery_1", "battery_2", "battery_9", "battery_10", "battery_11"]


def test_status_when_fields_are_missing_then_nothing_reads_as_well():
    status = status_of({"t_wall_ns": T0_NS})
    assert (status.scanning, status.driving) == (False, False)
    assert math.isnan(status.load_pct)
    assert math.isnan(status.release_delay.p50_ns)


def test_status_when_a_fault_has_a_known_code_then_it_is_named():
    fault = {"scan": 5, "code": 2, "text": "t", "pou": "MAIN", "file": "main.st", "line": 12}
    codes = [f.code for f in status_of(status_frame(1, faults=[fault, fault | {"code": 77}])).faults]
    assert codes == ["INDEX_OUT_OF_RANGE", "FAULT 77"]
