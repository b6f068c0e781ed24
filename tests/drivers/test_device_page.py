"""From raw numbers to readings: quality, age, and what stays when a device is lost."""

import math
from collections.abc import Iterable, Sequence

import pytest
from io_points import input_point, modbus_wire

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.page import DevicePage, interpret

BAD, UNCERTAIN, GOOD = Quality.BAD, Quality.UNCERTAIN, Quality.GOOD


class Written:
    def __init__(self) -> None:
        self.pages: list[list[tuple[Value | None, Quality, int]]] = []

    def write(
        self, readings: Sequence[tuple[Value | None, Quality, int]], changed: Iterable[int] | None = None
    ) -> None:
        if changed is None:
            self.pages.append(list(readings))
        else:  # as a page that is written only where something has changed
            page = list(self.pages[-1])
            for entry in changed:
                page[entry] = readings[entry]
            self.pages.append(page)


def test_page_when_io_comes_back_then_it_goes_on_from_what_the_page_held() -> None:
    written = Written()
    page = DevicePage([input_point("a", 0), input_point("b", 1)], written, [(7.0, GOOD, 100), (2.0, BAD, 50)])
    page.take(1, 3, 200)
    page.publish()
    assert written.pages == [
        [(7.0, GOOD, 100), (2.0, BAD, 50)],
        [(7.0, GOOD, 100), (3.0, GOOD, 200)],
    ]


@pytest.mark.parametrize(
    ("changes", "raw", "expected"),
    [
        ({}, 5, (5.0, GOOD)),
        ({"minimum": 0.0, "maximum": 100.0}, 100, (100.0, GOOD)),
        ({"minimum": 0.0, "maximum": 100.0}, 101, (101.0, UNCERTAIN)),
        ({"wire": modbus_wire("i16"), "minimum": 0.0}, -1, (-1.0, UNCERTAIN)),
        ({"type_name": "USINT", "allowed": (0, 1, 3)}, 3, (3, GOOD)),
        ({"type_name": "USINT", "allowed": (0, 1, 3)}, 2, (None, BAD)),
        ({"wire": modbus_wire("f32")}, math.nan, (None, BAD)),
    ],
)
def test_raw_when_interpreted_then_value_and_quality(
    changes: dict[str, object], raw: float, expected: tuple[Value | None, Quality]
) -> None:
    assert interpret(input_point(**changes), raw) == expected  # type: ignore[arg-type]


def test_page_when_a_device_comes_goes_and_returns_then_value_and_time_of_the_last_good_reading_stay() -> None:
    written = Written()
    page = DevicePage([input_point("a", 0), input_point("b", 1)], written)
    page.take(0, 7, 100)
    page.publish()
    page.all_bad()
    page.publish()
    page.take(0, 8, 300)
    page.publish()
    assert written.pages == [
        [(None, BAD, 0), (None, BAD, 0)],
        [(7.0, GOOD, 100), (None, BAD, 0)],
        [(7.0, BAD, 100), (None, BAD, 0)],
        [(8.0, GOOD, 300), (None, BAD, 0)],
    ]
