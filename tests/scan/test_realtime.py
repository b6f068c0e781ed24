"""Real-time rights: what is missing is told with what gives it. Each in a thread of its own, whose rights it spoils."""

import json
import os
import threading

import pytest

from runtime.core.rights import Right
from runtime.scan import realtime
from runtime.scan.bench.bare import BareLoop, run_bare
from runtime.scan.bench.measure import run_bench
from runtime.scan.realtime import RealtimeSettings, settle_process, settle_thread

NO_RIGHTS = RealtimeSettings(priority=0, lock_memory=False)


def settled(settings):
    missing = []
    thread = threading.Thread(target=lambda: missing.extend(settle_thread(settings)))
    thread.start()
    thread.join()
    return missing


def test_thread_when_nothing_is_asked_then_nothing_is_missing():
    assert settled(NO_RIGHTS) == []


def test_thread_when_fifo_is_refused_then_told_once_with_the_unit_file_s_line(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    [missing] = settled(RealtimeSettings(priority=80))
    assert missing.right is Right.PRIORITY
    assert "SCHED_FIFO" in str(missing)
    assert "LimitRTPRIO=98" in str(missing)


def test_thread_when_its_cpu_is_not_there_then_told_with_those_that_are():
    [missing] = settled(RealtimeSettings(priority=0, cpu=4095))
    assert missing.right is Right.PROCESSOR
    assert "4095" in missing.why
    assert ", ".join(map(str, sorted(os.sched_getaffinity(0)))) in missing.why


@pytest.fixture
def latency_file(tmp_path, monkeypatch):
    """A file in the place of /dev/cpu_dma_latency; the descriptor that is kept open on it is closed afterwards."""
    opened = []
    really_open = os.open

    def noted(*args):
        opened.append(really_open(*args))
        return opened[-1]

    monkeypatch.setattr(os, "open", noted)
    monkeypatch.setattr(realtime, "DMA_LATENCY", tmp_path / "latency")
    yield tmp_path / "latency", opened
    for fd in opened:
        os.close(fd)


def test_process_when_settled_then_no_latency_is_asked_for_and_the_file_stays_open(latency_file):
    file, opened = latency_file
    file.write_bytes(b"")
    assert settle_process(RealtimeSettings(lock_memory=False)) == []
    assert (file.read_bytes(), len(opened)) == (bytes(4), 1)
    os.fstat(opened[0])


def test_process_when_the_latency_file_is_refused_then_told_with_the_unit_file_s_line(latency_file):
    file, _ = latency_file
    assert settle_process(RealtimeSettings(lock_memory=False)) == []  # a machine that has none needs none
    file.mkdir()
    (missing,) = settle_process(RealtimeSettings(lock_memory=False))
    assert missing.right is Right.WAKEFULNESS
    assert "ExecStartPre=-+/bin/chown" in str(missing)
    assert settle_process(NO_RIGHTS) == []


def test_stack_when_touched_then_the_call_returns(kernel):
    thread = threading.Thread(target=kernel.touch_stack)
    thread.start()
    thread.join()


def test_bare_loop_when_run_for_a_while_then_counts_its_wakeups(kernel):
    told = run_bare(kernel, period_ns=1_000_000, duration_ns=20_000_000, realtime=NO_RIGHTS)
    assert (told.release_delay.count, told.period_error.count) == (20, 19)


def test_bare_loop_when_stopped_then_ends_before_its_wakeups_are_used_up(kernel):
    bare = BareLoop(kernel, period_ns=1_000_000, wakeups=10**9, realtime=NO_RIGHTS)
    bare.start()
    bare.stop()
    assert bare.result().release_delay.count < 10**9


def test_bench_when_run_then_report_has_all_sizes_periods_and_loads_with_the_bare_loop_beside():
    report = run_bench(0.05)
    assert [cost.tags for cost in report.costs] == [1_000, 10_000]
    assert all(cost.at_rest_ns > 0 and cost.all_fresh_cold_ns > 0 for cost in report.costs)
    assert report.recording.recorder_one_fresh_pct > 0
    assert [(r.period_ns, r.loaded) for r in report.releases] == [
        (1_000_000, False),
        (10_000_000, False),
        (1_000_000, True),
        (10_000_000, True),
    ]
    assert [r.bare["count"] for r in report.releases] == [50, 5, 50, 5]
    assert (report.site.tags, report.site.instances) == (10_000, 1_000)
    assert report.accounting_ns > 0
    text = report.table()
    assert "scan : bare" in text
    assert "p99.99" in text
    assert "image copy, bytes/us" in text
    assert "of a core" in text
    assert json.loads(json.dumps(report.to_json()))["site"]["phases_ns"]["run"][0] > 0
