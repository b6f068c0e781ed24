"""What a redundancy process imports is what its controller waits for until it is a standby again."""

import subprocess
import sys

LOADED = "import sys, runtime.node.children.redundancychild; print(*sys.modules)"
HEAVY = {"asyncio", "pydantic", "ssl", "runtime.lang.application", "runtime.iomap.plan", "runtime.drivers.base"}


def test_redundancy_when_it_starts_then_it_imports_neither_compiler_nor_drivers_nor_an_event_loop():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "runtime.cluster.redundancy.process" in loaded
    assert not HEAVY & loaded
