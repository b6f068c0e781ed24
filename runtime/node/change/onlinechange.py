"""Online change, as the supervisor conducts it.

    prepare   a new image segment; scan, io, gateway and redundancy load the new version beside the running one
    change    once all are ready, the scan is told to change over; the control segment's `version` says when it has
    settled   the others go over; what cannot follow, or is not the process any more that was ready, is started anew;
              a process that dies from now on comes back in the new version

In a pair redundancy is ready once the standby is. A standby is told by its own redundancy to `follow`: it prepares what
came in the pair's log, and waits with the change until a state of that version has come (`go_version`).

Up to `change` nothing has happened and everything can be forgotten; after the version word has changed there is no way
back but a rollback, which is a change to the former version. If the scan dies in between, the word decides: nothing
else writes it, and the supervisor looks at it before it starts another scan. A scan that does not come to its end is
killed, so that the word stands still, rather than given up on, for it might change over later.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from runtime.cluster.pair.versions import name_of
from runtime.core.fault import PlcFault
from runtime.core.migration import Migration
from runtime.image.manifest import Manifest
from runtime.image.segment import ImageSegment
from runtime.node import runplan
from runtime.node.change.changecheck import has_other_part, refusals
from runtime.node.change.changesocket import FOLLOW, Asked, ChangeSocket
from runtime.node.change.package import unpack
from runtime.node.change.versionnote import VersionNote
from runtime.node.change.versions import VERSIONS, keep_only, new_unpacked_folder, version_hash
from runtime.node.change.versionstore import VersionStore
from runtime.node.link import Link
from runtime.node.runplan import RunPlan
from runtime.node.supervisor import Supervisor
from runtime.scan.change.changeplan import plan_change
from runtime.wire.messages import Severity

FOLLOWERS = ("scan", "io", "gateway", "recorder", "redundancy")
"""The processes that go over without being started anew."""
KNOW_MEMBERS = frozenset({"redundancy", "gateway"})
"""Those that read who the other members of a pair are, when they start."""
READY_WITHIN_NS = 30_000_000_000
CHANGED_WITHIN_NS = 10_000_000_000
LED_WITHIN_NS = 45_000_000_000
"""So long a standby stays ready for a version that its leader does not go over to."""
_NS_PER_US = 1_000


@dataclass(frozen=True, slots=True)
class ControllerVersion:
    """A version as the supervisor holds it. `of_files`: it is what the site's files made when it was brought."""

    note: VersionNote
    plan: RunPlan
    manifest: Manifest
    initial: bytes
    image: ImageSegment
    of_files: bool = True

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return Path(self.note.folder)


class Conducted(Protocol):
    """What a controller lets be changed."""

    @property
    def current(self) -> ControllerVersion:
        """The version that runs."""
        ...

    def adopt(self, version: ControllerVersion, supervisor: Supervisor, *, following: frozenset[str]) -> None:
        """This version runs from now on; the processes named go over to it by themselves. Raises OSError when that
        cannot be noted down; it is done all the same."""
        ...


class _Stage(Enum):
    PREPARING = 1
    WAITING = 2
    CHANGING = 3


@dataclass(slots=True)
class _Change:
    version: ControllerVersion
    asked: Asked
    what: str
    plan: Migration
    waiting: set[str]
    started_ns: dict[str, int]
    """When the processes that were asked to get ready had been started: another one knows nothing of the change."""
    give_up_ns: int
    stage: _Stage = _Stage.PREPARING


