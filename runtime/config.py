"""The site file: one TOML that names everything a controller needs (configs/README.md is its manual)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.core.duration import duration_ns, duration_text
from runtime.iomap.profiles.profile import Strict
from runtime.iomap.reading.read import Document, read_document
from runtime.wire.rundir import SITE_NAME_MAX

CYCLE_NS_MIN = 1_000_000
CYCLE_NS_MAX = 1_000_000_000
RETAIN_EVERY_NS_MIN = 100_000_000
RETAIN_EVERY_NS_MAX = 3_600_000_000_000
FRAME_VALID_CYCLES = 3
FRAME_VALID_NS_MIN = 50_000_000
"""Fifty milliseconds: io may be off the processor that long on a busy two-core machine without losing the outputs."""
WAIT_CYCLES = 3
WAIT_NS_MIN = 100_000_000
"""A standby that is off the processor for a tenth of a second is not dead."""


def _duration(text: str) -> str:
    duration_ns(text)
    return text


def _cycle(text: str) -> str:
    if not CYCLE_NS_MIN <= duration_ns(text) <= CYCLE_NS_MAX:
        raise ValueError(f"a base cycle is {duration_text(CYCLE_NS_MIN)} to {duration_text(CYCLE_NS_MAX)} long")
    return text


def _retain_every(text: str) -> str:
    if not RETAIN_EVERY_NS_MIN <= duration_ns(text) <= RETAIN_EVERY_NS_MAX:
        low, high = duration_text(RETAIN_EVERY_NS_MIN), duration_text(RETAIN_EVERY_NS_MAX)
        raise ValueError(f"retained values are saved every {low} to {high}")
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Cycle = Annotated[str, AfterValidator(_cycle)]


class RealtimeTable(Strict):
    """How the scan thread is scheduled."""

    priority: Annotated[int, Field(ge=0, le=98)] = 80
    cpu: Annotated[int, Field(ge=0)] | None = None


class WatchdogTable(Strict):
    """When a scan or io that stands is started again, and the machine's watchdog."""

    stuck_after: Duration | None = None
    device: str | None = None
    timeout_s: Annotated[int, Field(ge=2, le=600)] = 10


class ScadaTable(Strict):
    """Where the Modbus TCP server listens."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 15020


class HmiTable(Strict):
    """What operators see without asking."""

    view: list[str] = Field(default_factory=lambda: ["*"])
    status_line: list[str] = Field(default_factory=list)
    summary: list[str] = Field(default_factory=list)
    """What `voltscan sim` prints at the end of a run."""


class PlantTable(Strict):
    """The simulated plant that is started along."""

    site: str


class PairTable(Strict):
    """This controller's part in a hot-standby pair; the group file names all three members."""

    member: str
    group: str
    key: str
    on_witness_loss: Literal["stay", "shrink"] = "stay"
    wait_for_standby: Duration | None = None


class HostTable(Strict):
    """What the programs may ask of the computer: BOOL variables, "" for what they may not."""

    restart: str = ""
    reboot: str = ""
    reboot_command: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["systemctl", "reboot"])


class RetainTable(Strict):
    """How retained values are saved."""

    every: Annotated[Duration, AfterValidator(_retain_every)] = "1s"


class RecorderTable(Strict):
    """The flight recorder: how far back it remembers, and what makes it save."""

    keep: Duration = "10m"
    size_mb: Annotated[int, Field(ge=1, le=4096)] = 64
    after: Duration = "5s"
    triggers: list[str] = Field(default_factory=list)


class TaskTable(Strict):
    """What one task may use, and what follows when it goes wrong; what it runs and how often stands in ST."""

    budget: Annotated[int, Field(ge=100, le=1_000_000_000)] | None = None
    on_fault: Literal["stop", "continue"] | None = None
    overrun: Literal["count", "skip", "fault"] = "count"


