"""Keeps the controller honest: kills what stands, so that it is started again, and feeds the watchdogs outside."""

import time
from collections.abc import Callable

from runtime.core.duration import duration_text
from runtime.image.control import Control, is_standby
from runtime.node.host.hardwarewatchdog import HardwareWatchdog
from runtime.node.host.servicemanager import ServiceManager
from runtime.node.host.watch import ProgressWatch
from runtime.node.supervisor import Supervisor
from runtime.wire.messages import Severity

STATUS_EVERY_NS = 1_000_000_000


class Guard:
    """Called by the supervisor ten times a second."""

    def __init__(
        self,
        control: Control,
        watch: ProgressWatch,
        *,
        service: ServiceManager,
        hardware: HardwareWatchdog | None,
        on_event: Callable[[Severity, str], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._control = control
        self._watch = watch
        self._service = service
        self._hardware = hardware
        self._on_event = on_event
        self._clock = clock
        self._started_ns: dict[str, int] = {}
        self._status_ns = 0
        self._went_on = False

    def tick(self, supervisor: Supervisor) -> None:
        """Look at scan and io; end what stands; feed who waits."""
        now_ns = self._clock()
        for name in ("scan", "io"):
            started_ns = supervisor.started_ns(name)
            if started_ns != self._started_ns.get(name, 0):
                self._started_ns[name] = started_ns
                self._watch.started(name, started_ns)
        self._watch.look(now_ns)
        for name, stood_ns in self._watch.stuck(now_ns):
            if supervisor.alive(name):
                self._on_event(
                    "error", f"{name} has stood for {duration_text(stood_ns)}; it is ended and started again"
                )
                self._watch.started(name, now_ns)
                supervisor.kill(name)
        goes_on = self._watch.goes_on(now_ns)
        self._service.tick(now_ns, goes_on=goes_on, status=self._status(goes_on))
        if goes_on != self._went_on or now_ns - self._status_ns >= STATUS_EVERY_NS:
            self._went_on, self._status_ns = goes_on, now_ns
            self._service.status(self._status(goes_on))
        if self._hardware is not None:
            self._hardware.tick(now_ns, goes_on=goes_on)

    def stopping(self) -> None:
        """An orderly stop begins."""
        self._service.stopping()

    def stopped(self) -> None:
        """It has succeeded: nobody need watch any more."""
        self._service.close()
        if self._hardware is not None:
            self._hardware.close()

    def _status(self, goes_on: bool) -> str:
        control = self._control
        if not goes_on:
            return "the scan stands" if self._control.scan_start_count else "starting"
        outputs = "outputs driven" if control.driving else "outputs at fail-safe"
        if is_standby(control):
            outputs = "standby"
        return f"scan {control.scan_no}, {outputs}, {control.overruns} overruns"
