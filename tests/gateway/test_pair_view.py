"""What the gateway of a pair's member sees: ages on the leader's clock, and who leads."""

import struct
import time
from collections.abc import Iterator

import pytest

from runtime.core.quality import Quality
from runtime.gateway.events.transitions import Transitions
from runtime.gateway.scada.map import PairRole
from runtime.gateway.scada.unit import pair_role
from runtime.gateway.view.observation import Observer
from runtime.image.channel import ChannelEnd
from runtime.image.control import is_standby
from runtime.image.segment import ControlSegment, ImageSegment
from tests.gateway.standin import make_manifest

S = 1_000_000_000
YEAR_NS = 365 * 86_400 * S
"""How much longer the other machine has been up."""


@pytest.fixture
def observer() -> Iterator[Observer]:
    manifest = make_manifest()
    image, control = ImageSegment.create(manifest.layout()), ControlSegment.create()
    control.control.pair = 1
    yield Observer(manifest, image, control)
    image.close()
    control.close()


def test_age_when_the_stamps_are_on_the_leaders_clock_then_it_is_the_time_since_the_reading(observer: Observer) -> None:
    layout, tag = observer.layout, next(iter(observer.inputs.values()))
    observer.control.plc_offset_ns = YEAR_NS
    end = ChannelEnd(observer.image, layout.snapshots)
    read_ns = time.monotonic_ns() + YEAR_NS - 60 * S
    struct.pack_into("<q", end.buffer, layout.stamp_offset + 8 * tag.index, read_ns)
    end.buffer[layout.quality_offset + tag.index] = Quality.GOOD
    end.publish()
    look = observer.look()
    assert look is not None
    assert 60_000 <= look.age_ms(tag) < 120_000


def test_transitions_when_a_standby_takes_over_and_back_then_it_says_who_leads_and_not_fail_safe(
    observer: Observer,
) -> None:
    control, transitions, told = observer.control, Transitions(observer), []

    def passes(*, active_term: int, driving: int) -> None:
        control.active_term, control.driving = active_term, driving
        for _ in range(2):
            control.scan_no += 1
            told.extend(transitions.seen(control.scan_no * 10_000_000))

    passes(active_term=0, driving=0)
    assert is_standby(control)
    told.clear()
    passes(active_term=5, driving=1)
    passes(active_term=0, driving=0)
    assert not control.fault_stop
    assert told == [
        ("info", "this controller leads now"),
        ("info", "outputs are driven by the programs"),
        ("info", "this controller is the standby now: it mirrors the other one, which drives the outputs"),
    ]


@pytest.mark.parametrize(
    ("drives", "leader", "in_sync", "role"),
    [
        (True, "a", ["a"], PairRole.LEADER),
        (False, "b", ["a", "b"], PairRole.STANDBY),
        (False, "b", ["b"], PairRole.STANDBY_NOT_IN_SYNC),
        (False, "", ["a", "b"], PairRole.NOBODY_LEADS),
        (False, "a", ["a", "b"], PairRole.NOBODY_LEADS),
    ],
)
def test_pair_role_when_a_master_asks_controller_a_then_it_tells_its_part(
    drives: bool, leader: str, in_sync: list[str], role: PairRole
) -> None:
    told = {"name": "a", "drives": drives, "leader": leader, "in_sync": in_sync}
    assert pair_role(told) is role  # type: ignore[arg-type]  # the fields that it goes by
    assert pair_role(None) is PairRole.NOBODY_LEADS
