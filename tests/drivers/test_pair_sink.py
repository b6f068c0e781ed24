"""The output sink of a pair's member: whose frames, of which scan, until when; and what a standby keeps from doing."""

import pytest
from io_points import MS, FakeFrame, Right, output_point

from runtime.drivers.sink import NoStore, OutputSink, SinkState
from runtime.image.pairwords import PairWords, SinkTerm
from runtime.image.segment import ControlSegment

WAITING, DRIVING, FAIL_SAFE, STANDBY = SinkState.WAITING, SinkState.DRIVING, SinkState.FAIL_SAFE, SinkState.STANDBY
POINT, FENCED = output_point(fail_safe=1.0), output_point(fail_safe=1.0, fenced=True)


class Bench:
    """A sink, looked at every 5 ms of virtual time, as the engine does."""

    def __init__(self, *, fail_safe_unleased: bool = False) -> None:
        self.words, self.store, self.now_ns = Right(), NoStore(), 0
        self.sink = OutputSink(
            fail_safe_after_ns=100 * MS,
            start_ns=0,
            pair=self.words,
            store=self.store,
            fail_safe_unleased=fail_safe_unleased,
        )
        self.frame: FakeFrame | None = None

    def leads(self, term: int, *, lease_ms: int = 45, replicated: int = 0, solo: bool = False) -> None:
        self.words.lead_term, self.words.lease_until_ns = term, self.now_ns + lease_ms * MS
        self.words.replicated_scan, self.words.solo = replicated, solo

    def gets(self, value: float, *, term: int, scan: int, valid_ms: int = 40, **changes: bool) -> None:
        valid_until_ns = min(self.now_ns + valid_ms * MS, self.words.lease_until_ns)
        self.frame = FakeFrame((value,), term, valid_until_ns, changes.get("driving", True), scan, leased=True)

    def look(self, after_ms: int = 5) -> SinkState:
        self.now_ns += after_ms * MS
        return self.sink.take(self.frame, self.now_ns)

    def passes(self, ms: int) -> SinkState:
        state = self.sink.state
        for _ in range(ms // 5):
            state = self.look()
        return state

    @property
    def value(self) -> object:
        return self.sink.value(POINT, self.now_ns)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_standby_when_frames_and_time_pass_then_nothing_is_ever_written(bench) -> None:
    bench.gets(5.0, term=3, scan=1)
    assert bench.passes(5_000) is STANDBY
    assert bench.value is None
    assert bench.sink.is_silent(bench.now_ns)
    assert not bench.sink.drives(bench.now_ns)
    assert (bench.sink.holds_ns(bench.now_ns), bench.sink.epoch) == (0, 0)


def test_leader_when_the_standby_holds_a_scan_then_its_frame_is_written_and_the_newest_one_wins(bench) -> None:
    bench.leads(4, replicated=9)
    for scan, value in ((10, 1.0), (11, 2.0), (12, 3.0)):
        bench.gets(value, term=4, scan=scan)
        bench.look()
    assert (bench.sink.state, bench.value, bench.sink.waits) == (WAITING, None, True)
    bench.words.replicated_scan = 11
    assert (bench.look(), bench.value, bench.sink.waits) == (DRIVING, 2.0, True)
    bench.words.replicated_scan = 12
    assert (bench.look(), bench.value, bench.sink.waits) == (DRIVING, 3.0, False)
    bench.gets(4.0, term=4, scan=13)
    assert (bench.look(), bench.value) == (DRIVING, 3.0)
    bench.words.solo = True
    assert (bench.look(), bench.value) == (DRIVING, 4.0)
    assert bench.sink.epoch == 1


def test_leader_when_too_many_frames_wait_then_the_oldest_are_let_go_and_the_rest_serves(bench) -> None:
    bench.leads(4, lease_ms=10_000)
    for scan in range(1, 61):
        bench.gets(float(scan), term=4, scan=scan, valid_ms=10_000)
        bench.look(1)
    bench.words.replicated_scan = 20
    assert (bench.look(), bench.value) == (WAITING, None)
    bench.words.replicated_scan = 40
    assert (bench.look(), bench.value) == (DRIVING, 40.0)


def test_frame_when_it_is_of_a_term_in_which_this_controller_does_not_lead_then_it_is_not_written(bench) -> None:
    bench.leads(4, solo=True)
    bench.gets(1.0, term=4, scan=1)
    assert bench.look() is DRIVING
    bench.leads(6, solo=True)
    assert (bench.look(), bench.value) == (WAITING, None)
    bench.gets(2.0, term=6, scan=1)
    assert (bench.look(), bench.value) == (DRIVING, 2.0)
    bench.gets(1.0, term=4, scan=99)
    assert (bench.look(), bench.value, bench.sink.refused_frames) == (DRIVING, 2.0, 1)


def test_value_when_the_right_ends_between_look_and_write_then_nothing(bench) -> None:
    bench.leads(4, solo=True)
    bench.gets(1.0, term=4, scan=1)
    bench.look()
    bench.words.lead_term = 0
    assert (bench.value, bench.sink.drives(bench.now_ns), bench.sink.is_silent(bench.now_ns)) == (None, False, True)
    bench.words.lead_term = 5
    assert bench.value is None
    bench.words.lead_term = 4
    assert bench.value == 1.0
    bench.now_ns = bench.words.lease_until_ns
    assert bench.value is None


def test_lease_when_it_runs_out_then_nothing_is_written_however_long(bench) -> None:
    bench.leads(4, solo=True)
    bench.gets(1.0, term=4, scan=1)
    assert bench.look() is DRIVING
    assert bench.passes(10_000) is WAITING
    assert (bench.value, bench.sink.value(FENCED, bench.now_ns)) == (None, None)


def test_lease_when_it_runs_out_and_the_site_wants_fail_safe_then_only_where_the_device_refuses_an_older_term() -> None:
    bench = Bench(fail_safe_unleased=True)
    bench.leads(4, solo=True)
    bench.gets(2.0, term=4, scan=1)
    assert bench.look() is DRIVING
    assert bench.passes(130) is WAITING
    assert bench.passes(20) is FAIL_SAFE
    assert (bench.value, bench.sink.value(FENCED, bench.now_ns)) == (None, 1.0)
    assert bench.sink.is_silent(bench.now_ns)
    bench.words.lead_term = 0
    assert bench.sink.value(FENCED, bench.now_ns) is None


def test_io_when_it_stood_still_past_its_lease_then_it_does_not_wake_up_with_fail_safe_values() -> None:
    bench = Bench(fail_safe_unleased=True)
    bench.leads(4, solo=True)
    bench.gets(2.0, term=4, scan=1)
    assert bench.look() is DRIVING
    assert bench.look(1_000) is WAITING
    assert (bench.value, bench.sink.value(FENCED, bench.now_ns)) == (None, None)
    assert bench.passes(95) is WAITING


def test_leader_when_frames_stop_but_its_lease_is_renewed_then_fail_safe_after_its_time(bench) -> None:
    bench.leads(4, lease_ms=10_000, solo=True)
    bench.gets(2.0, term=4, scan=1)
    assert bench.look() is DRIVING
    assert bench.passes(40) is WAITING
    assert bench.passes(100) is FAIL_SAFE
    assert bench.value == 1.0
    assert bench.sink.holds_ns(bench.now_ns) == 1_000 * MS


def test_leader_when_its_switch_is_off_then_fail_safe_once_the_standby_knows(bench) -> None:
    bench.leads(4, replicated=1)
    bench.gets(2.0, term=4, scan=1)
    assert bench.look() is DRIVING
    bench.gets(0.0, term=4, scan=2, driving=False)
    assert bench.look() is DRIVING
    bench.words.replicated_scan = 2
    assert (bench.look(), bench.value) == (FAIL_SAFE, 1.0)


def test_takeover_when_a_standby_that_waited_long_leads_then_it_waits_for_its_frame_and_writes_all_anew(bench) -> None:
    bench.passes(1_000)
    bench.leads(5, solo=True)
    assert bench.look() is WAITING
    epoch = bench.sink.epoch
    bench.gets(3.0, term=5, scan=77)
    assert (bench.look(), bench.value, epoch) == (DRIVING, 3.0, 1)


@pytest.mark.parametrize(
    ("lead_term", "solo", "state"), [(0, False, STANDBY), (4, False, STANDBY), (4, True, FAIL_SAFE)]
)
def test_close_when_another_goes_on_then_outputs_are_left_as_they_are(bench, lead_term, solo, state) -> None:
    bench.leads(lead_term, solo=solo)
    bench.gets(2.0, term=lead_term, scan=1)
    bench.look()
    bench.sink.close()
    assert bench.sink.state is state
    assert bench.value == (1.0 if state is FAIL_SAFE else None)


def test_term_when_io_is_started_again_then_an_older_one_stays_refused() -> None:
    segment = ControlSegment.create()
    words = PairWords(segment)

    def sink() -> OutputSink:
        return OutputSink(fail_safe_after_ns=100 * MS, start_ns=0, pair=words, store=SinkTerm(segment))

    words.give(lead_term=9, lease_until_ns=1_000 * MS, replicated_scan=7, solo=True)
    assert (words.lead_term, words.lease_until_ns, words.replicated_scan, words.solo) == (9, 1_000 * MS, 7, True)
    assert sink().take(FakeFrame((2.0,), term=9, valid_until_ns=100 * MS), MS) is DRIVING
    words.give(lead_term=8, lease_until_ns=1_000 * MS, replicated_scan=7, solo=True)
    again = sink()
    assert again.take(FakeFrame((1.0,), term=8, valid_until_ns=100 * MS), MS) is STANDBY
    assert (again.term, again.refused_frames, again.value(POINT, MS)) == (9, 1, None)
    segment.close()
