"""`voltscan run`: from a prepared site to a running controller, and back to nothing."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.memberstate import open_member
from runtime.core.fault import ConfigFault
from runtime.gateway.forces.keptforces import KEPT_FORCES, KeptForces, restore_forces
from runtime.image.control import Control
from runtime.image.forces import ForceTable
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.node import runplan
from runtime.node.change.onlinechange import FOLLOWERS, ControllerVersion, OnlineChange
from runtime.node.change.versionnote import VersionNote, told_of_last, user_name
from runtime.node.change.versions import new_versions_folder, version_hash
from runtime.node.change.versionstore import VersionStore, start_folder
from runtime.node.host.guard import Guard
from runtime.node.host.hardwarewatchdog import HardwareWatchdog
from runtime.node.host.requests import Asked, HostRequests
from runtime.node.host.servicemanager import from_environment
from runtime.node.host.watch import ProgressWatch, stuck_after_ns
from runtime.node.link import Link
from runtime.node.lock import SiteLock
from runtime.node.runplan import PairPlan, RunPlan
from runtime.node.seat import Seat
from runtime.node.statedir import make_state_dir, next_term
from runtime.node.supervisor import Child, Supervisor
from runtime.scan.retain.retainfile import Folder, RetainStore
from runtime.scan.retain.retaining import warm_start
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender
from runtime.wire.messages import Severity
from runtime.wire.rundir import PLANT_OF_NAME, make_run_dir

HAND_OVER_WITHIN_S = 1.0
GATEWAY_AFTER_NS = 500_000_000
"""Half of what scan and io take to start."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a site is run. `cold`: retained values are dropped. `of_files`: in what the site's files say, whatever ran
    last. `plant_of`: name of the controller whose simulated plant this is."""

    duration_ns: int | None = None
    hmi: bool = False
    cold: bool = False
    of_files: bool = False
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
        folder = new_versions_folder(self.run_dir)
        fill(folder)
        self._note_plant_of()
        self._files_hash = version_hash(folder)
        self._files_folder = folder
        self.state_dir = make_state_dir(Path(RunPlan.load(folder).state_dir))
        # Where run directories differ (a service and a login shell), the state directory is still one: so is the site.
        self._state_lock = SiteLock(self.state_dir, site)
        self._store = VersionStore(self.state_dir)
        why = ""
        if not options.of_files:
            folder, why = start_folder(folder, self._store, self.run_dir)
        self._plan = RunPlan.load(folder)
        manifest = Manifest.load(folder / runplan.MANIFEST)
        initial = (folder / runplan.INITIAL).read_bytes()
        self.term = next_term(self.state_dir)
        self._start_told = self._look_at_retained(manifest, initial, cold=options.cold)
        self._control = ControlSegment.create()
        note = VersionNote(1, version_hash(folder), time.time_ns(), user_name(), str(folder))
        self._start_told += (("warning", why),) if why else told_of_last(self.state_dir, note)
        note.save(self.run_dir, self.state_dir)
        self._start_told += self._kept(folder, note.hash)
        self._current = ControllerVersion(note, self._plan, manifest, initial, ImageSegment.create(manifest.layout()))
        absent = {
            "io": not self._plan.has_devices,
            "recorder": not self._plan.record_keep_ns,
            "redundancy": self._plan.pair is None,
        }
        self._links = {name: Link() for name in FOLLOWERS if not absent.get(name)}
        table = ForceTable(self.image, manifest.tags)
        self._start_told += (*restore_forces(KeptForces(self.state_dir / KEPT_FORCES), table, manifest.tags),)
        self.control.term = self.term
        self.control.cycle_ns = self.manifest.cycle_ns
        self.control.run_switch = 1
        self._bell = self._io_bell = -1
        self._asked: Asked | None = None
        if self._plan.pair is not None:
            self._take_part_in_pair(self._plan.pair)

    @property
    def control(self) -> Control:
        """The control segment's content."""
        return self._control.control

    @property
    def image(self) -> ImageSegment:
        """The image segment."""
        return self._current.image

    @property
    def manifest(self) -> Manifest:
        """That of the version that runs."""
        return self._current.manifest

    @property
    def asked(self) -> Asked | None:
        """What the programs asked of the computer, which ended the run; None when something else did."""
        return self._asked

    @property
    def reboot_command(self) -> tuple[str, ...]:
        """What starts the computer anew."""
        return self._plan.reboot_command

    @property
    def current(self) -> ControllerVersion:
        """The version that runs."""
        return self._current

    def adopt(self, version: ControllerVersion, supervisor: Supervisor, *, following: frozenset[str]) -> None:
        """This version runs from now on: what dies comes back in it, what does not follow is started anew in it.

        Raises OSError when it cannot be noted down which version runs.
        """
        self._current, self._plan = version, version.plan
        for child in self._children():
            if child.name not in ("hmi", "plant"):
                # One of them that came back meanwhile knows neither version: io must not write fail-safe values then.
                ending = signal.SIGKILL if child.name in FOLLOWERS else signal.SIGTERM
                supervisor.renew(child, bounce=None if child.name in following else ending)
        if not version.plan.retain_every_ns:
            supervisor.retire("retain")
        if not version.plan.record_keep_ns:
            supervisor.retire("recorder")
        if version.of_files:
            self._files_hash = version.note.hash
        self._store.runs(version.note.hash, files=self._files_hash)
        version.note.save(self.run_dir, self.state_dir)

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
        operators = EventSender(endpoints(self.run_dir), "operator")

        def audit(severity: Severity, text: str) -> None:
            operators.send(severity, text)
            on_event(severity, text)

        change = OnlineChange(self, self._links, run_dir=self.run_dir, store=self._store, audit=audit)

        requests = self._host_requests()

        def tick() -> None:
            guard.tick(supervisor)
            change.tick(supervisor, self.control)
            self._asked = requests.look(time.monotonic_ns())
            if self._asked is not None:
                tell("warning", f"the programs ask for a {self._asked}: everything is stopped first")
                supervisor.stop()
            on_tick(supervisor)

        end = self._options.duration_ns
        until_ns = None if end is None else time.monotonic_ns() + end

        def stopping() -> None:
            guard.stopping()
            if self._plan.pair is not None:
                self._hand_over(supervisor)

        supervisor.run(until_ns=until_ns, on_tick=tick, on_stop=stopping)
        guard.stopped()
        if self._asked is None:  # a person stopped it; who changes files meanwhile wants them
            self._note_end(tell)
        change.close()
        operators.close()
        sender.close()

    def close(self) -> None:
        """Give everything back."""
        (self.run_dir / runplan.PROCESSES).unlink(missing_ok=True)
        self._current.image.close()
        for link in self._links.values():
            link.close()
        self._control.close()
        for bell in (self._bell, self._io_bell):
            if bell >= 0:
                os.close(bell)
        self._state_lock.release()
        self._lock.release()

    def _kept(self, folder: Path, name: str) -> tuple[tuple[Severity, str], ...]:
        """Keep the version that starts, in words what is against it: a full disk is no reason not to run the plant."""
        try:
            self._store.keep(folder)
            self._store.runs(name, files=self._files_hash)
        except (ConfigFault, OSError) as fault:
            self._store.forget()  # or a version of long ago would start after a power cut
            return (("error", f"{fault}\nafter a power cut the site's files start"),)
        return ()

    def _note_end(self, tell: Callable[[Severity, str], None]) -> None:
        try:
            self._store.ended()
        except (ConfigFault, OSError) as fault:
            tell("warning", f"{fault}\nthe next start takes what ran last, as after a power cut")

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

    def _host_requests(self) -> HostRequests:
        names = {"restart": self._plan.host_restart, "reboot": self._plan.host_reboot}
        wanted = {key: self._reader(name) if name else None for key, name in names.items()}
        return HostRequests(restart=wanted["restart"], reboot=wanted["reboot"])

    def _reader(self, name: str) -> Callable[[], bool | None]:
        """Reads a BOOL of the version that runs; None while there is no snapshot of it."""
        snapshots: list[tuple[ImageSegment, SnapshotReader]] = []

        def read() -> bool | None:
            if not snapshots or snapshots[0][0] is not self.image:
                snapshots[:] = [(self.image, SnapshotReader(self.image))]
            snapshot, variable = snapshots[0][1].latest(), self.manifest.tags.find(name)
            return None if snapshot is None or variable is None else bool(snapshot.value(variable))

        return read

    def _take_part_in_pair(self, plan: PairPlan) -> None:
        """Look now at all that the redundancy process will need: nobody sees what it would say. Raises ConfigFault."""
        member = MemberPlan.of_json(plan.member)
        store, _ = open_member(member)
        store.close()
        self.control.pair = 1
        self._bell, self._io_bell = (os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK) for _ in range(2))

    def _hand_over(self, supervisor: Supervisor) -> None:
        """Before a leader stops, its standby takes the outputs."""
        supervisor.signal("redundancy", signal.SIGUSR1)
        until = time.monotonic() + HAND_OVER_WITHIN_S
        while self.control.lead_term and time.monotonic() < until:
            time.sleep(0.005)

    def _note_plant_of(self) -> None:
        note = self.run_dir / PLANT_OF_NAME
        note.unlink(missing_ok=True)
        if self._options.plant_of:
            note.write_text(self._options.plant_of)

    def _look_at_retained(self, manifest: Manifest, initial: bytes, *, cold: bool) -> tuple[tuple[Severity, str], ...]:
        """What the scan process will start with, in words; a cold start and damaged files put the saves aside."""
        if not self._plan.retain_every_ns:
            return ()
        store = RetainStore(Folder(self.state_dir))
        newest, problems = store.newest()
        if cold:
            store.drop("dropped")
            what = "no retained values were there" if newest is None else "retained values are dropped"
            return (("info", f"cold start: {what}"),)
        told = warm_start(manifest, initial, store).told
        if newest is None and problems:
            store.drop("damaged")
        return told

    def _children(self) -> list[Child]:
        parent, plan = str(os.getpid()), self._plan
        children = [
            self._process(name) for name in (["scan", "io", "gateway"] if plan.has_devices else ["scan", "gateway"])
        ]
        if plan.pair is not None:
            children.append(self._process("redundancy"))
        if plan.retain_every_ns:
            children.append(self._process("retain"))
        if plan.record_keep_ns:
            children.append(self._process("recorder"))
        if plan.has_plant:
            folder = str(self._files_folder / runplan.PLANT)
            argv = (sys.executable, "-m", "runtime.node.plant", folder, plan.site, parent)
            children.append(Child("plant", argv, log=self._log("plant")))
        if self._options.hmi:
            words = ("hmi", "--site", plan.site, "--parent-pid", parent)
            children.append(Child("hmi", (sys.executable, "-m", "runtime.cli", *words), restart=False))
        return children

    def _process(self, name: str) -> Child:
        current, link = self._current, self._links.get(name)
        seat = Seat(
            run_dir=self.run_dir,
            folder=current.folder,
            number=current.note.number,
            control_fd=self._control.fd,
            image_fd=current.image.fd,
            link_fd=link.child_fd if link is not None else -1,
            bell_fd=self._bell if name in ("scan", "redundancy") else -1,
            io_bell_fd=self._io_bell if name in ("scan", "redundancy", "io") else -1,
        )
        return Child(
            name,
            (sys.executable, "-m", "runtime.node.children.child", name, *seat.words(), str(os.getpid())),
            pass_fds=seat.inherited,
            log=self._log(name),
            after_ns=0 if name in ("scan", "io", "redundancy") else GATEWAY_AFTER_NS,
            before_start=link.drain if link is not None else _nothing,
        )

    def _log(self, name: str) -> Path:
        folder = self.state_dir / "log"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"


def _nothing() -> None:
    """Before the start of a process without a link."""
