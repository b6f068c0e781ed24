"""Writes the benchmark's ST: chains of {droop, ramp, PID, hysteresis, TON}, or many of one block.

usage: python tools/bench/workload.py KIND N [--shape flat|cell] > bench.st

KIND is mix, pid, droop, ramp, hyst or ton. `flat` declares N named instances of each block and calls them in
sequence; `cell` (mix only) wraps the five blocks of a chain in one. A mix of 1,000 runs 5,000 block calls a scan.
"""

import argparse
import sys
from pathlib import Path

KINDS = ("mix", "pid", "droop", "ramp", "hyst", "ton")
SHAPES = ("flat", "cell")

_HERE = Path(__file__).parent

_DECLARATIONS = {
    "mix": "dr{i} : B_DROOP; ra{i} : B_RAMP; pi{i} : B_PID; hy{i} : B_HYST; td{i} : TON;",
    "cell": "c{i} : CELL;",
    "pid": "b{i} : B_PID;",
    "droop": "b{i} : B_DROOP;",
    "ramp": "b{i} : B_RAMP;",
    "hyst": "b{i} : B_HYST;",
    "ton": "b{i} : TON;",
}
_STATEMENTS = {
    "mix": "dr{i}(F := FIN[{i}]); ra{i}(X := dr{i}.P); pi{i}(SP := ra{i}.Y, PV := POUT[{i}]); hy{i}(X := pi{i}.OUT); "
    "td{i}(IN := hy{i}.Q, PT := T#200ms); POUT[{i}] := POUT[{i}] + 0.1 * (pi{i}.OUT - POUT[{i}]); "
    "QOUT[{i}] := td{i}.Q;",
    "cell": "c{i}(F := FIN[{i}]); POUT[{i}] := c{i}.P; QOUT[{i}] := c{i}.AL;",
    "pid": "b{i}(SP := FIN[{i}], PV := POUT[{i}]); POUT[{i}] := POUT[{i}] + 0.1 * (b{i}.OUT - POUT[{i}]);",
    "droop": "b{i}(F := FIN[{i}]); POUT[{i}] := b{i}.P;",
    "ramp": "b{i}(X := FIN[{i}]); POUT[{i}] := b{i}.Y;",
    "hyst": "b{i}(X := FIN[{i}], LO := 49.99, HI := 50.01); QOUT[{i}] := b{i}.Q;",
    "ton": "b{i}(IN := FIN[{i}] > 49.9, PT := T#200ms); QOUT[{i}] := b{i}.Q;",
}


def workload(kind: str, n: int, shape: str = "flat") -> str:
    """The ST text of a workload. Its input is FIN, its outputs POUT and QOUT, each with elements 1 to n."""
    form = "cell" if shape == "cell" else kind
    parts = [(_HERE / "blocks.st").read_text()]
    if form == "cell":
        parts.append((_HERE / "cell.st").read_text())
    numbers = range(1, n + 1)
    declarations = "\n".join("    " + _DECLARATIONS[form].format(i=i) for i in numbers)
    statements = "\n".join("  " + _STATEMENTS[form].format(i=i) for i in numbers)
    parts.append(
        f"PROGRAM BENCH\n  VAR\n    FIN : ARRAY [1..{n}] OF REAL; POUT : ARRAY [1..{n}] OF REAL; "
        f"QOUT : ARRAY [1..{n}] OF BOOL;\n{declarations}\n  END_VAR\n{statements}\nEND_PROGRAM\n"
    )
    parts.append(
        "CONFIGURATION CFG\n  RESOURCE RES ON PLC\n    TASK T1(INTERVAL := T#10ms, PRIORITY := 0);\n"
        "    PROGRAM INST WITH T1 : BENCH;\n  END_RESOURCE\nEND_CONFIGURATION\n"
    )
    return "\n".join(parts)


def main() -> int:
    """Write the workload to standard output."""
    parser = argparse.ArgumentParser(description="ST of the scan benchmark")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("n", type=int)
    parser.add_argument("--shape", choices=SHAPES, default="flat")
    options = parser.parse_args()
    if options.shape == "cell" and options.kind != "mix":
        parser.error("a cell holds the mix; with --shape cell KIND is mix")
    sys.stdout.write(workload(options.kind, options.n, options.shape))
    return 0


if __name__ == "__main__":
    sys.exit(main())
