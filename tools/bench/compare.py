"""Compares the compiled benchmark with hand-written C, in one run, on one CPU.

usage: python tools/bench/compare.py [--n 100 1000] [--shape cell flat] [--cpu K] [--interp]

Needs `cc`. Prints ns a scan (the minimum over many batches), the ratio to `cc -O2 baseline.c`, compile times, and
the check values, which must be the known ones or the figures count for nothing (exit code 1).
"""

import argparse
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE)]

from checks import KNOWN, Check, Workbench, application, check  # noqa: E402  # found through the path above

from runtime.lang.application import Application  # noqa: E402
from runtime.lang.interp import Interpreter  # noqa: E402
from runtime.lang.llvm import compile_object  # noqa: E402
from runtime.lang.native import Native  # noqa: E402

TURNS = 25
"""Baseline and ours take turns so often, so that a slow spell of the machine meets both."""
BATCHES = 21
RATIO_MAX = 1.2
"""What was promised: native code takes at most so many times as long as the C."""
SCANS_PER_BATCH_OF_ONE = 200_000
"""Scans a batch, divided by N."""


@dataclass(frozen=True)
class Tools:
    """What `cc` made: the driver, and a baseline for each N."""

    drive: "ctypes._NamedFuncPointer"
    baseline: dict[int, Path]


def build(folder: Path, sizes: list[int]) -> Tools:
    """Compile driver and baselines into a folder."""
    library = folder / "drive.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "drive.c"], check=True)
    drive = ctypes.CDLL(str(library)).drive
    drive.restype = ctypes.c_double
    drive.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_long] * 2 + [ctypes.c_ulong] * 2
    baseline = {n: folder / f"baseline{n}" for n in sizes}
    for n, program in baseline.items():
        subprocess.run(["cc", "-O2", f"-DNINST={n}", "-o", program, HERE / "baseline.c", "-lm"], check=True)
    return Tools(drive, baseline)


def baseline_ns(tools: Tools, n: int, batch: int) -> float:
    """The baseline's minimum over its batches."""
    done = subprocess.run([tools.baseline[n], str(batch)], capture_output=True, text=True, check=True)
    told = re.search(r"min=([\d.]+)", done.stdout)
    assert told is not None, done.stdout
    return float(told[1])


def native_ns(tools: Tools, machine: Native, bench: Workbench, batch: int) -> float:
    """Our minimum over as many batches."""
    rows, task = bench.rows, machine.task_address(0)
    at = (rows.ctypes.data, rows.shape[1] * 4, bench.input_offset)
    return min(tools.drive(task, machine.memory_address, at[0], at[1], at[2], i * batch, batch) for i in range(BATCHES))


def measure(tools: Tools, n: int, shape: str, *, interp: bool) -> bool:
    """Print one line of figures; True when the check values are right."""
    began = time.perf_counter()
    app = application("mix", n, shape)
    parsed = time.perf_counter()
    code = compile_object(app)
    compiled = time.perf_counter()
    machine = Native(app, code)
    loaded = time.perf_counter()
    bench = Workbench(machine, n)
    found = {"native": check(bench)} | ({"interp": _interpreted(app, n)} if interp else {})
    batch = SCANS_PER_BATCH_OF_ONE // n
    turns = [(baseline_ns(tools, n, batch), native_ns(tools, machine, bench, batch)) for _ in range(TURNS)]
    c_ns, ours_ns = (min(column) for column in zip(*turns, strict=True))
    print(
        f"mix {shape:4} N={n:<5} ours {ours_ns:9.1f} ns/scan   C {c_ns:9.1f} ns/scan   "
        f"ratio {ours_ns / c_ns:.3f} (at most {RATIO_MAX})   "
        f"front end {parsed - began:.2f} s   LLVM {compiled - parsed:.2f} s   "
        f"load {(loaded - compiled) * 1e3:.1f} ms   "
        f"object {len(code)} bytes   "
        + "   ".join(f"{name} sum {value.total:.7g} q {value.on}" for name, value in found.items())
    )
    return all(value.matches(KNOWN[n]) for value in found.values() if n in KNOWN)


def _interpreted(app: Application, n: int) -> Check:
    return check(Workbench(Interpreter(app), n))


def main() -> int:
    """Exit code 1 when a check value is wrong."""
    parser = argparse.ArgumentParser(description="compiled ST against hand-written C")
    parser.add_argument("--n", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--shape", nargs="+", default=["cell", "flat"], choices=["cell", "flat"])
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--interp", action="store_true", help="check values of the interpreter as well (half a minute)")
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.cpu})
    with tempfile.TemporaryDirectory() as folder:
        tools = build(Path(folder), options.n)
        right = [measure(tools, n, shape, interp=options.interp) for n in options.n for shape in options.shape]
    if not all(right):
        print("the check values are wrong: the figures count for nothing")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
