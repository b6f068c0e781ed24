"""Which version a controller starts with and can go back to, after every kind of end."""

import dataclasses
import os
from pathlib import Path

import pytest

from runtime.core.fault import ConfigFault
from runtime.node import runplan
from runtime.node.build import build_site
from runtime.node.change import versionstore
from runtime.node.change.goingon import going_on
from runtime.node.change.package import content_hash
from runtime.node.change.versions import new_download_folder, new_versions_folder, version_hash
from runtime.node.change.versionstore import VersionStore, start_folder
from runtime.node.prepare import prepare
from runtime.node.runplan import RunPlan


class Box:
    """A controller's directories, and versions of its program, each in a folder as the site's files make it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.run_dir, self.state_dir = folder, folder / "run", folder / "state"
        new_versions_folder(self.run_dir)
        self.state_dir.mkdir()
        self.store = VersionStore(self.state_dir)
        (folder / "site.toml").write_text('name = "box"\nprograms = ["p.st"]\nstate_dir = "state"\n')

    def version(self, number: int) -> Path:
        made = self.folder / f"v{number}"
        if not made.exists():
            made.mkdir()
            program = f"PROGRAM main\nVAR a : INT; END_VAR\na := {number};\nEND_PROGRAM\n"
            (self.folder / "p.st").write_text(program)
            build = build_site(self.folder / "site.toml").build
            assert build is not None
            prepare(build, made)
        return made

    def ran(self, number: int, *, files: int) -> None:
        self.store.keep(self.version(number))
        self.store.runs(self.name(number), files=self.name(files))

    def name(self, number: int) -> str:
        return version_hash(self.version(number))

    def starts(self, files: int) -> tuple[str, str]:
        folder, told = start_folder(self.version(files), self.store, self.run_dir)
        return version_hash(folder), told

    def kept(self) -> set[str]:
        return {path.name for path in (self.state_dir / "versions").iterdir()}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.mark.parametrize(
    ("ran", "files_then", "is_ended", "files_now", "starts"),
    [
        (2, 2, False, 2, 2),
        (2, 2, False, 1, 2),  # downloaded, then the sources were put back, then the power failed
        (2, 2, True, 1, 1),  # … then a person stopped it
        (1, 2, False, 2, 1),  # rolled back, then the power failed
        (1, 2, True, 2, 1),  # rolled back and stopped: nobody has touched the files
        (1, 2, True, 3, 3),
        (1, 2, False, 3, 1),
    ],
)
def test_start_when_a_version_ran_last_then_files_count_only_after_an_orderly_stop_and_a_change_of_theirs(
    box, ran, files_then, is_ended, files_now, starts
):
    box.ran(ran, files=files_then)
    if is_ended:
        box.store.ended()
    name, told = box.starts(files_now)
    assert name == box.name(starts)
    assert bool(told) is (starts != files_now)
    if told:
        assert told.startswith(f"version {name} goes on, as it ran last; the site's files are version")
        assert "voltscan download SITE.toml" in told
        assert "--files" in told


def test_start_when_nothing_ran_before_then_the_files_start_and_nothing_is_told(box):
    box.store.ended()
    assert box.starts(1) == (box.name(1), "")


def test_kept_version_when_unpacked_then_it_is_whole_and_of_this_boxs_own_plan(box):
    box.ran(1, files=1)
    own = dataclasses.replace(RunPlan.load(box.version(2)), scada_port=12345, realtime_priority=7)
    folder = box.store.unpack(box.name(1), own, box.run_dir)
    assert content_hash(folder) == content_hash(box.version(1))
    assert (folder / runplan.SOURCES).read_text() == (box.version(1) / runplan.SOURCES).read_text()
    plan = RunPlan.load(folder)
    assert (plan.scada_port, plan.realtime_priority, plan.pair) == (12345, 7, None)


def test_former_when_versions_come_and_go_then_it_is_the_one_that_ran_before(box):
    assert box.store.former() is None
    box.ran(1, files=1)
    assert box.store.former() is None
    box.ran(2, files=2)
    assert box.store.former() == box.name(1)
    box.ran(1, files=2)  # a rollback: going back once more leads forward again
    assert box.store.former() == box.name(2)
    box.ran(1, files=2)  # a start in the same version
    assert VersionStore(box.state_dir).former() == box.name(2)


def test_store_when_many_versions_ran_then_the_newest_three_are_kept(box):
    for number in range(1, 6):
        box.ran(number, files=number)
    assert box.kept() == {"ran.json", *(f"{box.name(number)}.bin" for number in (3, 4, 5))}


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_package_when_torn_then_the_files_start_and_rollback_is_refused_with_the_reason(box, size):
    box.ran(1, files=1)
    box.ran(2, files=2)
    for number in (1, 2):
        path = box.state_dir / "versions" / f"{box.name(number)}.bin"
        path.write_bytes(path.read_bytes()[:size])
    name, told = box.starts(3)
    assert name == box.name(3)
    assert told.startswith(f"version {name} starts, as the site's files say: the package")
    with pytest.raises(ConfigFault, match="package"):
        box.store.unpack(box.name(1), RunPlan.load(box.version(3)), box.run_dir)
    box.ran(2, files=2)  # keeping it again mends it
    assert box.starts(3)[0] == box.name(2)


def test_package_when_it_holds_another_version_then_it_is_not_taken_for_the_one_it_is_named(box):
    box.ran(1, files=1)
    box.ran(2, files=2)
    names = [box.state_dir / "versions" / f"{box.name(number)}.bin" for number in (1, 2)]
    names[1].write_bytes(names[0].read_bytes())
    name, told = box.starts(3)
    assert name == box.name(3)
    assert "not of the version that it is named" in told


def test_version_when_it_is_not_kept_then_going_back_to_it_says_so(box):
    box.ran(1, files=1)
    with pytest.raises(ConfigFault, match="version 0123456789ab is not kept any more") as refused:
        box.store.unpack("0123456789ab", RunPlan.load(box.version(1)), box.run_dir)
    assert "voltscan download" in refused.value.mend


@pytest.mark.parametrize("note", ["", "{", "[]", '{"ran": 3}', '{"of": "another release"}'])
def test_note_when_it_cannot_be_read_then_the_files_start_and_it_is_told(box, note):
    box.ran(1, files=1)
    (box.state_dir / "versions" / "ran.json").write_text(note)
    name, told = box.starts(2)
    assert name == box.name(2)
    assert "not known which version ran last" in told
    box.ran(2, files=2)
    assert box.starts(1)[0] == box.name(2)


def test_start_when_another_release_ran_last_then_the_files_start_and_it_is_told(box, monkeypatch):
    box.ran(1, files=1)
    monkeypatch.setattr(versionstore, "ABI_VERSION", 99_999)
    name, told = box.starts(2)
    assert name == box.name(2)
    assert "made by Voltscan" in told


def test_package_when_others_may_write_there_then_it_is_not_started(box):
    box.ran(1, files=1)
    (box.state_dir / "versions").chmod(0o777)
    name, told = box.starts(2)
    assert name == box.name(2)
    assert "others may write where versions are kept" in told


def test_files_when_they_have_errors_after_a_kill_then_the_version_that_ran_last_goes_on_without_them(box):
    site_file = box.folder / "site.toml"
    box.version(1)
    (box.folder / "p.st").write_text("PROGRAM main\na := ;\nEND_PROGRAM\n")
    assert build_site(site_file).build is None
    assert going_on(site_file) is None  # nothing has run yet
    box.ran(1, files=1)
    kept = going_on(site_file)
    assert kept is not None
    folder = new_download_folder(box.run_dir)
    kept.fill(folder)
    assert version_hash(folder) == box.name(1) == kept.name
    assert RunPlan.load(folder) == RunPlan.load(box.version(1))
    box.store.ended()
    assert going_on(site_file) is None


def fail_to_write(monkeypatch, ending: str) -> None:
    """From now on the disk is full for files with this ending: the write breaks off in the middle."""
    whole = versionstore.write_whole

    def write(path: Path, content: bytes) -> None:
        if path.suffix != ending:
            whole(path, content)
            return
        path.with_suffix(".partial").write_bytes(content[: len(content) // 2])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(versionstore, "write_whole", write)


def test_version_when_the_disk_is_full_then_it_is_refused_with_what_to_do_and_nothing_is_left(box, monkeypatch):
    box.ran(1, files=1)
    before = box.kept()
    fail_to_write(monkeypatch, ".bin")
    with pytest.raises(ConfigFault, match="cannot be kept for the next start: No space left on device") as refused:
        box.store.keep(box.version(2))
    assert refused.value.mend.startswith("make room for ")
    assert box.kept() == before
    assert box.starts(2)[0] == box.name(1)


def test_note_when_the_disk_is_full_then_no_version_of_before_starts(box, monkeypatch):
    box.ran(1, files=1)
    box.store.keep(box.version(2))
    fail_to_write(monkeypatch, ".json")
    with pytest.raises(OSError, match="No space"):
        box.store.runs(box.name(2), files=box.name(2))
    assert box.starts(2) == (box.name(2), "")
