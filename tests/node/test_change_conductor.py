"""Online change as the supervisor conducts it, tick by tick, with processes that the tests play."""

import dataclasses
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.image.manifest import Manifest
from runtime.image.segment import ImageSegment
from runtime.node import runplan
from runtime.node.build import build_site
from runtime.node.change import onlinechange
from runtime.node.change.changecheck import misfits
from runtime.node.change.changesocket import SOCKET
from runtime.node.change.onlinechange import ControllerVersion, OnlineChange
from runtime.node.change.package import content_hash, pack, version_number
from runtime.node.change.versionnote import VersionNote, told_of_last
from runtime.node.change.versions import keep_only, new_download_folder, new_versions_folder, version_hash
from runtime.node.change.versionstore import VersionStore
from runtime.node.link import Link, LinkEnd
from runtime.node.prepare import prepare
from runtime.node.runplan import PairPlan, RunPlan
from runtime.scan.change.changeplan import plan_change

NAMES = ("scan", "gateway", "recorder")
PROGRAM = "VAR_GLOBAL a : INT; END_VAR\nPROGRAM main\na := a + 1;\nEND_PROGRAM\n"


@dataclass
class Processes:
    """Stands in for the supervisor: which processes live, and since when."""

    since_ns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 1))
    dead: set[str] = field(default_factory=set)
    killed: list[str] = field(default_factory=list)

    def alive(self, name: str) -> bool:
        return name not in self.dead

    def started_ns(self, name: str) -> int:
        return self.since_ns[name]

    def kill(self, name: str) -> None:
        self.killed.append(name)
        self.dead.add(name)

    def come_back(self, name: str) -> None:
        self.dead.discard(name)
        self.since_ns[name] += 1


@dataclass
class Rig:
    """A controller with its change under test."""

    run_dir: Path
    current: ControllerVersion
    processes: Processes = field(default_factory=Processes)
    control: Any = field(
        default_factory=lambda: SimpleNamespace(
            version=1, driving=0, fault_stop=0, change_ns=0, scan_no=1, lead_term=0, go_version=0
        )
    )
    adopted: list[tuple[int, set[str]]] = field(default_factory=list)
    audited: list[str] = field(default_factory=list)
    note_fails: bool = False

    def __post_init__(self) -> None:
        self.store = VersionStore(self.run_dir / "state")
        self.links = {name: Link() for name in NAMES}
        self.ends = {name: LinkEnd(os.dup(link.child_fd)) for name, link in self.links.items()}
        self.change = OnlineChange(
            self, self.links, run_dir=self.run_dir, store=self.store, audit=lambda _, text: self.audited.append(text)
        )
        self.asking: socket.socket | None = None

    def adopt(self, version: ControllerVersion, _: Any, *, following: frozenset[str]) -> None:
        self.current = version
        self.adopted.append((version.note.number, set(following)))
        if self.note_fails:
            raise OSError(28, "No space left on device")

    def tick(self) -> None:
        self.change.tick(self.processes, self.control)  # type: ignore[arg-type]

    def ask(self, folder: Path) -> None:
        self.request({"do": "download", "folder": str(folder)})

    def request(self, told: dict[str, Any]) -> None:
        self.asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.asking.settimeout(5)
        self.asking.connect(str(self.run_dir / SOCKET))
        self.asking.send(json.dumps(told).encode())
        self.tick()

    def told(self) -> dict[str, Any]:
        assert self.asking is not None
        told: dict[str, Any] = json.loads(self.asking.recv(65536))
        self.asking.close()
        return told

    def get_ready(self, *names: str) -> None:
        for name in names or NAMES:
            order = self.ends[name].receive()
            assert order is not None
            assert order.do == "prepare"
            os.close(order.image_fd)
            self.ends[name].answer(order.version)
        self.tick()

    def next_order(self, name: str) -> tuple[str, int]:
        order = self.ends[name].receive()
        assert order is not None
        return order.do, order.version


def made_version(folder: Path, number: int, text: str) -> ControllerVersion:
    site_file = folder.parent.parent / "small.toml"
    (folder.parent.parent / "small.st").write_text(text)
    site_file.write_text('name = "small"\nprograms = ["small.st"]\n')
    build = build_site(site_file).build
    assert build is not None
    prepare(build, folder)
    manifest = Manifest.load(folder / runplan.MANIFEST)
    initial = (folder / runplan.INITIAL).read_bytes()
    note = VersionNote(number, f"hash{number}", 0, "anna", str(folder))
    return ControllerVersion(note, RunPlan.load(folder), manifest, initial, ImageSegment.create(manifest.layout()))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "state").mkdir()
    made = Rig(tmp_path, made_version(new_versions_folder(tmp_path), 1, PROGRAM))
    yield made
    made.change.close()
    if made.asking is not None:
        made.asking.close()
    for line in (*made.links.values(), *made.ends.values()):
        line.close()


