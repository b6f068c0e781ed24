"""The drill of tools/kill_drill.py, ten kills of each process: minutes long, so in the slow tier."""

import subprocess
import sys
from pathlib import Path

import pytest

DRILL = Path(__file__).parent.parent.parent / "tools" / "kill_drill.py"
ROUNDS = 10


@pytest.mark.slow
def test_processes_when_each_is_killed_ten_times_then_all_come_back_and_the_scan_goes_on():
    done = subprocess.run(
        [sys.executable, str(DRILL), "--rounds", str(ROUNDS)], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for victim in ("io", "gateway", "plant"):
        row = next(line.split() for line in done.stdout.splitlines() if line.startswith(victim))
        assert row[1] == str(ROUNDS), done.stdout
    assert ", 0 left," in done.stdout
