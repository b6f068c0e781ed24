"""Keeps the processes of one controller alive, and takes them down in an order that leaves outputs fail-safe.

Single-threaded: it sleeps in sigtimedwait(2) until a child ends, a stop is asked for or the next tick is due. It must
run in the main thread, because children ask for a signal on the death of the *thread* that started them.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedWriter
from pathlib import Path

from runtime.image.control import Control
from runtime.node.backoff import Backoff
from runtime.node.children.childlog import open_log
from runtime.node.host.stopsignals import StopSignals
from runtime.wire.messages import Severity

TICK_S = 0.1
FENCE_CLOSED_WITHIN_S = 0.5
"""From STOP to the first fail-safe frame: one cycle, at most 1 s; then io writes fail-safe by itself when it ends."""
ENDED_WITHIN_S = 4.0
"""From SIGTERM to SIGKILL; longer than the last words of io (node/children/parent.py)."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep alive. `log` takes its stderr and stdout, None leaves it the terminal (the HMI).

    With a log it is in a process group of its own: Ctrl-C, Ctrl-Z and the hang-up of a terminal reach the supervisor
    alone, which ends the others in order. The first start waits `after_ns`: on two processors, what drives devices
    comes before what shows them.
    """

    name: str
    argv: tuple[str, ...]
    pass_fds: tuple[int, ...] = ()
    log: Path | None = None
    restart: bool = True
    after_ns: int = 0
    before_start: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Running:
    child: Child
    backoff: Backoff = field(default_factory=Backoff)
    process: subprocess.Popen[bytes] | None = None
    start_at_ns: int = 0
    starts: int = 0
    bounced: bool = False


class Supervisor:
    """Starts the children, restarts what dies, stops them in order. `on_event(severity, text)` is told of each.

    `processes_file` always holds the living ones as a JSON object of names and process ids.
    """

    def __init__(
        self,
        children: Sequence[Child],
        control: Control,
        *,
        processes_file: Path,
        on_event: Callable[[Severity, str], None],
    ) -> None:
        now_ns = time.monotonic_ns()
        self._running = {child.name: _Running(child, start_at_ns=now_ns + child.after_ns) for child in children}
        self._control = control
        self._processes_file = processes_file
        self._on_event = on_event
        self._unwritable: set[Path] = set()
        self._stop_asked = False

    def alive(self, name: str) -> bool:
        """True while that child runs."""
        running = self._running.get(name)
        return running is not None and running.process is not None

    def started_ns(self, name: str) -> int:
        """When that child was started last (monotonic); 0 when it never was."""
        running = self._running.get(name)
        return running.backoff.started_ns if running is not None else 0

    def renew(self, child: Child, *, bounce: signal.Signals | None) -> None:
        """From its next start on the child is this one; `bounce`: end it by this signal now, so that this is soon."""
        running = self._running.get(child.name)
        if running is None:
            self._running[child.name] = _Running(child, start_at_ns=time.monotonic_ns())
            return
        running.child = child
        if bounce is not None and running.process is not None:
            running.process.send_signal(bounce)
            running.bounced = True

    def retire(self, name: str) -> None:
        """End a child in order; it is not started again."""
        running = self._running.get(name)
        if running is not None and running.process is not None:
            running.child = replace(running.child, restart=False)
            running.process.terminate()

    def signal(self, name: str, what: signal.Signals) -> None:
        """Send a child a signal, if it lives."""
        running = self._running.get(name)
        if running is not None and running.process is not None:
            running.process.send_signal(what)

    def kill(self, name: str) -> None:
        """End a child that answers nothing any more; it is started again like any that died."""
        running = self._running[name]
        if running.process is not None:
            running.process.kill()

    def stop(self) -> None:
        """Have `run` stop everything at its next tick."""
        self._stop_asked = True

    def run(
        self, *, until_ns: int | None, on_tick: Callable[[], None], on_stop: Callable[[], None] = lambda: None
    ) -> None:
        """Keep everything alive until a stop signal or `until_ns` (monotonic); then say so and stop it all."""
        with StopSignals() as stop:
            try:
                self._keep_alive(until_ns, on_tick, stop)
                on_stop()
            finally:
                self._stop_all()

    def _keep_alive(self, until_ns: int | None, on_tick: Callable[[], None], stop: StopSignals) -> None:
        while not self._stop_asked and (until_ns is None or time.monotonic_ns() < until_ns):
            self._start_due()
            if stop.wait(TICK_S):
                return
            self._reap()
            on_tick()

    def _start_due(self) -> None:
        now_ns = time.monotonic_ns()
        for running in self._running.values():
            again = running.child.restart or running.starts == 0
            if running.process is None and again and now_ns >= running.start_at_ns:
                self._start(running, now_ns)
                self._write_processes()

    def _write_processes(self) -> None:
        living = {name: r.process.pid for name, r in self._running.items() if r.process is not None}
        partial = self._processes_file.with_suffix(".partial")
        try:
            partial.write_text(json.dumps(living))
            partial.replace(self._processes_file)
        except OSError as fault:
            self._tell_unwritable(self._processes_file, fault)

    def _tell_unwritable(self, path: Path, fault: OSError) -> None:
        """A full disk is no reason to stop the plant: what only people read is left out, and that is said once."""
        if path not in self._unwritable:
            self._unwritable.add(path)
            self._on_event("error", f"{path} cannot be written ({fault.strerror}); the controller runs on without")

    def _output_of(self, child: Child) -> BufferedWriter | int | None:
        if child.log is None:
            return None
        try:
            return open_log(child.log)
        except OSError as fault:
            self._tell_unwritable(child.log, fault)
            return subprocess.DEVNULL

    def _start(self, running: _Running, now_ns: int) -> None:
        child = running.child
        child.before_start()
        output = self._output_of(child)
        try:
            running.process = subprocess.Popen(  # noqa: S603 - argv is made by node, never by a user
                child.argv,
                stdin=None if output is None else subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=child.pass_fds,
                process_group=None if output is None else 0,
            )
        finally:
            if isinstance(output, BufferedWriter):
                output.close()
        running.backoff.started(now_ns)
        running.starts += 1
        if running.starts > 1:
            self._on_event("info", f"{child.name} started again")

    def _reap(self) -> None:
        now_ns = time.monotonic_ns()
        for running in self._running.values():
            if running.process is None or running.process.poll() is None:
                continue
            how = _how_it_ended(running.process.returncode)
            running.process = None
            if running.bounced:
                running.bounced, running.start_at_ns = False, now_ns
                continue
            running.start_at_ns = running.backoff.died(now_ns)
            if running.child.restart:
                wait_ms = (running.start_at_ns - now_ns) // 1_000_000
                seen = f" (its log: {running.child.log})" if running.child.log else ""
                self._on_event("error", f"{running.child.name} {how}; starting it again in {wait_ms} ms{seen}")

    def _stop_all(self) -> None:
        """Outputs first: close the fence, let io write fail-safe values, then end the rest.

        What saves retained values ends last, with those of the last scan; so does redundancy: it tells a pair's others
        that the outputs have ended. Of a pair only who still leads, because nobody has taken over, writes fail-safe
        values: else the outputs are the other controller's.
        """
        if not self._control.pair or self._control.lead_term:
            self._close_fence()
        for names in (("io", "hmi"), ("scan", "gateway", "plant"), ("retain", "recorder", "redundancy")):
            self._end([r for n, r in self._running.items() if n in names])

    def _close_fence(self) -> None:
        """Had io just died, devices still hold what it wrote: it is started once more, for its last words alone."""
        self._control.run_switch = 0
        io = self._running.get("io")
        if io is not None and io.process is None and io.starts > 0:
            self._start(io, time.monotonic_ns())
        closed_by = time.monotonic() + FENCE_CLOSED_WITHIN_S
        while self.alive("scan") and self._control.driving and time.monotonic() < closed_by:
            time.sleep(0.005)  # the scan closes the fence at its next publish

    def _end(self, ending: Sequence[_Running]) -> None:
        processes = [r.process for r in ending if r.process is not None]
        for process in processes:
            process.terminate()
        give_up = time.monotonic() + ENDED_WITHIN_S
        for process in processes:
            try:
                process.wait(max(0.0, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for running in ending:
            running.process = None


def _how_it_ended(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"