class OnlineChange:
    """Takes requests and carries one change at a time through. Driven by the supervisor's tick."""

    def __init__(
        self,
        controller: Conducted,
        links: dict[str, Link],
        *,
        run_dir: Path,
        store: VersionStore,
        audit: Callable[[Severity, str], None],
    ) -> None:
        self._controller = controller
        self._links = links
        self._run_dir = run_dir
        self._store = store
        self._audit = audit
        self._socket = ChangeSocket(run_dir)
        self._change: _Change | None = None
        self._former: ControllerVersion | None = None
        self._last_number = controller.current.note.number

    def close(self) -> None:
        """Take no more requests; one under way is answered."""
        if self._change is not None:
            self._change.asked.answer({"done": False, "why": ["the controller stops"]})
        self._socket.close()

    def tick(self, supervisor: Supervisor, control: Any) -> None:
        """Go on with the change under way; take the next request."""
        change = self._change
        if change is None:
            asked = self._socket.asked()
            if asked is not None:
                self._take(asked, supervisor, control)
        elif change.stage is not _Stage.CHANGING:
            self._hear(change, supervisor, control)
        else:
            self._look_whether_changed(change, supervisor, control)

    # ---- the request ----

    def _take(self, asked: Asked, supervisor: Supervisor, control: Any) -> None:
        try:
            what, folder = self._wanted(asked)
            self._begin(asked, what, folder, supervisor, control)
        except (PlcFault, OSError, ValueError, KeyError) as fault:
            self._refuse(asked, [str(fault)])

    def _wanted(self, asked: Asked) -> tuple[str, Path]:
        if asked.request.get("do") == FOLLOW:
            return FOLLOW, self._unpacked(asked.request)
        if asked.request.get("do") == "rollback":
            return "rollback", self._former.folder if self._former is not None else self._kept_former()
        folder = Path(str(asked.request["folder"])).resolve()
        if folder.parent != (self._run_dir / VERSIONS).resolve():
            raise PlcFault("this is no version of this controller", where=str(folder))
        return "download", folder

    def _kept_former(self) -> Path:
        """The version before the running one, which an earlier run of the controller has left."""
        name = self._store.former()
        if name is None:
            raise PlcFault("there is no former version to go back to", where="rollback")
        return self._store.unpack(name, self._controller.current.plan, self._run_dir)

    def _unpacked(self, request: dict[str, Any]) -> Path:
        name = name_of(int(request["version"]))
        folder = new_unpacked_folder(self._run_dir, name)
        unpack(Path(str(request["package"])).read_bytes(), name, self._controller.current.plan, folder)
        return folder

    def _begin(self, asked: Asked, what: str, folder: Path, supervisor: Supervisor, control: Any) -> None:
        now = self._controller.current
        plan, manifest = RunPlan.load(folder), Manifest.load(folder / runplan.MANIFEST)
        reasons = refusals(
            now.manifest,
            manifest,
            old_plan=now.plan,
            new_plan=plan,
            driving=bool(control.driving),
            fault_stop=bool(control.fault_stop) and what != FOLLOW,
        )
        if now.plan.pair is not None and what != FOLLOW and not control.lead_term:
            reasons.append("this controller is the standby: do this at the one that leads (voltscan pair status)")
        followers = [name for name in FOLLOWERS if name in self._links]
        reasons += [f"{name} is being started" for name in followers if not supervisor.alive(name)]
        if reasons:
            self._refuse(asked, reasons)
            return
        self._store.keep(folder)
        initial = (folder / runplan.INITIAL).read_bytes()
        number = self._last_number = self._last_number + 1  # never again: what is answered late means another one
        by = "the other controller" if what == FOLLOW else asked.by
        note = VersionNote(number, version_hash(folder), time.time_ns(), by, str(folder))
        image = ImageSegment.create(manifest.layout())
        version = ControllerVersion(note, plan, manifest, initial, image, of_files=what == "download")
        migration = plan_change(now.manifest, manifest, old_initial=now.initial, new_initial=initial)
        started_ns = {name: supervisor.started_ns(name) for name in followers}
        give_up_ns = time.monotonic_ns() + READY_WITHIN_NS
        self._change = _Change(version, asked, what, migration, set(followers), started_ns, give_up_ns)
        for name in followers:
            self._links[name].send("prepare", number, folder=folder, image_fd=version.image.fd)

    def _refuse(self, asked: Asked, reasons: list[str]) -> None:
        asked.answer({"done": False, "why": reasons})
        self._audit("warning", f"{asked.by}: {asked.request.get('do', '?')} refused: {'; '.join(reasons)}")

    # ---- prepare, change, settled ----

    def _hear(self, change: _Change, supervisor: Supervisor, control: Any) -> None:
        number = change.version.note.number
        for name in sorted(change.started_ns):
            for ready, why in self._links[name].answers(number):
                if not ready:
                    self._forget(change, f"{name}: {why}")
                    return
                change.waiting.discard(name)
        needed = {name for name in FOLLOWERS if name in self._links}
        if control.go_version == number:  # a state of it is promised, and lies in the new segment: there is no way back
            needed.discard("redundancy")
        gone = sorted(name for name in needed if not supervisor.alive(name))
        if gone:
            self._forget(change, f"{gone[0]} ended meanwhile")
        elif not change.waiting and change.what == FOLLOW and control.go_version != number:
            self._wait_for_leader(change)
        elif not change.waiting:
            change.stage = _Stage.CHANGING
            change.give_up_ns = time.monotonic_ns() + CHANGED_WITHIN_NS
            self._links["scan"].send("change", number)
        elif time.monotonic_ns() > change.give_up_ns:
            self._forget(change, f"{', '.join(sorted(change.waiting))} did not get ready in time")

    def _wait_for_leader(self, change: _Change) -> None:
        """All are ready; redundancy says when the leader has gone over, or that it does not want to any more."""
        if change.stage is _Stage.PREPARING:
            change.stage = _Stage.WAITING
            change.give_up_ns = time.monotonic_ns() + LED_WITHIN_NS
        elif time.monotonic_ns() > change.give_up_ns:
            self._forget(change, "the leader did not go over to it")

    def _look_whether_changed(self, change: _Change, supervisor: Supervisor, control: Any) -> None:
        number = change.version.note.number
        if control.version == number:
            self._settle(change, supervisor, control)
            return
        for ready, why in self._links["scan"].answers(number):
            if not ready:
                self._forget(change, f"scan: {why}")
                return
        if not supervisor.alive("scan"):
            self._forget(change, "the scan did not change over")
        elif time.monotonic_ns() > change.give_up_ns:
            supervisor.kill("scan")

    def _settle(self, change: _Change, supervisor: Supervisor, control: Any) -> None:
        former, version = self._controller.current, change.version
        following = frozenset(n for n, at_ns in change.started_ns.items() if supervisor.started_ns(n) == at_ns)
        if has_other_part(former.plan, version.plan):
            following -= KNOW_MEMBERS
        try:
            self._controller.adopt(version, supervisor, following=following)
        except OSError as fault:  # a full disk is no reason to stop the plant
            self._audit("error", f"version {version.note.hash} runs, which cannot be noted down: {fault}")
        for name, link in self._links.items():
            if name != "scan":
                link.send("settled", version.note.number)
        if self._former is not None:
            self._former.image.close()
        self._former, self._change = former, None
        keep_only(self._run_dir, {former.folder, version.folder})
        plan = change.plan
        counts = f"{plan.kept} variables kept, {len(plan.retyped)} retyped"
        counts += f", {len(plan.initialised)} initialised, {len(plan.dropped)} dropped"
        text = f"{change.asked.by}: {change.what} of version {version.note.hash} in scan {control.scan_no}: {counts}"
        self._audit("info", f"{text}; the loop was held up for {control.change_ns / _NS_PER_US:.1f} us")
        change.asked.answer(
            {
                "done": True,
                "version": version.note.number,
                "hash": version.note.hash,
                "change_ns": control.change_ns,
                "plan": counts,
            }
        )

    def _forget(self, change: _Change, why: str) -> None:
        for link in self._links.values():
            link.send("forget", change.version.note.number)
        change.version.image.close()
        self._change = None
        self._refuse(change.asked, [why])
