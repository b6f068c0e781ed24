"""What the compiler hands on: everything a runner needs to run a set of programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.fault import FaultSite as FaultSite  # part of what an Application is made of
from runtime.core.tag import TagTable
from runtime.lang.ir import Body
from runtime.lang.ir.stores import Stretches


@dataclass(frozen=True, slots=True)
class ProgramInstance:
    """A PROGRAM of a configuration: its instance name, its body, and where its variables start."""

    name: str
    body: str
    offset: int


@dataclass(frozen=True, slots=True)
class Task:
    """Programs run together, in order. `interval_ns` 0 stands for every base cycle. Priority 0 runs first.

    `cost` is charged against the budget at the task's start (see ir).
    """

    name: str
    interval_ns: int
    priority: int
    programs: tuple[ProgramInstance, ...]
    cost: int
    site: int


@dataclass(frozen=True, slots=True)
class Application:
    """Checked, laid out and lowered programs.

    `initial` is application memory before the first scan (its length is the memory's size); everything in it is data,
    so parameters of a site are written into a copy of it. `tasks` are in the order in which they run within a scan.
    Globals and instances lie in [HEADER_SIZE, quality_offset).
    `stored` is what the tasks' programs may store into; None: anything (ir/stores.py).
    `source_key` names the sources it was compiled from and the compiler (lang/cache), when that is known.
    `layout_hash` changes when any name, type or offset changes; the code alone does not change it.
    """

    bodies: Mapping[str, Body]
    tasks: tuple[Task, ...]
    tags: TagTable
    initial: bytes
    quality_offset: int
    stamp_offset: int
    sites: tuple[FaultSite, ...]
    layout_hash: str
    source_key: str = ""
    stored: Stretches | None = None
