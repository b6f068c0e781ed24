"""The manifest: what the supervisor tells every process about the programs it has compiled and the map it has checked.

One JSON file in the run directory. Nothing in it has to be checked again: the supervisor wrote it after all checks.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from runtime.core.binding import Bindings, CommandBinding, InputBinding, OutputBinding
from runtime.core.fault import FaultCode, FaultSite
from runtime.core.tag import TagTable
from runtime.image.layout import ImageLayout, lay_out

OverrunPolicy = Literal["count", "skip", "fault"]


@dataclass(frozen=True, slots=True)
class ManifestTask:
    """A task as the kernel needs it; its compiled entry is `vs_task_<position>`. `interval_ns` 0: every base cycle.

    `budget` 0 and `on_fault` "" stand for the manifest's. `overrun` is what happens when a turn ended after the task's
    next release: it is counted; its next turn is left out (`skip`); it is a program fault. `site` is the fault site of
    the task itself.
    """

    name: str
    interval_ns: int
    priority: int
    budget: int = 0
    on_fault: Literal["stop", "continue", ""] = ""
    overrun: OverrunPolicy = "count"
    site: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about one controller that is fixed while its programs and map stay the same.

    `budget` is what each task may use of loop iterations and calls in one scan. `frame_valid_ns` is how long after its
    scan clock an output frame may be written to devices. `sites` are those of the
    programs' faults, `statements` the texts there. `parameters` are the names of the variables that the site file sets.
    `stored`: stretches of application memory outside of which no program stores anything; None: there are none.
    """

    site: str
    cycle_ns: int
    budget: int
    on_fault: Literal["stop", "continue"]
    frame_valid_ns: int
    tags: TagTable
    tasks: tuple[ManifestTask, ...]
    sites: tuple[FaultSite, ...]
    app_size: int
    quality_offset: int
    stamp_offset: int
    app_hash: str
    bindings: Bindings
    statements: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    stored: tuple[tuple[int, int], ...] | None = None

    def layout(self) -> ImageLayout:
        """The layout of the image segment; the same in every process."""
        return lay_out(
            self.tags,
            self.bindings,
            app_size=self.app_size,
            quality_offset=self.quality_offset,
            stamp_offset=self.stamp_offset,
            app_hash=self.app_hash,
            task_count=len(self.tasks),
        )

    @property
    def fault_sites(self) -> tuple[FaultSite, ...]:
        """What fault entries count in: `sites` of the programs, then one an output, at its tag's declaration, then one
        a task, for its overruns."""
        outputs = tuple(_output_site(self.tags, output.tag) for output in self.bindings.outputs)
        tasks = tuple(replace(self.sites[task.site], code=FaultCode.TASK_OVERRUN, pou=task.name) for task in self.tasks)
        return self.sites + outputs + tasks

    @property
    def first_task_site(self) -> int:
        """Number of the fault site of the first task's overruns."""
        return len(self.sites) + len(self.bindings.outputs)

    def save(self, path: Path) -> None:
        """Write the manifest whole or not at all."""
        fields = {name: getattr(self, name) for name in _PLAIN_FIELDS}
        told = fields | {
            "tags": self.tags.to_json(),
            "tasks": [asdict(t) for t in self.tasks],
            "sites": [asdict(s) for s in self.sites],
            "bindings": asdict(self.bindings),
            "parameters": self.parameters,
            "statements": self.statements,
            "stored": self.stored,
        }
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(told))
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """The manifest that `save` wrote."""
        told: dict[str, Any] = json.loads(path.read_text())
        return cls(
            **{name: told[name] for name in _PLAIN_FIELDS},
            tags=TagTable.from_json(told["tags"]),
            tasks=tuple(ManifestTask(**t) for t in told["tasks"]),
            sites=tuple(FaultSite(**(s | {"code": FaultCode(s["code"])})) for s in told["sites"]),
            bindings=_bindings(told["bindings"]),
            parameters=tuple(told["parameters"]),
            statements=tuple(told["statements"]),
            stored=None if told["stored"] is None else tuple((start, end) for start, end in told["stored"]),
        )


_PLAIN_FIELDS = (
    "site",
    "cycle_ns",
    "budget",
    "on_fault",
    "frame_valid_ns",
    "app_size",
    "quality_offset",
    "stamp_offset",
    "app_hash",
)


def _output_site(tags: TagTable, name: str) -> FaultSite:
    tag = tags.tag(name)
    assert tag is not None, f"binding names no tag: {name}"
    return FaultSite(FaultCode.OUTPUT_NOT_FINITE, tag.name, tag.file, tag.line, 1)


def _bindings(told: dict[str, Any]) -> Bindings:
    return Bindings(
        inputs={device: tuple(InputBinding(**p) for p in points) for device, points in told["inputs"].items()},
        outputs=tuple(OutputBinding(**o) for o in told["outputs"]),
        commands=tuple(CommandBinding(**c) for c in told["commands"]),
    )
