"""A large site on the bench: 10,000 tags and 1,000 instances of a block at 10 ms, compiled, scanned, changed online.

What it costs is measured by the controller's own statistics, in the very loop that drives plants.
"""

import threading
import time
from dataclasses import dataclass

from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.diagnostic import Source
from runtime.core.duration import duration_text
from runtime.core.quality import Quality
from runtime.image.control import PHASES
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.pages import PageWriter
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.statistics import Distribution
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources
from runtime.lang.llvm.compile import compile_object
from runtime.scan.change.changeplan import ChangePlan, plan_change
from runtime.scan.change.loadedversion import LoadedVersion, load_version
from runtime.scan.kernel import Kernel
from runtime.scan.realtime import RealtimeSettings, settle_thread

TAGS, INPUTS, OUTPUTS, INSTANCES = 10_000, 5_000, 1_000, 1_000
CYCLE_NS = 10_000_000
_POINTS_A_DEVICE = 250
_FRESH_EVERY_S = 0.1
"""How often each device answers; they do so one after the other, as the polls of a site do, two in each scan's time."""
_PROGRAM = f"""\
FUNCTION_BLOCK REGULATOR
VAR_INPUT sp : REAL; pv : REAL; END_VAR
VAR_OUTPUT out : REAL; END_VAR
VAR integral : REAL; END_VAR
integral := LIMIT(-100.0, integral + 0.01 * (sp - pv), 100.0);
out := LIMIT(-100.0, 2.0 * (sp - pv) + integral, 100.0);
END_FUNCTION_BLOCK
VAR_GLOBAL
    measured : ARRAY[1..{INPUTS}] OF REAL;
    driven   : ARRAY[1..{OUTPUTS}] OF REAL;
    inner    : ARRAY[1..{TAGS - INPUTS - OUTPUTS}] OF REAL;
END_VAR
PROGRAM main
VAR regulators : ARRAY[1..{INSTANCES}] OF REGULATOR; i : INT; END_VAR
FOR i := 1 TO {INSTANCES} DO
    regulators[i](sp := measured[i], pv := inner[i]);
    driven[i] := regulators[i].out;
    inner[i] := inner[i] + 0.1 * (driven[i] - inner[i]);
END_FOR
END_PROGRAM
"""


@dataclass(frozen=True, slots=True)
class SiteCost:
    """Figures of the site. `phases_ns`: mean and p50 of each phase; `beside_run_ns`: sum of the p50 of all but `run`.

    `core_pct`: CPU time of the scan thread against wall time. `change_ns`: one online change to the same programs.
    """

    tags: int
    instances: int
    cycle_ns: int
    scans: int
    app_size: int
    front_end_ms: float
    code_ms: float
    phases_ns: dict[str, tuple[float, float]]
    beside_run_ns: float
    execution: dict[str, float]
    core_pct: float
    change_ns: int

    def lines(self) -> list[str]:
        """For people."""
        phases = ", ".join(
            f"{name} {duration_text(round(mean))} ({duration_text(round(p50))})"
            for name, (mean, p50) in self.phases_ns.items()
        )
        cycle = duration_text(self.cycle_ns)
        return [
            f"A site of {self.tags} tags and {self.instances} instances at {cycle}, {self.scans} scans",
            f"  compile                 front end {self.front_end_ms:.0f} ms, machine code {self.code_ms:.0f} ms",
            f"  phases, mean (p50)      {phases}",
            f"  beside run, p50         {duration_text(round(self.beside_run_ns))} (bound: 20 us)",
            f"  scan thread             {self.core_pct:.2f} % of a core (bound: 5 %)",
            f"  online change           {duration_text(self.change_ns)}, of {self.app_size / 1024:.0f} KiB",
        ]


