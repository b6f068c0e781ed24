"""The small judgements: does the scan run, how loaded is it, which names does a pattern mean."""

import pytest

from runtime.gateway.events.eventring import EVENTS_MAX, EventRing
from runtime.gateway.view.frames import LOAD_WINDOW_NS, LoadMeter
from runtime.gateway.view.names import matching
from runtime.gateway.view.scanwatch import SILENT_NS_MIN, ScanWatch
from tests.gateway.standin import make_manifest

MS = 1_000_000


def test_scan_watch_when_counter_stands_then_not_scanning_after_the_silence() -> None:
    watch = ScanWatch(cycle_ns=10 * MS)
    watch.seen(1, 5, 0)
    assert not watch.is_scanning(0)  # one look tells nothing
    watch.seen(1, 6, 10 * MS)
    assert watch.is_scanning(10 * MS)
    watch.seen(1, 6, 20 * MS)
    assert watch.is_scanning(10 * MS + SILENT_NS_MIN - 1)
    assert not watch.is_scanning(10 * MS + SILENT_NS_MIN)


def test_scan_watch_when_scan_restarts_then_its_first_scan_counts_and_its_start_alone_does_not() -> None:
    watch = ScanWatch(cycle_ns=10 * MS)
    watch.seen(1, 500, 0)
    watch.seen(2, 0, MS)
    assert not watch.is_scanning(MS)
    watch.seen(2, 1, 2 * MS)
    assert watch.is_scanning(2 * MS)


def test_scan_watch_when_cycle_is_long_then_waits_for_several_cycles() -> None:
    watch = ScanWatch(cycle_ns=1000 * MS)
    watch.seen(1, 1, 0)
    watch.seen(1, 2, 1000 * MS)
    assert watch.is_scanning(5999 * MS)
    assert not watch.is_scanning(6000 * MS)


def test_load_meter_when_a_window_has_passed_then_share_of_it_and_a_reset_does_not_show() -> None:
    meter = LoadMeter()
    meter.seen(5 * MS, 0)
    meter.seen(6 * MS, LOAD_WINDOW_NS // 2)
    assert meter.load_pct == 0.0
    meter.seen(25 * MS, LOAD_WINDOW_NS)
    assert meter.load_pct == pytest.approx(2.0)
    meter.seen(0, LOAD_WINDOW_NS + MS)  # the statistics were reset
    assert meter.load_pct == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("cell[1].mv", ["cell[1].mv"]),
        ("CELL[?].*", ["cell[1].mv", "cell[2].mv"]),
        ("*.p_kw", ["meter_1.p_kw"]),
        ("cell[12].mv", []),
        ("meter_1", []),
    ],
)
def test_pattern_when_it_has_brackets_then_they_mean_themselves(pattern: str, names: list[str]) -> None:
    assert [tag.name for tag in matching(pattern, make_manifest().tags)] == names


def test_event_ring_when_it_is_full_then_the_oldest_go_and_ids_count_on() -> None:
    ring = EventRing(first_id=100)
    for number in range(EVENTS_MAX + 5):
        ring.add("info", "io", str(number), number)
    kept = ring.since(0)
    assert (len(kept), kept[0]["id"], kept[-1]["id"]) == (EVENTS_MAX, 105, 99 + EVENTS_MAX + 5)
    assert [e["text"] for e in ring.since(kept[-3]["id"])] == [e["text"] for e in kept[-2:]]
