"""A version as one controller of a pair hands it to the other: it comes out as it went in, under the other's name."""

import dataclasses
import zlib

import pytest

from runtime.core.fault import ConfigFault
from runtime.image.manifest import Manifest
from runtime.image.outline import load_outline
from runtime.image.segment import ImageSegment
from runtime.node import runplan
from runtime.node.build import build_site
from runtime.node.change import package
from runtime.node.change.package import content_hash, pack, unpack, version_number
from runtime.node.prepare import prepare
from runtime.node.runplan import PairPlan, RunPlan

PAIR = PairPlan(member="{}", version=1, wait_ns=1, shrink_on_witness_loss=False)


def made(folder, name, program="a := a + 1;"):
    """The files of a site of that name, as a controller of a pair has them."""
    folder.mkdir(parents=True)
    (folder / "p.st").write_text(f"VAR_GLOBAL a : INT; END_VAR\nPROGRAM main\n{program}\nEND_PROGRAM\n")
    (folder / "site.toml").write_text(f'name = "{name}"\nprograms = ["p.st"]\nstate_dir = "state"\n')
    build = build_site(folder / "site.toml").build
    assert build is not None
    prepare(build, folder)
    plan = dataclasses.replace(RunPlan.load(folder), pair=PAIR)
    plan.save(folder)
    (folder / "state").mkdir()
    return plan


@pytest.fixture
def both(tmp_path, monkeypatch):
    """The folders of two sites with other names and other programs, and a third to write into. Names of sources are
    relative to where the command is given: the same on both boxes."""
    plans = []
    for box, program in (("a", "a := a + 2;"), ("b", "a := a + 1;")):
        (tmp_path / box).mkdir()
        monkeypatch.chdir(tmp_path / box)
        plans.append(made(tmp_path / box / "f", f"site_{box}", program))
    (tmp_path / "new").mkdir()
    return tmp_path, *plans


def test_package_when_unpacked_by_the_other_then_it_is_that_version_under_the_others_name(both):
    folder, of_a, of_b = both
    name = content_hash(folder / "a" / "f")
    unpack(pack(folder / "a" / "f", of_a), name, of_b, folder / "new")
    new = folder / "new"
    assert content_hash(new) == content_hash(folder / "a" / "f") != content_hash(folder / "b" / "f")
    assert Manifest.load(new / runplan.MANIFEST).site == "site_b"
    assert (new / runplan.OBJECT).read_bytes() == (folder / "a" / "f" / runplan.OBJECT).read_bytes()
    plan = RunPlan.load(new)
    assert (plan.site, plan.state_dir) == ("site_b", of_b.state_dir)
    assert plan.pair is not None
    assert plan.pair.version == version_number(name)


def test_outline_when_attached_by_then_the_segment_is_known_like_by_the_whole_layout(both):
    folder, of_a, of_b = both
    unpack(pack(folder / "a" / "f", of_a), content_hash(folder / "a" / "f"), of_b, folder / "new")
    whole = Manifest.load(folder / "new" / runplan.MANIFEST).layout()
    image = ImageSegment.create(whole)
    outline = load_outline(folder / "new" / runplan.OUTLINE)
    assert (outline.mirror, outline.snapshots, outline.hash) == (whole.mirror, whole.snapshots, whole.hash)
    assert ImageSegment.attach(image.fd, outline).size == image.size


@pytest.mark.parametrize("damage", [lambda p: p[:-9], lambda p: b"x" + p, lambda _: zlib.compress(b'{"files":[]}')])
def test_package_when_damaged_then_it_is_refused(both, damage):
    folder, of_a, of_b = both
    packed = pack(folder / "a" / "f", of_a)
    with pytest.raises(ConfigFault, match="package"):
        unpack(damage(packed), content_hash(folder / "a" / "f"), of_b, folder / "new")


def test_package_when_named_otherwise_or_of_another_machine_then_it_is_refused(both, monkeypatch):
    folder, of_a, of_b = both
    packed = pack(folder / "a" / "f", of_a)
    with pytest.raises(ConfigFault, match="not of the version"):
        unpack(packed, 16 * "7", of_b, folder / "new")
    monkeypatch.setattr(package, "host_triple", lambda: "pdp11")
    with pytest.raises(ConfigFault, match="machines of one kind"):
        unpack(packed, 16 * "7", of_b, folder / "new")


def test_package_when_too_large_then_it_is_not_made(both, monkeypatch):
    folder, of_a, _ = both
    monkeypatch.setattr(package, "PACKAGE_SIZE_MAX", 10)
    with pytest.raises(ConfigFault, match="leave out programs"):
        pack(folder / "a" / "f", of_a)
