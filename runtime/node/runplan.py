"""What the supervisor leaves in the run directory for the processes it starts, and under which names."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
INITIAL = "initial.bin"
OBJECT = "programs.o"
IO_PLAN = "io_plan.json"
SCADA_MAP = "scada_map.toml"
SOURCES = "sources.json"
RUN_PLAN = "run.json"
PROCESSES = "processes.json"
PLANT = "plant"
OUTLINE = "outline.json"
PACKAGE = "package.bin"


_TUPLES = ("view", "record_triggers", "reboot_command")
"""What JSON has no type of its own for."""


@dataclass(frozen=True, slots=True)
class PairPlan:
    """Its part in a pair. `member`: a cluster.memberplan.MemberPlan; `version` names programs and map. `links`:
    the names of those that outputs go to."""

    member: str
    version: int
    wait_ns: int
    shrink_on_witness_loss: bool
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a process needs beside manifest and I/O plan.

    `scada_map` False: no SCADA server. `retain_every_ns` 0: nothing is retained. `record_keep_ns` 0: nothing is
    recorded. `stuck_after_ns` 0: as the cycle says. `watchdog_device` "": the machine's watchdog is left alone. `pair`
    None: a controller alone. `host_restart`, `host_reboot`: the variables that ask for it, "" for none.
    """

    site: str
    has_devices: bool
    has_plant: bool
    state_dir: str
    cache_dir: str
    realtime_priority: int
    realtime_cpu: int | None
    stuck_after_ns: int
    watchdog_device: str
    watchdog_timeout_s: int
    scada_map: bool
    scada_host: str
    scada_port: int
    view: tuple[str, ...]
    retain_every_ns: int
    record_keep_ns: int
    record_size_mb: int
    record_after_ns: int
    record_triggers: tuple[str, ...]
    pair: PairPlan | None = None
    host_restart: str = ""
    host_reboot: str = ""
    reboot_command: tuple[str, ...] = ()

    def save(self, run_dir: Path) -> None:
        """Write it whole or not at all."""
        partial = run_dir / (RUN_PLAN + ".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(run_dir / RUN_PLAN)

    @classmethod
    def load(cls, run_dir: Path) -> "RunPlan":
        """The plan that `save` wrote."""
        told: dict[str, Any] = json.loads((run_dir / RUN_PLAN).read_text())
        pair = told["pair"]
        if pair is not None:
            pair = PairPlan(**(pair | {"links": tuple(pair["links"])}))
        return cls(**(told | {name: tuple(told[name]) for name in _TUPLES} | {"pair": pair}))


def living_processes(run_dir: Path) -> dict[str, int]:
    """Names and process ids of a running controller's processes; empty when there is none."""
    try:
        told: dict[str, int] = json.loads((run_dir / PROCESSES).read_text())
    except FileNotFoundError:
        return {}
    return told
