"""Forces: at latch for inputs, at publish for outputs."""

import ctypes
import math

import pytest
from scanrig import MS, QUALITY_OFFSET, START_NS, offset

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import INT
from runtime.core.fault import ProgramFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.image.emit import F64, I64
from runtime.image.forces import ForceTable
from runtime.image.layout import PINS_MAX, PinEntry


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


@pytest.mark.parametrize(("name", "value"), [("in_int", 40000), ("in_bool", 2), ("out_real", math.nan), ("none", 1)])
def test_force_when_value_does_not_fit_or_tag_is_not_bound_then_program_fault(make_rig, name, value):
    with pytest.raises(ProgramFault):
        make_rig().forces.set(name, value)


def add_one(r, app):
    """A task body that adds 1 to `sum` and shows what it saw in `seen_dt`."""
    place = app.at(offset("sum"))
    app.at(offset("seen_dt")).store(place.load(I64))
    place.store(place.load(I64) + 1)


def test_force_when_set_on_any_other_variable_then_it_is_so_before_and_after_each_turn(make_rig):
    rig = make_rig([(add_one, 0), (add_one, 20 * MS)])
    rig.scan(2)
    assert (rig.get("seen_dt"), rig.get("sum")) == (2, 3)
    rig.forces.set("SUM", 40)
    rig.forces.set("request", -7)
    rig.scan(2)
    assert (rig.get("seen_dt"), rig.get("sum"), rig.get("request")) == (40, 40, -7)
    assert rig.forces.list() == {"sum": 40, "request": -7}
    rig.forces.set("sum", 50)
    rig.scan()
    assert (rig.get("sum"), rig.forces.list()) == (50, {"sum": 50, "request": -7})
    rig.forces.clear("sum")
    rig.scan()
    assert (rig.get("sum"), rig.forces.list()) == (51, {"request": -7})
    rig.forces.clear_all()
    assert rig.forces.list() == {}


def test_force_when_several_are_set_at_once_and_one_is_wrong_then_none_acts(make_rig):
    rig = make_rig()
    with pytest.raises(ProgramFault):
        rig.forces.set_all({"in_real": 1.0, "sum": 2, "in_int": 40000})
    assert rig.forces.list() == {}


def test_force_when_the_declaration_vetoes_then_refused(make_rig):
    rig = make_rig()
    vetoed = Tag(name="v", type=INT, offset=offset("request"), index=0, file="main.st", line=3, no_force=True)
    with pytest.raises(ProgramFault, match="vetoes it") as refused:
        ForceTable(rig.image, TagTable([vetoed])).set("v", 1)
    assert "main.st:3" in refused.value.mend


def test_pins_when_all_are_taken_then_the_next_is_refused_with_the_mend(make_rig):
    rig = make_rig()
    tags = [Tag(name=f"t{i}", type=INT, offset=HEADER_SIZE + 2 * i, index=i) for i in range(PINS_MAX + 1)]
    table = ForceTable(rig.image, TagTable(tags))
    for tag in tags[:-1]:
        table.set(tag.name, 1)
    with pytest.raises(ProgramFault, match="held already"):
        table.set(tags[-1].name, 1)
    table.clear("t0")
    table.set(tags[-1].name, 1)


@pytest.mark.parametrize(
    ("at", "size"), [(0, 8), (HEADER_SIZE + 2, 4), (QUALITY_OFFSET - 4, 8), (QUALITY_OFFSET, 1), (HEADER_SIZE, 3)]
)
def test_pin_when_its_entry_is_damaged_then_the_scan_passes_over_it(make_rig, at, size):
    rig = make_rig()
    rig.forces.set("sum", 5)
    rig.scan()
    entry = (PinEntry * PINS_MAX).from_address(rig.image.address + rig.image.layout.pins_offset)[0]
    entry.offset, entry.size, entry.value = at, size, 2**64 - 1
    rig.forces.announce()
    with rig.memory as memory:
        before = bytes(memory[HEADER_SIZE:])
    rig.scan()
    assert rig.plan.plan.active_pin_count == 0
    with rig.memory as memory:
        assert bytes(memory[HEADER_SIZE:]) == before