class SiteTable(Strict):
    """The whole file. Paths are relative to it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=SITE_NAME_MAX)]
    cycle: Cycle = "10ms"
    programs: Annotated[list[str], Field(min_length=1)]
    io_map: str | None = None
    scada_map: str | None = None
    state_dir: str | None = None
    on_fault: Literal["stop", "continue"] = "stop"
    task_budget: Annotated[int, Field(ge=100, le=1_000_000_000)] = 1_000_000
    frame_valid: Duration | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    tasks: dict[str, TaskTable] = Field(default_factory=dict)
    realtime: RealtimeTable = RealtimeTable()
    retain: RetainTable = RetainTable()
    watchdog: WatchdogTable = WatchdogTable()
    recorder: RecorderTable = RecorderTable()
    scada: ScadaTable = ScadaTable()
    hmi: HmiTable = HmiTable()
    plant: PlantTable | None = None
    pair: PairTable | None = None
    host: HostTable = HostTable()

    def task_table(self, name: str) -> TaskTable:
        """What the file says about the task of that name; names are case-insensitive, as in ST."""
        return next((told for key, told in self.tasks.items() if key.lower() == name.lower()), TaskTable())


@dataclass(frozen=True, slots=True)
class Site:
    """A site file that fits its schema; the paths in it exist."""

    document: Document[SiteTable]

    @property
    def table(self) -> SiteTable:
        """The content."""
        return self.document.content

    @property
    def cycle_ns(self) -> int:
        """Base cycle in ns."""
        return duration_ns(self.table.cycle)

    @property
    def frame_valid_ns(self) -> int:
        """How long after its scan clock an output frame may be written to devices, in ns."""
        if self.table.frame_valid is not None:
            return duration_ns(self.table.frame_valid)
        return max(FRAME_VALID_CYCLES * self.cycle_ns, FRAME_VALID_NS_MIN)

    @property
    def wait_for_standby_ns(self) -> int:
        """How long outputs wait for the standby of a pair before the leader goes on without it, in ns."""
        told = self.table.pair.wait_for_standby if self.table.pair is not None else None
        return duration_ns(told) if told is not None else max(WAIT_CYCLES * self.cycle_ns, WAIT_NS_MIN)

    @property
    def retain_every_ns(self) -> int:
        """How soon after a change retained values are saved, in ns."""
        return duration_ns(self.table.retain.every)

    def path(self, relative: str) -> Path:
        """A path of the file, as it can be opened from here."""
        return (self.document.path.parent / Path(relative).expanduser()).resolve()

    def shown(self, relative: str) -> str:
        """The same path, short, for messages."""
        path = self.path(relative)
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


SHIPPED = Path(__file__).parent / "_data"
"""Programs, maps and site files inside an installed package; a checkout has them beside `runtime`."""


def find_site_file(path: Path) -> Path:
    """The path as given, or else the file of that name that came with the package."""
    shipped = SHIPPED / path
    return shipped if not path.exists() and not path.is_absolute() and shipped.exists() else path


def load_site(path: Path) -> tuple[Site | None, list[Diagnostic]]:
    """The site of a file, or what is wrong with the file itself and with the paths that it names."""
    document, diagnostics = read_document(path, SiteTable)
    if document is None:
        return None, diagnostics
    site = Site(document)
    missing = _missing_paths(site)
    return (site if not missing else None), [*diagnostics, *missing]


def _missing_paths(site: Site) -> list[Diagnostic]:
    table = site.table
    named: list[tuple[tuple[str | int, ...], str | None]] = [
        *((("programs", number), program) for number, program in enumerate(table.programs)),
        (("io_map",), table.io_map),
        (("scada_map",), table.scada_map),
        (("plant", "site"), table.plant.site if table.plant else None),
        (("pair", "group"), table.pair.group if table.pair else None),
        (("pair", "key"), table.pair.key if table.pair else None),
    ]
    return [
        error(
            "S1001",
            f"`{relative}` does not exist",
            Label(site.document.places.value(*key), f"looked for {site.shown(relative)}"),
            help=_PAIR_HELP if key[0] == "pair" else "paths are relative to the site file",
        )
        for key, relative in named
        if relative is not None and not site.path(relative).exists()
    ]


_PAIR_HELP = "make keys and group file once, and give each box its own: voltscan keys a b witness --out FOLDER"