def site_cost(kernel: Kernel, seconds: float) -> SiteCost:
    """Compile the site, scan it for a while in real time, change it online once."""
    began = time.perf_counter()
    app = compile_sources([Source("bench.st", _PROGRAM)]).application
    assert app is not None
    compiled = time.perf_counter()
    code = compile_object(app)
    made = time.perf_counter()
    manifest = _manifest(app)
    control = ControlSegment.create()
    control.control.run_switch = 1
    versions = [_load(manifest, code, app.initial, control, number) for number in (1, 2)]
    try:
        core_pct = _scan(kernel, control, versions[0], seconds)
        change_ns = _change(kernel, control, versions[0], versions[1])
        seen = {name: Distribution.capture(getattr(control.control, name)) for name in (*PHASES, "execution")}
    finally:
        for version in versions:
            version.image.close()
        control.close()
    return SiteCost(
        tags=len(app.tags),
        instances=INSTANCES,
        cycle_ns=CYCLE_NS,
        scans=seen["run"].count,
        app_size=len(app.initial),
        front_end_ms=(compiled - began) * 1e3,
        code_ms=(made - compiled) * 1e3,
        phases_ns={name: (seen[name].mean_ns, seen[name].percentile_ns(50)) for name in PHASES},
        beside_run_ns=sum(seen[name].percentile_ns(50) for name in PHASES if name != "run"),
        execution=seen["execution"].summary(),
        core_pct=core_pct,
        change_ns=change_ns,
    )


def _manifest(app: Application) -> Manifest:
    inputs = [f"measured[{i}]" for i in range(1, INPUTS + 1)]
    devices = [inputs[at : at + _POINTS_A_DEVICE] for at in range(0, INPUTS, _POINTS_A_DEVICE)]
    return Manifest(
        site="bench",
        cycle_ns=CYCLE_NS,
        budget=1_000_000,
        on_fault="stop",
        frame_valid_ns=10 * CYCLE_NS,
        tags=app.tags,
        tasks=tuple(ManifestTask(t.name, t.interval_ns, t.priority) for t in app.tasks),
        sites=app.sites,
        app_size=len(app.initial),
        quality_offset=app.quality_offset,
        stamp_offset=app.stamp_offset,
        app_hash=app.layout_hash,
        stored=app.stored,
        bindings=Bindings(
            inputs={f"d{n}": tuple(InputBinding(name, 0) for name in names) for n, names in enumerate(devices)},
            outputs=tuple(OutputBinding(f"driven[{i}]", "d0", 0.0) for i in range(1, OUTPUTS + 1)),
        ),
    )


def _load(manifest: Manifest, code: bytes, initial: bytes, control: ControlSegment, number: int) -> LoadedVersion:
    image = ImageSegment.create(manifest.layout())
    return load_version(manifest, code, initial, control=control, image=image, number=number)


def _scan(kernel: Kernel, control: ControlSegment, version: LoadedVersion, seconds: float) -> float:
    """Scan in a thread of its own while devices answer; the share of a core it took, in per cent."""
    plan = version.plan.plan
    plan.measured = 1
    used: list[float] = []

    def loop() -> None:
        settle_thread(RealtimeSettings())
        began = time.monotonic()
        kernel.loop(version.plan.address)
        used.append(time.thread_time() / (time.monotonic() - began))

    pages = [PageWriter(version.image, device) for device in version.image.layout.pages]
    thread = threading.Thread(target=loop, name="scan")
    thread.start()
    end = time.monotonic() + seconds
    value = 0.0
    while time.monotonic() < end:
        value += 1.0
        for page in pages:
            page.write([(value, Quality.GOOD, time.monotonic_ns())] * len(page.points))
            time.sleep(_FRESH_EVERY_S / len(pages))
    plan.exit = 1
    thread.join()
    assert control.control.scan_no > 0, "the loop has scanned"
    return used[0] * 100.0


def _change(kernel: Kernel, control: ControlSegment, old: LoadedVersion, new: LoadedVersion) -> int:
    plan = plan_change(old.manifest, new.manifest, old_initial=old.initial, new_initial=new.initial)
    change = ChangePlan(old, new, plan)
    kernel.change_over(old.plan.address, new.plan.address)
    del change  # its moves had to live until now
    took: int = control.control.change_ns
    return took
