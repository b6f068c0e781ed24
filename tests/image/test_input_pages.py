import pytest

from runtime.core.quality import Quality
from runtime.image.pages import PageReader, PageWriter

GOOD = Quality.GOOD


def test_page_reader_when_nothing_published_then_none(segment):
    assert PageReader(segment, "meter").read() is None


def test_page_writer_when_written_then_reader_gets_values_qualities_stamps(segment):
    PageWriter(segment, "rack").write(
        [(-7, GOOD, 10), (70000, Quality.UNCERTAIN, 11), (5_000_000_000, Quality.BAD, 12)]
    )
    assert PageReader(segment, "rack").read() == [
        (-7, GOOD, 10),
        (70000, Quality.UNCERTAIN, 11),
        (5_000_000_000, Quality.BAD, 12),
    ]


def test_page_writer_when_value_is_none_then_last_value_stays(segment):
    writer = PageWriter(segment, "meter")
    writer.write([(1.5, GOOD, 10), (2.5, GOOD, 10), (True, GOOD, 10)])
    writer.write([(None, Quality.BAD, 10), (3.5, GOOD, 20), (None, GOOD, 20)])
    assert PageReader(segment, "meter").read() == [(1.5, Quality.BAD, 10), (3.5, GOOD, 20), (True, GOOD, 20)]


@pytest.mark.parametrize(
    ("first", "bad"),
    [((1.5, 2.5, True), (float("nan"), float("inf"), 2)), ((1.5, 2.5, False), (3.5e38, float("-inf"), -1))],
)
def test_page_writer_when_value_does_not_fit_then_point_is_bad_and_keeps_value_and_stamp(segment, first, bad):
    writer = PageWriter(segment, "meter")
    writer.write([(value, GOOD, 10) for value in first])
    writer.write([(value, GOOD, 20) for value in bad])
    assert PageReader(segment, "meter").read() == [(value, Quality.BAD, 10) for value in first]


def test_page_writer_when_io_restarts_then_goes_on_from_the_last_page(segment):
    PageWriter(segment, "rack").write([(1, GOOD, 10), (2, GOOD, 10), (3, GOOD, 10)])
    number = PageWriter(segment, "rack").write([(None, Quality.BAD, 10), (None, GOOD, 10), (4, GOOD, 20)])
    assert number == 2
    assert PageReader(segment, "rack").read() == [(1, Quality.BAD, 10), (2, GOOD, 10), (4, GOOD, 20)]


def test_page_writer_when_told_what_changed_then_the_others_stay(segment):
    writer = PageWriter(segment, "rack")
    writer.write([(1, GOOD, 10), (2, GOOD, 10), (3, GOOD, 10)])
    number = writer.write([(7, GOOD, 20), (8, GOOD, 20), (9, GOOD, 20)], [1, 1])
    assert number == 2
    assert PageReader(segment, "rack").read() == [(1, GOOD, 10), (8, GOOD, 20), (3, GOOD, 10)]
