"""Phase latch: what a program sees of the devices."""

import random

import pytest
from scanrig import MS, STALE_NS, START_NS

from runtime.core.quality import Quality
from runtime.image.layout import PAGE_NUMBERS_OFFSET

GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD


def test_latch_when_pages_published_then_values_qualities_stamps_are_in_the_image(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(12.5, GOOD, START_NS - 5), (True, UNCERTAIN, START_NS - 6)])
    rig.pages["pcs"].write([(-3, GOOD, START_NS - 7), (2.25, BAD, START_NS - 8)])
    snapshot = rig.scan()
    names = ("in_real", "in_bool", "in_int", "in_lreal")
    assert [rig.get(name) for name in names] == [12.5, True, -3, 2.25]
    assert [rig.quality(name) for name in names] == [GOOD, UNCERTAIN, GOOD, BAD]
    assert [START_NS - snapshot.stamp_ns(rig.tag(name)) for name in names] == [5, 6, 7, 8]


def test_latch_when_no_page_was_ever_published_then_initial_value_and_bad(make_rig):
    rig = make_rig()
    rig.put("in_real", 50.0)
    rig.scan()
    assert (rig.get("in_real"), rig.quality("in_real")) == (50.0, BAD)


def test_latch_when_point_never_read_then_initial_value_and_bad_whatever_the_page_says(make_rig):
    rig = make_rig()
    rig.put("in_real", 50.0)
    rig.pages["meter"].write([(1.0, GOOD, 0), (None, BAD, 0)])
    rig.scan()
    assert (rig.get("in_real"), rig.quality("in_real")) == (50.0, BAD)


def test_latch_when_page_does_not_change_then_input_turns_bad_just_past_its_stale_time(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    seen = []
    for age_ms in (0, STALE_NS // MS, STALE_NS // MS + 1):
        rig.now_ns = START_NS + age_ms * MS
        rig.scan()
        seen.append((rig.get("in_real"), rig.quality("in_real")))
    assert seen == [(7.0, GOOD), (7.0, GOOD), (7.0, BAD)]


def test_latch_when_stale_time_is_0_then_any_age_is_good(make_rig):
    rig = make_rig()
    rig.pages["pcs"].write([(9, GOOD, 1), (1.0, GOOD, 1)])
    rig.now_ns += 3_600_000 * MS
    rig.scan()
    assert (rig.quality("in_int"), rig.quality("in_lreal")) == (GOOD, BAD)


def test_latch_when_program_wrote_over_an_input_then_next_scan_sees_the_device_again(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    rig.put("in_real", 99.0)
    rig.scan()
    assert rig.get("in_real") == 7.0


@pytest.mark.parametrize(("quality", "told"), [(0x83, BAD), (GOOD, GOOD)])
def test_latch_when_page_holds_hostile_bytes_then_bool_is_0_or_1_and_unknown_quality_is_bad(make_rig, quality, told):
    rig = make_rig()
    writer = rig.pages["meter"]
    writer.write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    in_real, in_bool = (point.places for point in writer.points)
    writer._end.buffer[in_real.quality] = quality
    writer._end.buffer[in_bool.value] = 0xFE
    writer._end.publish()
    rig.scan()
    assert rig.quality("in_real") == told
    with rig.memory as memory:
        assert memory[rig.tag("in_bool").offset] == 1


def test_latch_when_writer_is_amid_the_newest_page_then_old_values_stay_and_a_retry_counts(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    rig.pages["meter"].write([(8.0, GOOD, START_NS), (False, GOOD, START_NS)])
    channel = rig.image.layout.pages["meter"]
    seq = rig.image._word(channel.slot_offset(2 % channel.slots))
    seq.value += 1  # as if payload 4 were being written into this slot
    rig.scan()
    assert (rig.get("in_real"), rig.get("in_bool"), rig.control.page_retries) == (7.0, True, 1)
    seq.value -= 1
    rig.scan()
    assert (rig.get("in_real"), rig.get("in_bool"), rig.control.page_retries) == (8.0, False, 1)


@pytest.mark.parametrize("seed", range(6))
def test_latch_when_pages_at_rest_are_only_restored_then_memory_is_as_if_all_were_moved(make_rig, seed):
    """Random readings, forces, overwritten inputs and steps of the clock, past STALE_NS too."""
    rigs = [make_rig(alone=False), make_rig()]
    chance = random.Random(seed)
    for _ in range(150):
        deed, value = chance.randrange(6), chance.randrange(100)
        stamp = rigs[0].now_ns - chance.choice((0, STALE_NS // 2, STALE_NS * 2))
        quality = chance.choice(list(Quality))
        step_ns = chance.choice((MS, 10 * MS, STALE_NS - MS, STALE_NS * 2))
        for rig in rigs:
            if deed == 0:
                rig.pages["meter"].write([(value / 2, quality, stamp), (bool(value % 2), Quality.GOOD, rig.now_ns)])
            elif deed == 1:
                rig.pages["pcs"].write([(value, Quality.GOOD, chance_stamp(stamp, value)), (value / 4, quality, stamp)])
            elif deed == 2:
                rig.put("in_real", -1.0)
                rig.put("in_int", -1)
            elif deed == 3:
                rig.forces.set(("in_real", "in_int", "in_bool")[value % 3], value % 2)
            elif deed == 4:
                rig.forces.clear_all()
            rig.scan(period_ns=step_ns)
        with rigs[0].memory as one, rigs[1].memory as other:
            assert bytes(one) == bytes(other), f"seed {seed}"


def chance_stamp(stamp, value):
    """Now and then a point that was never read."""
    return 0 if value % 5 == 0 else stamp


def test_latch_when_io_died_before_it_told_a_pages_number_then_the_next_page_is_taken(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    number = rig.image._word(PAGE_NUMBERS_OFFSET)
    rig.pages["meter"].write([(8.0, GOOD, START_NS), (True, GOOD, START_NS)])
    number.value = 1
    rig.scan()
    assert rig.get("in_real") == 7.0
    rig.pages["meter"].write([(9.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    assert (rig.get("in_real"), number.value) == (9.0, 3)
