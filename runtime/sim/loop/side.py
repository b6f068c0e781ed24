"""One side of a closed loop: a machine, and the site map that says how its tags lie on the wire."""

from dataclasses import dataclass
from typing import Literal

from runtime.core.binding import Bindings
from runtime.iomap.plan.plan import IoPlan
from runtime.lang.application import Application
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


def model_of(app: Application, bindings: Bindings, plan: IoPlan) -> Model:
    """Compiled to machine code."""
    return Model(app, bindings, plan, compile_object(app))
