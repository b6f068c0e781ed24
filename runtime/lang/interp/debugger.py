"""Step debugging in the interpreter: stops before written statements, and looks at what is running there.

A `Probe`. It decides where to stop; what happens at a stop is the affair of `on_stop`, which reads and writes variables
here and says with `resume` how to go on. It never changes what a program does between two stops.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from runtime.core.tag import Variable
from runtime.lang import ir
from runtime.lang.application import Application
from runtime.lang.interp.activation import Activation
from runtime.lang.interp.expression_at_stop import Seen
from runtime.lang.machine import Buffer

Way = Literal["run", "step", "next", "finish"]
"""How to go on: to a breakpoint, to the next statement, to the next one not inside a call, out of this body."""


@dataclass(slots=True)
class Frame:
    """A running body: the instance it runs on by name (empty for a FUNCTION), and the statement it is at."""

    body: ir.Body
    activation: Activation
    path: str
    at: ir.Origin | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A single value: where it lies, and how to show it."""

    variable: Variable
    buffer: Buffer
    offset: int


class Debugger:
    """Looks on at one interpreter. `on_stop` is called at every stop; it must call `resume` or raise."""

    def __init__(self, app: Application, on_stop: Callable[["Debugger", str], None]) -> None:
        self._app = app
        self._memory: Buffer = bytearray()
        self._on_stop = on_stop
        self.frames: list[Frame] = []
        self.lines: dict[tuple[str, int], set[tuple[str, int]]] = {}
        self.breakpoints: dict[str, set[tuple[str, int]]] = {}
        self.conditions: dict[str, Callable[[], bool]] = {}
        self.once: set[tuple[str, int]] = set()
        self._way: Way = "run"
        self._depth = 0
        self._starts = _first_offsets(app)
        self._programs = {p.offset: p.name for t in app.tasks for p in t.programs}
        self._breakable()

    # ---- breakpoints ----

    def _breakable(self) -> None:
        """The first statement of each line, once for each body that has one there."""
        for name, body in self._app.bodies.items():
            for index, origin in enumerate(body.origins):
                if origin is not None:
                    here = self.lines.setdefault((origin.file, origin.line), set())
                    if all(other != name for other, _ in here):
                        here.add((name, index))

    def break_at(self, file: str, line: int) -> int | None:
        """Stop at a line, or at the next one below that has a statement; the line, None when there is none."""
        for number in sorted(n for f, n in self.lines if f == file and n >= line):
            self.breakpoints[f"{file}:{number}"] = self.lines[file, number]
            return number
        return None

    def stop_once(self, file: str, line: int) -> int | None:
        """Stop at a line, or at the next one below that has a statement, the next time only; the line or None."""
        number = min((n for f, n in self.lines if f == file and n >= line), default=None)
        if number is not None:
            self.once = self.lines[file, number]
        return number

    def break_in(self, pou: str) -> str | None:
        """Stop at the first statement of a POU; its name, None when there is none of that name."""
        for name, body in self._app.bodies.items():
            first = next((i for i, origin in enumerate(body.origins) if origin is not None), None)
            if name.lower() == pou.lower() and first is not None:
                self.breakpoints[name] = {(name, first)}
                return name
        return None

    def resume(self, way: Way) -> None:
        """Go on."""
        self._way, self._depth = way, len(self.frames)

    # ---- as the interpreter's probe ----

    def enter(self, body: str, activation: Activation) -> None:
        """A body begins."""
        self.frames.append(Frame(self._app.bodies[body], activation, self._path(activation)))

    def leave(self) -> None:
        """The innermost body ends."""
        self.frames.pop()

    def statement(self, body: str, index: int, _: Activation) -> None:
        """Stop here, if this is a place to stop."""
        frame = self.frames[-1]
        frame.at = frame.body.origins[index]
        hit = next((n for n, places in self.breakpoints.items() if (body, index) in places and self._holds(n)), "")
        depth = len(self.frames)
        due = (
            self._way == "step"
            or (self._way == "next" and depth <= self._depth)
            or (self._way == "finish" and depth < self._depth)
            or (body, index) in self.once
        )
        if hit or due:
            self.once = set()
            self._on_stop(self, hit)

    def _holds(self, name: str) -> bool:
        return name not in self.conditions or self.conditions[name]()

    # ---- variables ----

    def find(self, name: str) -> Found | None:
        """A variable of the innermost body, else one of the application."""
        frame = self.frames[-1] if self.frames else None
        if frame is not None:
            for local in frame.body.locals:
                if local.name.lower() == name.lower():
                    return self._local(frame, local)
        for full in self._names(name):
            variable = self._app.tags.find(full)
            if variable is not None:
                return Found(variable, self._memory, variable.offset)
        return None

    def _local(self, frame: Frame, local: ir.Local) -> Found:
        shown = Variable(name=local.name, type=local.type, offset=local.offset, labels=local.labels)
        if local.param >= 0:
            buffer, offset = frame.activation.refs[local.param]
            return Found(shown, buffer, offset + local.offset)
        return Found(shown, self._memory if local.is_static else frame.activation.frame, local.offset)

    def names(self) -> list[str]:
        """What can be looked at here, by the shortest name."""
        frame = self.frames[-1] if self.frames else None
        own = [local.name for local in frame.body.locals] if frame is not None else []
        prefix = f"{frame.path}." if frame is not None and frame.path else ""
        leaves = [v.name for v in (*self._app.tags.tags, *self._app.tags.variables)]
        return own + [name.removeprefix(prefix) if prefix else name for name in leaves]

    def seen(self, name: str) -> Seen | None:
        """The value of a variable, for expressions."""
        found = self.find(name)
        if found is None:
            return None
        kind = found.variable.type
        return Seen(kind.unpack(found.buffer, found.offset), kind.name, found.variable.labels)

    def inside(self, name: str) -> Iterator[Variable]:
        """The single values of a structure, array or instance."""
        own = self.frames[-1].body.locals if self.frames else ()
        starts = (f"{name.lower()}.", f"{name.lower()}[")
        if parts := [local for local in own if local.name.lower().startswith(starts)]:
            yield from (Variable(name=p.name, type=p.type, offset=p.offset, labels=p.labels) for p in parts)
            return
        for full in self._names(name):
            prefix = full.lower()
            leaves = (*self._app.tags.tags, *self._app.tags.variables)
            found = [v for v in leaves if v.name.lower().startswith((f"{prefix}.", f"{prefix}["))]
            if found:
                yield from found
                return

    def watch_memory(self, memory: Buffer) -> None:
        """Tell where application memory is, once there is a machine."""
        self._memory = memory

    def _names(self, name: str) -> list[str]:
        path = self.frames[-1].path if self.frames else ""
        return [f"{path}.{name}", name] if path else [name]

    def _path(self, activation: Activation) -> str:
        """The name of an instance: the shortest one that begins at its address, inside its caller if possible."""
        if activation.buffer is activation.frame:
            return ""
        if not self.frames:
            return self._programs.get(activation.offset, "")
        here, inside = self._starts[activation.offset], f"{self.frames[-1].path}."
        return min([n for n in here if n.startswith(inside)] or here, key=len, default="")


def _first_offsets(app: Application) -> dict[int, list[str]]:
    """The names of everything that has parts, by the address of its first part."""
    starts: dict[str, int] = {}
    for leaf in (*app.tags.tags, *app.tags.variables):
        for end, character in enumerate(leaf.name):
            if character in ".[":
                starts.setdefault(leaf.name[:end], leaf.offset)
    found: dict[int, list[str]] = defaultdict(list)
    for name, offset in starts.items():
        found[offset].append(name)
    return found