@pytest.fixture
def download(rig: Rig) -> Path:
    folder = new_download_folder(rig.run_dir)
    made_version(folder, 2, PROGRAM.replace("+ 1", "+ 2")).image.close()
    return folder


def test_follower_when_it_died_after_it_was_ready_then_it_is_no_follower_any_more(rig, download):
    rig.ask(download)
    rig.get_ready()
    rig.processes.dead.add("gateway")
    rig.tick()
    rig.processes.come_back("gateway")  # in the old version: nothing has changed over yet
    rig.tick()
    rig.control.version = 2
    rig.tick()
    assert rig.adopted == [(2, {"scan", "recorder"})]
    assert rig.told()["done"]


@pytest.mark.parametrize("changed", [True, False])
def test_scan_when_it_dies_at_the_change_over_then_the_version_word_decides(rig, download, changed):
    rig.ask(download)
    rig.get_ready()
    rig.control.version = 2 if changed else 1
    rig.processes.dead.add("scan")
    rig.tick()
    assert rig.told()["done"] is changed
    assert [number for number, _ in rig.adopted] == ([2] if changed else [])
    assert rig.next_order("gateway") == ("settled" if changed else "forget", 2)


@pytest.mark.parametrize("changed", [True, False])
def test_scan_when_it_does_not_come_to_its_end_then_it_is_killed_before_the_word_is_believed(
    rig, download, changed, monkeypatch
):
    monkeypatch.setattr(onlinechange, "CHANGED_WITHIN_NS", -1)
    rig.ask(download)
    rig.get_ready()
    rig.tick()
    assert rig.processes.killed == ["scan"]
    assert rig.adopted == []
    rig.control.version = 2 if changed else 1  # it may have changed over at the last moment
    rig.tick()
    assert rig.told()["done"] is changed


def test_change_when_it_cannot_be_noted_down_then_it_is_done_and_told(rig, download):
    rig.note_fails = True
    rig.ask(download)
    rig.get_ready()
    rig.control.version = 2
    rig.tick()
    assert rig.told()["done"]
    assert "cannot be noted down" in rig.audited[0]


def test_answer_when_it_belongs_to_a_forgotten_change_then_it_is_not_taken_for_the_next(rig, download):
    rig.ask(download)
    rig.processes.dead.add("recorder")
    rig.tick()
    assert rig.told()["why"] == ["recorder ended meanwhile"]
    rig.processes.come_back("recorder")
    rig.ask(download)
    rig.get_ready("scan", "gateway")  # to the first request, late
    for name in ("scan", "gateway"):
        assert rig.next_order(name)[0] == "forget"
    rig.tick()
    rig.get_ready("scan", "gateway")
    rig.links["recorder"].drain()
    rig.ends["recorder"].answer(3)
    rig.tick()
    assert rig.next_order("scan") == ("change", 3)


def test_retyped_values_when_they_do_not_fit_now_then_they_are_named_with_what_they_hold(tmp_path):
    declared = "VAR_GLOBAL a : INT (0..99); b : DINT; c : DINT; END_VAR\nPROGRAM main\na := 1;\nEND_PROGRAM\n"
    old = made_version(new_versions_folder(tmp_path), 1, declared)
    new = made_version(new_download_folder(tmp_path), 2, declared.replace("99", "9").replace("DINT", "INT"))
    plan = plan_change(old.manifest, new.manifest, old_initial=old.initial, new_initial=new.initial)
    now = {"A": 77, "b": 5, "c": 70_000}
    assert misfits(plan, old.manifest, now, new_initial=new.initial) == ["a (77)", "c (70000)"]


def test_folder_when_another_download_fills_it_then_it_is_not_swept_away(tmp_path):
    start = new_versions_folder(tmp_path)
    kept, left = new_download_folder(tmp_path), tmp_path / "versions" / "download-left"
    left.mkdir()
    keep_only(tmp_path, set())
    assert start.is_dir()  # a simulated plant comes back from there
    assert kept.is_dir()
    assert not left.exists()


