"""`voltscan run`: from a checked build to a running controller, and back to nothing."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.core.objectcache import ObjectCache
from runtime.image.control import Control
from runtime.image.layout import ImageLayout
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.lang.objectcode import object_code_for
from runtime.node import runplan
from runtime.node.build import Build
from runtime.node.lock import SiteLock
from runtime.node.runplan import RunPlan
from runtime.node.statedir import cache_dir, default_state_dir, next_term
from runtime.node.supervisor import Child, Supervisor
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender
from runtime.wire.messages import Severity
from runtime.wire.rundir import PLANT_OF_NAME, make_run_dir

GATEWAY_AFTER_NS = 500_000_000
"""Half of what scan and io take to start."""
LOG_SIZE_MAX = 1_000_000
"""A process's log is started anew past this size, with one older one kept beside it."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a site is run. `plant_of`: name of the controller whose simulated plant this is."""

    duration_ns: int | None = None
    hmi: bool = False
    plant_of: str = ""


class Controller:
    """One controller on this machine: its lock, run directory and segments, for as long as it runs."""

    def __init__(self, build: Build, options: RunOptions) -> None:
        """Take the site. Raises ConfigFault when another controller has it, or a directory cannot be used."""
        self._build = build
        self._options = options
        table = build.site.table
        self.run_dir = make_run_dir(table.name)
        self._lock = SiteLock(self.run_dir, table.name)
        state = table.state_dir
        self.state_dir = build.site.path(state) if state else default_state_dir(table.name)
        self.term = next_term(self.state_dir)
        self.manifest = build.manifest()
        self.layout: ImageLayout = self.manifest.layout()
        self._write_run_dir()
        self._control = ControlSegment.create()
        self._image = ImageSegment.create(self.layout)
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
        end = self._options.duration_ns
        supervisor.run(until_ns=None if end is None else time.monotonic_ns() + end, on_tick=lambda: on_tick(supervisor))
        sender.close()

    def close(self) -> None:
        """Give everything back."""
        (self.run_dir / runplan.PROCESSES).unlink(missing_ok=True)
        self._image.close()
        self._control.close()
        self._lock.release()

    def _write_run_dir(self) -> None:
        build, table, run = self._build, self._build.site.table, self.run_dir
        cache = cache_dir()
        self.manifest.save(run / runplan.MANIFEST)
        (run / runplan.INITIAL).write_bytes(build.application.initial)
        (run / runplan.OBJECT).write_bytes(object_code_for(build.application, ObjectCache(cache / "programs")))
        io_plan = run / runplan.IO_PLAN
        io_plan.unlink(missing_ok=True)
        if build.io_plan is not None:
            build.io_plan.save(io_plan)
        (run / PLANT_OF_NAME).unlink(missing_ok=True)
        if self._options.plant_of:
            (run / PLANT_OF_NAME).write_text(self._options.plant_of)
        RunPlan(
            site=table.name,
            served=build.io_plan is not None and build.io_plan.served,
            cache_dir=str(cache),
            realtime_priority=table.realtime.priority,
            realtime_cpu=table.realtime.cpu,
            scada_map=str(build.scada_map) if build.scada_map else None,
            scada_host=table.scada.host,
            scada_port=table.scada.port,
            view=tuple(table.hmi.view),
        ).save(run)

    def _children(self) -> list[Child]:
        names = ["scan", "io", "gateway"] if self._build.io_plan is not None else ["scan", "gateway"]
        children = [self._process(name) for name in names]
        plant = self._build.site.table.plant
        if plant is not None:
            site_file = str(self._build.site.path(plant.site))
            of = self._build.site.table.name
            children.append(self._command("plant", "run", site_file, "--no-hmi", "--plant-of", of))
        if self._options.hmi:
            children.append(self._command("hmi", "hmi", "--site", self._build.site.table.name, logged=False))
        return children

    def _process(self, name: str) -> Child:
        fds = (self._control.fd, self._image.fd)
        argv = (sys.executable, "-m", "runtime.node.child", name, str(self.run_dir), *map(str, fds), str(os.getpid()))
        return Child(
            name, argv, pass_fds=fds, log=self._log(name), after_ns=GATEWAY_AFTER_NS if name == "gateway" else 0
        )

    def _command(self, name: str, *words: str, logged: bool = True) -> Child:
        argv = (sys.executable, "-m", "runtime.cli", *words, "--parent-pid", str(os.getpid()))
        return Child(name, argv, log=self._log(name) if logged else None, restart=logged)

    def _log(self, name: str) -> Path:
        folder = self.state_dir / "log"
        folder.mkdir(exist_ok=True)
        log = folder / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_SIZE_MAX:
            log.replace(folder / f"{name}.1.log")
        return log
