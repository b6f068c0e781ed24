"""Where and when the bare loop runs beside a scan."""

import os
from pathlib import Path

import pytest

from runtime.cli.controller.beside_bare import busiest_processor, half_way


@pytest.mark.parametrize(
    ("deadline_ns", "after_ns", "first_ns"),
    [(100, 0, 105), (100, 104, 105), (100, 105, 105), (100, 106, 115), (100, 1_000, 1_005), (100, 1_006, 1_015)],
)
def test_half_way_when_asked_then_the_next_middle_between_deadlines(deadline_ns, after_ns, first_ns):
    assert half_way(deadline_ns, 10, after_ns=after_ns) == first_ns


def test_processor_when_this_process_is_asked_then_one_that_it_may_run_on():
    assert busiest_processor(Path("/proc/self/task")) in os.sched_getaffinity(0)


def test_processor_when_the_process_is_gone_then_none(tmp_path):
    assert busiest_processor(tmp_path / "task") is None


def test_processor_when_threads_slept_differently_often_then_that_of_the_most_often_one(tmp_path):
    for tid, sleeps, processor in ((7, 3, 0), (8, 90, 5), (9, 40, 2)):
        task = tmp_path / str(tid)
        task.mkdir()
        (task / "status").write_text(f"Name:\tpython\nvoluntary_ctxt_switches:\t{sleeps}\n")
        rest = " ".join(str(processor) if field == 39 else "0" for field in range(4, 53))
        (task / "stat").write_text(f"{tid} (py) thon) S {rest}\n")
    assert busiest_processor(tmp_path) == 5
