import pytest

from runtime.core.elementary import BOOL, ELEMENTARY, INT, REAL
from runtime.core.tag import Tag, TagTable, Variable

TABLE = TagTable(
    [
        Tag(name="battery_1.soc_pct", type=REAL, offset=384, index=0, unit="%", minimum=0.0, maximum=100.0, line=3),
        Tag(name="Plant.mode", type=INT, offset=388, index=1, labels=(("PASSIVE", 0), ("RUN", 1)), enum_name="MODE"),
    ],
    [Variable(name="main.pid_1.sat", type=BOOL, offset=400)],
)


def test_table_when_asked_in_any_case_then_it_finds_the_leaf():
    assert TABLE.tag("PLANT.MODE") is TABLE.tags[1]
    assert TABLE.find("Main.PID_1.sat") is TABLE.variables[0]
    assert TABLE.tag("main.pid_1.sat") is None


def test_table_when_a_name_is_unknown_then_it_suggests_the_nearest():
    assert TABLE.nearest("batery_1.soc_pct") == "battery_1.soc_pct"
    assert TABLE.nearest("zzz") is None


def test_table_when_written_and_read_back_then_nothing_is_lost():
    again = TagTable.from_json(TABLE.to_json())
    assert again.tags == TABLE.tags
    assert again.variables == TABLE.variables


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_when_packed_at_its_bounds_then_it_reads_back(name):
    kind = ELEMENTARY[name]
    memory = bytearray(kind.size)
    values = [kind.default] if kind is not BOOL and not kind.is_integer else [kind.default, kind.maximum]
    for value in values:
        kind.pack_into(memory, 0, value)
        assert kind.unpack(memory) == value
