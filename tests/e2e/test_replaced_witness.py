"""A witness whose disk is lost: by its old name it starts no more, under a new one it takes its own place."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pairsite import PairSite, until


@pytest.fixture
def pair() -> Iterator[PairSite]:
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        made = PairSite(Path(folder))
        try:
            made.start("w", "a", "b")
            yield made
        finally:
            made.close()


def _edit(path: Path, **changes: str) -> None:
    text = path.read_text()
    for old, new in changes.items():
        text = text.replace(old, new)
    path.write_text(text)


@pytest.mark.slow
def test_pair_when_the_witness_has_lost_its_disk_then_it_is_replaced_under_a_new_name_and_votes(pair):
    first = pair.wait_in_sync()
    other = "b" if first == "a" else "a"
    pair.kill("w")
    shutil.rmtree(pair.folder / "state_w")
    again = subprocess.run(
        [sys.executable, "-m", "runtime.cli", "witness", "witness.toml"],
        cwd=pair.folder,
        env=pair.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert "nothing is stored for member w" in again.stderr

    pair.voltscan("keys", "v", "--out", "keys")
    keys = pair.folder / "keys"
    old, new = ((keys / f"{name}.pub").read_text().strip() for name in "wv")
    _edit(keys / "group.toml", **{"[members.w]": "[members.v]", old: new})
    _edit(pair.folder / "witness.toml", **{'"w"': '"v"', "keys/w.key": "keys/v.key"})
    pair.voltscan("witness", "witness.toml", "--join")
    pair.start("w")
    for controller in (other, first):  # each reads the group file anew
        pair.stop(controller)
        pair.start(controller)
        until(lambda: pair.leader() != "")
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    assert [m["name"] for m in pair.status(leader)["members"] if m["votes"]] == ["a", "b", "v"]

    pair.kill(leader)
    until(lambda: pair.leader() == standby)
