"""One side of a closed loop: a machine, and the site map that says how its tags lie on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runtime.core.binding import Bindings
from runtime.core.diagnostic import Diagnostic, has_errors, render
from runtime.core.fault import ConfigFault
from runtime.drivers.registry import installed_kinds
from runtime.iomap.check import check
from runtime.iomap.load import load_site_map
from runtime.iomap.plan import IoPlan
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources, load_sources
from runtime.lang.interp.interpreter import Interpreter
from runtime.lang.llvm.compile import compile_object
from runtime.lang.machine import Machine
from runtime.lang.native import Native

Backend = Literal["llvm", "interp"]


@dataclass(frozen=True, slots=True)
class Side:
    """A controller or a plant, ready to run."""

    machine: Machine
    bindings: Bindings
    plan: IoPlan


@dataclass(frozen=True, slots=True)
class Model:
    """A checked side that any number of machines can be made of; compiled to machine code once."""

    app: Application
    bindings: Bindings
    plan: IoPlan
    object_code: bytes
    """Empty: interpret."""

    def side(self) -> Side:
        """A machine with fresh memory."""
        machine = Native(self.app, self.object_code) if self.object_code else Interpreter(self.app)
        return Side(machine, self.bindings, self.plan)


def model_of(app: Application, bindings: Bindings, plan: IoPlan, backend: Backend = "llvm") -> Model:
    """Compile for the back end."""
    return Model(app, bindings, plan, compile_object(app) if backend == "llvm" else b"")


def load_model(programs: Sequence[Path], io_map: Path, *, backend: Backend = "llvm") -> Model:
    """Compile programs (files, or folders of them) and check the map against them.

    Raises ConfigFault with all diagnostics when anything is wrong with them, or a path is missing.
    """
    compiled = compile_sources(load_sources(programs))
    _refuse(compiled.diagnostics)
    assert compiled.application is not None, "no errors, so there is an application"
    loaded, diagnostics = load_site_map(io_map, kinds=installed_kinds())
    _refuse(diagnostics)
    assert loaded is not None, "no errors, so there is a map"
    checked = check(loaded, compiled.application.tags)
    _refuse(checked.diagnostics)
    assert checked.bindings is not None, "no errors, so there are bindings"
    assert checked.plan is not None, "no errors, so there is a plan"
    return model_of(compiled.application, checked.bindings, checked.plan, backend)


def _refuse(diagnostics: Sequence[Diagnostic]) -> None:
    if has_errors(diagnostics):
        raise ConfigFault("\n".join(render(d) for d in diagnostics), mend="mend what the diagnostics say")
