"""The small site that configs/README.md shows is one that starts: both sides are sound as written there."""

import re
import shutil
from pathlib import Path

from runtime.core.diagnostic import render
from runtime.node.build import build_site

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"^```(?:st|toml)\n((?:#|\(\*) (\S+\.(?:st|toml)).*?)^```", re.DOTALL | re.MULTILINE)


def test_site_in_the_manual_when_its_files_are_written_then_it_is_sound(tmp_path):
    shutil.copytree(ROOT / "programs" / "lib", tmp_path / "programs" / "lib")
    files = FILE.findall((ROOT / "configs" / "README.md").read_text(encoding="utf-8"))
    assert len(files) == 7
    for text, name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = build_site(tmp_path / "configs" / "fan.toml")
    assert not result.diagnostics, "\n".join(map(render, result.diagnostics))
    assert result.build is not None
    assert result.build.plant is not None