def test_last_version_when_another_one_starts_then_it_is_told_once(tmp_path):
    first = VersionNote(1, "aaa", time.time_ns(), "anna", "")
    other = dataclasses.replace(first, hash="bbb")
    assert told_of_last(tmp_path, first) == ()
    first.save(tmp_path)
    assert told_of_last(tmp_path, first) == ()
    ((severity, text),) = told_of_last(tmp_path, other)
    assert severity == "warning"
    assert text.startswith("version bbb starts; version aaa ran last, brought by anna at 20")
    (tmp_path / "version.json").write_text('{"of": "another release"}')
    assert told_of_last(tmp_path, other) == ()


def test_download_when_it_cannot_be_kept_then_it_is_refused_before_anybody_prepares(rig, download):
    (rig.run_dir / "state" / "versions").write_text("a file where the folder should be")
    rig.ask(download)
    assert "cannot be kept for the next start" in rig.told()["why"][0]
    rig.tick()
    (rig.run_dir / "state" / "versions").unlink()
    rig.ask(download)
    assert rig.next_order("scan") == ("prepare", 2)
    assert (rig.run_dir / "state" / "versions" / f"{version_hash(download)}.bin").exists()


def test_rollback_when_the_former_version_ran_before_the_start_then_it_comes_from_the_state_directory(rig, download):
    rig.request({"do": "rollback"})
    assert "no former version" in rig.told()["why"][0]
    running = version_hash(rig.current.folder)
    for folder in (download, rig.current.folder):
        rig.store.keep(folder)
        rig.store.runs(version_hash(folder), files=running)
    rig.request({"do": "rollback"})
    rig.get_ready()
    rig.control.version = 2
    rig.tick()
    assert rig.told()["done"]
    assert version_hash(rig.current.folder) == version_hash(download)
    assert not rig.current.of_files


def as_standby(rig: Rig, folder: Path) -> dict[str, Any]:
    """Make the controller one of a pair; what its redundancy asks for when the version in a folder comes by the log."""
    pair = PairPlan(member="{}", version=1, wait_ns=1, shrink_on_witness_loss=False)
    plan = dataclasses.replace(rig.current.plan, pair=pair)
    rig.current = dataclasses.replace(rig.current, plan=plan)
    package = rig.run_dir / "followed.bin"
    package.write_bytes(pack(folder, plan))
    return {"do": "follow", "package": str(package), "version": version_number(content_hash(folder))}


def test_standby_when_all_are_ready_then_it_changes_once_the_leader_has(rig, download):
    rig.request(as_standby(rig, download))
    rig.get_ready()
    rig.tick()
    assert rig.adopted == []
    rig.control.go_version = 2
    rig.tick()
    assert rig.next_order("scan") == ("change", 2)
    rig.control.version = 2
    rig.tick()
    assert rig.told()["done"]
    assert [number for number, _ in rig.adopted] == [2]
    assert not rig.current.of_files
    assert content_hash(rig.current.folder) == content_hash(download)


def test_standby_when_the_leader_does_not_want_it_any_more_then_it_forgets_it(rig, download):
    rig.request(as_standby(rig, download))
    rig.get_ready()
    rig.ends["gateway"].answer(2, "not wanted any more")
    rig.tick()
    assert "not wanted" in rig.told()["why"][0]
    assert rig.next_order("scan") == ("forget", 2)


def test_standby_when_it_is_asked_for_a_download_then_it_names_who_is_to_be_asked(rig, download):
    as_standby(rig, download)
    plan = dataclasses.replace(RunPlan.load(download), pair=rig.current.plan.pair)
    plan.save(download)
    rig.ask(download)
    assert "the one that leads" in rig.told()["why"][0]


@pytest.mark.parametrize(
    ("member", "following"), [("{}", {"scan", "gateway", "recorder"}), ("new", {"scan", "recorder"})]
)
def test_leader_when_the_group_file_says_something_else_then_who_knows_the_members_starts_anew(
    rig, download, member, following
):
    as_standby(rig, download)
    rig.control.lead_term = 3
    plan = RunPlan.load(download)
    pair = dataclasses.replace(rig.current.plan.pair, member=member)
    dataclasses.replace(plan, pair=pair).save(download)
    rig.ask(download)
    rig.get_ready()
    rig.tick()
    rig.control.version = 2
    rig.tick()
    assert rig.told()["done"]
    assert rig.adopted == [(2, following)]
