"""One controller through the versions of its programs, on virtual time."""

import ctypes
from dataclasses import dataclass, field
from functools import cache

from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.quality import Quality
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.nativecode import object_code
from runtime.image.pages import PageReader, PageWriter
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources
from runtime.lang.diagnostics.statement import statement_texts
from runtime.lang.llvm.module import emit_module
from runtime.lang.syntax.source import Source
from runtime.scan.change.changeplan import ChangePlan, carry_pins, plan_change
from runtime.scan.change.loadedversion import LoadedVersion, capture_at_faults, load_version
from runtime.scan.kernel import Kernel

MS = 1_000_000
CYCLE_NS = 10 * MS
BINDINGS = Bindings(
    inputs={"meter": (InputBinding("p_kw", 0),)},
    outputs=(OutputBinding("set_kw", "pcs", 0.0), OutputBinding("lamp", "pcs", None)),
)


def compiled(text: str, bindings: Bindings = BINDINGS) -> tuple[Manifest, bytes, bytes]:
    """A version of the programs: manifest, machine code, initial memory."""
    app, statements, code = _compiled_once(text)
    manifest = Manifest(
        site="s",
        cycle_ns=CYCLE_NS,
        budget=100_000,
        on_fault="stop",
        frame_valid_ns=50 * MS,
        tags=app.tags,
        tasks=tuple(ManifestTask(t.name, t.interval_ns, t.priority) for t in app.tasks),
        sites=app.sites,
        app_size=len(app.initial),
        quality_offset=app.quality_offset,
        stamp_offset=app.stamp_offset,
        app_hash=app.layout_hash,
        bindings=bindings,
        statements=statements,
    )
    return manifest, code, app.initial


@cache
def _compiled_once(text: str) -> tuple[Application, tuple[str, ...], bytes]:
    """The application, its statements, its machine code: many tests run the same programs."""
    source = Source("main.st", text)
    app = compile_sources([source]).application
    assert app is not None
    return app, statement_texts(app.sites, [source]), object_code(emit_module(app))


@dataclass
class Line:
    """One controller through its versions."""

    kernel: Kernel
    control: ControlSegment
    version: LoadedVersion = field(init=False)
    number: int = 0
    now_ns: int = 1_000 * MS
    kept: list[object] = field(default_factory=list)
    loaded: list[tuple[Manifest, bytes, bytes]] = field(default_factory=list)

    def load(self, text: str, bindings: Bindings = BINDINGS) -> LoadedVersion:
        manifest, code, initial = compiled(text, bindings)
        self.number += 1
        image = ImageSegment.create(manifest.layout())
        self.loaded.append((manifest, code, initial))
        version = load_version(manifest, code, initial, control=self.control, image=image, number=self.number)
        capture_at_faults(version, self.kernel)
        return version

    def start(self, text: str, bindings: Bindings = BINDINGS) -> None:
        self.version = self.load(text, bindings)
        self.version.plan.plan.mailbox_tail = 0

    def change(self, text: str, bindings: Bindings = BINDINGS) -> LoadedVersion:
        """To another version; the former one is given back."""
        old, new = self.version, self.load(text, bindings)
        plan = plan_change(old.manifest, new.manifest, old_initial=old.initial, new_initial=new.initial)
        self.kept += [ChangePlan(old, new, plan), old]
        carry_pins(old, new)
        for device in new.image.layout.pages:
            if device in old.image.layout.pages:
                readings = PageReader(old.image, device).read()
                if readings is not None:
                    PageWriter(new.image, device).write(readings)
        self.kernel.change_over(old.plan.address, new.plan.address)
        self.version = new
        return old

    def scan(self, count: int = 1) -> None:
        for _ in range(count):
            self.kernel.step(self.version.plan.address, self.now_ns, 0)
            self.now_ns += CYCLE_NS

    def get(self, name: str) -> object:
        leaf = self.version.manifest.tags.find(name)
        assert leaf is not None, name
        return leaf.type.unpack(ctypes.string_at(self.version.app_address + leaf.offset, leaf.type.size))

    def feed(self, value: float) -> None:
        PageWriter(self.version.image, "meter").write([(value, Quality.GOOD, self.now_ns)])
