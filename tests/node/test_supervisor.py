"""The supervisor with children of a few lines each: what it survives, and in which order it ends them."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.image.segment import ControlSegment
from runtime.node.children.childlog import LOG_SIZE_MAX
from runtime.node.supervisor import Child, Supervisor

WAITS = "import signal; signal.sigwait({signal.SIGTERM}); "
"""A child that starts as the supervisor's do, with SIGTERM blocked, and ends when it is told to."""


@pytest.fixture
def control() -> Iterator[ControlSegment]:
    segment = ControlSegment.create()
    yield segment
    segment.close()


def child(name: str, code: str, log: Path | None) -> Child:
    return Child(name, (sys.executable, "-I", "-S", "-c", code), log=log)


def supervise(
    control: ControlSegment, processes_file: Path, only: Child, until: Callable[[Supervisor], bool]
) -> list[str]:
    """Run until a condition holds, then stop as by Ctrl-C; the events."""
    events: list[str] = []
    supervisor = Supervisor(
        [only], control.control, processes_file=processes_file, on_event=lambda _, text: events.append(text)
    )

    def tick() -> None:
        if until(supervisor):
            os.kill(os.getpid(), signal.SIGINT)

    supervisor.run(until_ns=None, on_tick=tick)
    return events


def test_child_when_started_then_a_terminal_signals_the_supervisor_alone(control, tmp_path):
    told = tmp_path / "group"
    code = f"import os, pathlib; pathlib.Path({str(told)!r}).write_text(str(os.getpgrp() == os.getpid())); {WAITS}"
    supervise(control, tmp_path / "p.json", child("io", code, tmp_path / "log"), lambda _: bool(_text(told)))
    assert told.read_text() == "True"


def test_stop_when_asked_a_second_time_then_it_ends_in_order_all_the_same(control, tmp_path):
    up, ended = tmp_path / "up", tmp_path / "ended"
    code = (
        f"import os, pathlib, signal; pathlib.Path({str(up)!r}).write_text('up'); {WAITS}"
        f"os.kill(os.getppid(), signal.SIGINT); pathlib.Path({str(ended)!r}).write_text('in order')"
    )
    supervise(control, tmp_path / "p.json", child("gateway", code, tmp_path / "log"), lambda _: bool(_text(up)))
    assert ended.read_text() == "in order"


def test_stop_when_another_thread_is_given_the_signal_then_it_ends_in_order(control, tmp_path):
    done = threading.Event()
    unblocking = threading.Thread(target=done.wait)
    unblocking.start()
    try:
        asked = iter([True])
        stop = Supervisor([], control.control, processes_file=tmp_path / "p.json", on_event=lambda *_: None)
        to_that_thread = lambda: next(asked, False) and signal.pthread_kill(unblocking.ident, signal.SIGINT)  # noqa: E731
        stop.run(until_ns=None, on_tick=to_that_thread)
    finally:
        done.set()
        unblocking.join()


@pytest.mark.parametrize(("pair", "lead_term", "run_switch"), [(0, 0, 0), (1, 4, 0), (1, 0, 1)])
def test_stop_when_the_other_controller_has_taken_over_then_the_fence_is_left_alone_else_it_is_closed(
    control, tmp_path, pair, lead_term, run_switch
):
    control.control.run_switch, control.control.pair, control.control.lead_term = 1, pair, lead_term
    up = tmp_path / "up"
    code = f"import pathlib; pathlib.Path({str(up)!r}).write_text('up'); {WAITS}"
    supervise(control, tmp_path / "p.json", child("io", code, tmp_path / "log"), lambda _: bool(_text(up)))
    assert control.control.run_switch == run_switch


def test_stop_when_io_is_away_then_it_comes_back_to_write_fail_safe_values(control, tmp_path):
    first, last = tmp_path / "first", tmp_path / "last"
    code = (
        f"import pathlib, sys; first = pathlib.Path({str(first)!r})\n"
        "if not first.exists(): first.write_text('x'); sys.exit(1)\n"
        f"{WAITS}pathlib.Path({str(last)!r}).write_text('fail-safe')"
    )
    seen_away = lambda s: first.exists() and not s.alive("io")  # noqa: E731 - reads as one sentence
    supervise(control, tmp_path / "p.json", child("io", code, tmp_path / "log"), seen_away)
    assert _text(last) == "fail-safe"


def test_controller_when_neither_log_nor_process_list_can_be_written_then_it_runs_on_and_says_so_once(
    control, tmp_path
):
    starts = tmp_path / "starts"
    code = f"import pathlib; pathlib.Path({str(starts)!r}).open('a').write('x')"
    gone = tmp_path / "gone"
    events = supervise(control, gone / "p.json", child("io", code, gone / "io.log"), lambda _: len(_text(starts)) > 2)
    assert sum("io.log" in event for event in events if "cannot be written" in event) == 1
    assert sum("p.json" in event for event in events if "cannot be written" in event) == 1


def test_log_when_past_its_bound_at_a_restart_then_started_anew(control, tmp_path):
    log = tmp_path / "io.log"
    code = f"import sys; sys.stderr.write('x' * {LOG_SIZE_MAX // 2 + 1})"
    supervise(control, tmp_path / "p.json", child("io", code, log), lambda _: (tmp_path / "io.1.log").exists())
    assert log.stat().st_size <= LOG_SIZE_MAX + LOG_SIZE_MAX // 2 + 1


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""
