"""`voltscan run`: from a prepared site to a running controller, and back to nothing."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.gateway.keptforces import KEPT_FORCES, KeptForces, restore_forces
from runtime.image.control import Control
from runtime.image.forces import ForceTable
from runtime.image.layout import ImageLayout
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node import runplan
from runtime.node.guard import Guard
from runtime.node.hardwarewatchdog import HardwareWatchdog
from runtime.node.lock import SiteLock
from runtime.node.runplan import RunPlan
from runtime.node.servicemanager import from_environment
from runtime.node.statedir import make_state_dir, next_term
from runtime.node.supervisor import Child, Supervisor
from runtime.node.watch import ProgressWatch, stuck_after_ns
from runtime.scan.retainfile import Folder, RetainStore
from runtime.scan.retaining import warm_start
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender
from runtime.wire.messages import Severity
from runtime.wire.rundir import PLANT_OF_NAME, make_run_dir

GATEWAY_AFTER_NS = 500_000_000
"""Half of what scan and io take to start."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a site is run. `cold`: retained values are dropped. `plant_of`: name of the controller whose
    simulated plant this is."""

    duration_ns: int | None = None
    hmi: bool = False
    cold: bool = False
    plant_of: str = ""


class Controller:
    """One controller on this machine: its lock, run directory and segments, for as long as it runs."""

    def __init__(self, site: str, fill: Callable[[Path], None], options: RunOptions) -> None:
        """Take the site, and have `fill` write the prepared files into its run directory.

        Raises ConfigFault when another controller has the site, or a directory cannot be used.
        """
        self._options = options
        self.run_dir = make_run_dir(site)
        self._lock = SiteLock(self.run_dir, site)
        fill(self.run_dir)
        self._note_plant_of()
        self._plan = RunPlan.load(self.run_dir)
        self.manifest = Manifest.load(self.run_dir / runplan.MANIFEST)
        self.layout: ImageLayout = self.manifest.layout()
        self.state_dir = make_state_dir(Path(self._plan.state_dir))
        # Where run directories differ (a service and a login shell), the state directory is still one: so is the site.
        self._state_lock = SiteLock(self.state_dir, site)
        self.term = next_term(self.state_dir)
        self._start_told = self._look_at_retained(cold=options.cold)
        self._control = ControlSegment.create()
        self._image = ImageSegment.create(self.layout)
        table = ForceTable(self._image, self.manifest.tags)
        self._start_told += (*restore_forces(KeptForces(self.state_dir / KEPT_FORCES), table, self.manifest.tags),)
        self.control.term = self.term
        self.control.cycle_ns = self.manifest.cycle_ns
        self.control.run_switch = 1

    @property
    def control(self) -> Control:
        """The control segment's content."""
        return self._control.control

    @property
    def image(self) -> ImageSegment:
        """The image segment."""
        return self._image

    def run(self, on_event: Callable[[Severity, str], None], on_tick: Callable[[Supervisor], None]) -> None:
        """Run until a signal, or the end of the duration. `on_event` hears what the supervisor does."""
        sender = EventSender(endpoints(self.run_dir), "supervisor")

        def tell(severity: Severity, text: str) -> None:
            sender.send(severity, text)
            on_event(severity, text)

        supervisor = Supervisor(
            self._children(), self.control, processes_file=self.run_dir / runplan.PROCESSES, on_event=tell
        )
        tell("info", f"controller started, term {self.term}")
        for severity, text in self._start_told:
            tell(severity, text)
        guard = self._guard(tell)

        def tick() -> None:
            guard.tick(supervisor)
            on_tick(supervisor)

        end = self._options.duration_ns
        until_ns = None if end is None else time.monotonic_ns() + end
        supervisor.run(until_ns=until_ns, on_tick=tick, on_stop=guard.stopping)
        guard.stopped()
        sender.close()

    def close(self) -> None:
        """Give everything back."""
        (self.run_dir / runplan.PROCESSES).unlink(missing_ok=True)
        self._image.close()
        self._control.close()
        self._state_lock.release()
        self._lock.release()

    def _guard(self, tell: Callable[[Severity, str], None]) -> Guard:
        plan = self._plan
        stuck_ns = plan.stuck_after_ns or stuck_after_ns(self.manifest.cycle_ns)
        device = Path(plan.watchdog_device) if plan.watchdog_device else None
        return Guard(
            self.control,
            ProgressWatch(self.control, stuck_after_ns=stuck_ns, has_io=plan.has_devices),
            service=from_environment(),
            hardware=HardwareWatchdog(device, timeout_s=plan.watchdog_timeout_s) if device else None,
            on_event=tell,
        )

    def _note_plant_of(self) -> None:
        note = self.run_dir / PLANT_OF_NAME
        note.unlink(missing_ok=True)
        if self._options.plant_of:
            note.write_text(self._options.plant_of)

    def _look_at_retained(self, *, cold: bool) -> tuple[tuple[Severity, str], ...]:
        """What the scan process will start with, in words; a cold start and damaged files put the saves aside."""
        if not self._plan.retain_every_ns:
            return ()
        store = RetainStore(Folder(self.state_dir))
        newest, problems = store.newest()
        if cold:
            store.drop("dropped")
            what = "no retained values were there" if newest is None else "retained values are dropped"
            return (("info", f"cold start: {what}"),)
        told = warm_start(self.manifest, (self.run_dir / runplan.INITIAL).read_bytes(), store).told
        if newest is None and problems:
            store.drop("damaged")
        return told

    def _children(self) -> list[Child]:
        parent, plan = str(os.getpid()), self._plan
        children = [
            self._process(name) for name in (["scan", "io", "gateway"] if plan.has_devices else ["scan", "gateway"])
        ]
        if plan.retain_every_ns:
            children.append(self._process("retain"))
        if plan.record_keep_ns:
            children.append(self._process("recorder"))
        if plan.has_plant:
            folder = str(self.run_dir / runplan.PLANT)
            argv = (sys.executable, "-m", "runtime.node.plant", folder, plan.site, parent)
            children.append(Child("plant", argv, log=self._log("plant")))
        if self._options.hmi:
            words = ("hmi", "--site", plan.site, "--parent-pid", parent)
            children.append(Child("hmi", (sys.executable, "-m", "runtime.cli", *words), restart=False))
        return children

    def _process(self, name: str) -> Child:
        fds = (self._control.fd, self._image.fd)
        argv = (sys.executable, "-m", "runtime.node.child", name, str(self.run_dir), *map(str, fds), str(os.getpid()))
        return Child(
            name, argv, pass_fds=fds, log=self._log(name), after_ns=0 if name in ("scan", "io") else GATEWAY_AFTER_NS
        )

    def _log(self, name: str) -> Path:
        folder = self.state_dir / "log"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"
