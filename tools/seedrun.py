"""Runs a check over many seeds in several processes: progress with the time left, and no stall or crash unseen.

A worker that takes too long over one seed, or that dies (compiled code may), is a finding like any other: it is ended,
the seed is named, and another worker goes on behind it.
"""

import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait

SECONDS_MAX = 600
"""For one seed, on the wall clock. The check's own watch (30 s of the processor) tells more, but compiled code is not
interrupted by it."""
TOLD_EVERY_S = 30
"""Between two lines of progress where standard error is no terminal."""

_CONTEXT = multiprocessing.get_context("fork")


@dataclass(slots=True)
class _Worker:
    seeds: Iterator[int]
    process: multiprocessing.process.BaseProcess
    pipe: Connection
    seed: int = 0
    began: float = 0.0


@dataclass(slots=True)
class Progress:
    """How far a run has got."""

    total: int
    done: int = 0
    wrong: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def show(self, *, last: bool = False) -> None:
        """A bar on a terminal, else a line now and then."""
        now, is_terminal = time.monotonic(), sys.stderr.isatty()
        if not last and now - self.told < (0.2 if is_terminal else TOLD_EVERY_S):
            return
        self.told = now
        spent = now - self.began
        left = spent / self.done * (self.total - self.done) if self.done else 0.0
        filled = 30 * self.done // self.total
        bar = "#" * filled + "." * (30 - filled)
        text = f"[{bar}] {self.done}/{self.total}  {self.wrong} wrong  {_clock(spent)} gone, {_clock(left)} left"
        print(f"\r{text}" if is_terminal else text, end="" if is_terminal and not last else "\n", file=sys.stderr)


def run_seeds(check: Callable[[int], str], seeds: range, *, jobs: int, on_wrong: Callable[[int, str], None]) -> int:
    """The number of seeds that `check` complains of; each is handed to `on_wrong` as it is found."""
    progress = Progress(len(seeds))
    workers = [_start(check, iter(seeds[first::jobs])) for first in range(min(jobs, len(seeds)))]
    try:
        while workers:
            ready = wait([worker.pipe for worker in workers], timeout=1.0)
            for worker in list(workers):
                answer = _answer(worker) if worker.pipe in ready else _overdue(worker)
                if answer is None:
                    continue
                progress.done += 1
                if answer:
                    progress.wrong += 1
                    on_wrong(worker.seed, answer)
                _go_on(workers, worker, check)
            progress.show()
    finally:
        for worker in workers:
            worker.process.kill()
        progress.show(last=True)
    return progress.wrong


def _start(check: Callable[[int], str], seeds: Iterator[int]) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_work, args=(check, theirs), daemon=True)
    process.start()
    theirs.close()
    worker = _Worker(seeds, process, ours)
    _hand_out(worker)
    return worker


def _work(check: Callable[[int], str], pipe: Connection) -> None:
    """Answer until told to end, or until whoever asks is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        if pipe.poll(1.0):
            seed = pipe.recv()
            if seed is None:
                return
            pipe.send(check(seed))


def _hand_out(worker: _Worker) -> bool:
    seed = next(worker.seeds, None)
    if seed is None:
        return False
    worker.seed, worker.began = seed, time.monotonic()
    worker.pipe.send(seed)
    return True


def _answer(worker: _Worker) -> str:
    try:
        return str(worker.pipe.recv())
    except EOFError:
        worker.process.join()
        return f"the process ended with exit code {worker.process.exitcode}"


def _overdue(worker: _Worker) -> str | None:
    if time.monotonic() - worker.began < SECONDS_MAX:
        return None
    worker.process.kill()
    worker.process.join()
    return f"takes longer than {SECONDS_MAX} s"


def _go_on(workers: list[_Worker], worker: _Worker, check: Callable[[int], str]) -> None:
    if worker.process.is_alive() and _hand_out(worker):
        return
    workers.remove(worker)
    if worker.process.is_alive():  # and has nothing left to do
        worker.pipe.send(None)
        worker.process.join()
    elif (seed := next(worker.seeds, None)) is not None:
        workers.append(_start(check, itertools.chain([seed], worker.seeds)))
    worker.pipe.close()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
