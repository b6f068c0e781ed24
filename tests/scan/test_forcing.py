"""Forces: at latch for inputs, at publish for outputs."""

import ctypes

import pytest
from scanrig import START_NS, offset

from runtime.core.fault import ProgramFault
from runtime.core.quality import Quality
from runtime.image.emit import F64


def test_force_when_set_on_inputs_then_value_is_good_and_now_until_cleared(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, Quality.BAD, START_NS), (False, Quality.GOOD, START_NS)])
    rig.forces.set("in_real", 3.5)
    rig.forces.set("IN_BOOL", True)
    rig.now_ns = START_NS + 5
    snapshot = rig.scan()
    assert (rig.get("in_real"), rig.quality("in_real")) == (3.5, Quality.GOOD)
    assert snapshot.age_ns(rig.tag("in_real")) == 0
    assert rig.get("in_bool") is True
    assert rig.forces.list() == {"in_real": 3.5, "in_bool": True}
    rig.forces.clear("in_real")
    rig.scan()
    assert (rig.get("in_real"), rig.quality("in_real"), rig.get("in_bool")) == (7.0, Quality.BAD, True)
    rig.forces.clear_all()
    rig.scan()
    assert (rig.get("in_bool"), rig.forces.list()) == (False, {})


def test_force_when_set_on_outputs_then_frame_and_program_memory_carry_it(make_rig):
    rig = make_rig()
    rig.put("out_real", 10.0)
    rig.scan()
    rig.forces.set("out_real", 4.0)
    rig.forces.set("out_bool", True)
    rig.scan()
    assert rig.frame().values == (4.0, True, 0.0)
    assert (rig.get("out_real"), rig.get("out_bool")) == (4.0, True)


def test_force_when_program_writes_the_output_each_scan_then_force_wins(make_rig):
    def always_two(r, app):
        app.at(offset("out_lreal")).store(r.word(2.0, F64))

    rig = make_rig([(always_two, 0)])
    rig.scan()
    assert rig.frame().values[2] == 2.0
    rig.forces.set("out_lreal", 5.0)
    rig.scan()
    assert rig.frame().values[2] == 5.0


def test_force_when_scan_starts_anew_then_forces_are_still_there(make_rig):
    rig = make_rig()
    rig.forces.set("in_int", 12)
    ctypes.c_uint64.from_address(rig.image.address + rig.image.layout.force_changes_offset).value = 0
    rig.scan()
    assert rig.get("in_int") == 12


@pytest.mark.parametrize(("name", "value"), [("in_int", 40000), ("in_bool", 2), ("out_real", float("nan")), ("sum", 1)])
def test_force_when_value_does_not_fit_or_tag_is_not_bound_then_program_fault(make_rig, name, value):
    with pytest.raises(ProgramFault):
        make_rig().forces.set(name, value)
