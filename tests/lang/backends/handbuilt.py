"""Applications built by hand from IR, so that each node is tested apart from the language above it."""

import ctypes
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scanbench import ScanBench, make_machine

from runtime.core import appmemory
from runtime.core.elementary import ELEMENTARY, LINT, Elementary, Kind, Value
from runtime.core.fault import FaultCode
from runtime.core.tag import TagTable, Variable
from runtime.lang import ir
from runtime.lang.application import Application, FaultSite, ProgramInstance, Task
from runtime.lang.ir.stores import Stretches

TYPES = tuple(dict.fromkeys(t for t in ELEMENTARY.values() if t.kind not in (Kind.TEXT, Kind.CHAR)))
"""All that arithmetic works on; strings and characters are met in generated text."""
INTEGERS = tuple(t for t in TYPES if t.is_integer)
REALS = tuple(t for t in TYPES if t.kind is Kind.REAL)

SITES = {code: i for i, code in enumerate(FaultCode)}
"""A fault site for every code."""


@dataclass
class ProgramBuilder:
    """One program whose variables lie in its instance, each on a multiple of 8, and what it calls."""

    block: list[ir.Statement] = field(default_factory=list)
    bodies: list[ir.Body] = field(default_factory=list)
    frame: bytes = b""
    may_cut: bool = False
    cost: int = 1
    size: int = 0
    variables: list[Variable] = field(default_factory=list)
    initial: dict[int, bytes] = field(default_factory=dict)

    def variable(self, name: str, type_: Elementary, value: Value | None = None, *, count: int = 1) -> ir.Place:
        """Declare a variable, or an array of `count` (named `name` and `name[1]`, …)."""
        start, self.size = self.size, self.size + (count * type_.size + 7) // 8 * 8
        for i in range(count):
            at = start + i * type_.size
            label = name if i == 0 else f"{name}[{i}]"
            self.variables.append(Variable(name=label, type=type_, offset=appmemory.HEADER_SIZE + at))
            if value is not None:
                self.initial[at] = type_.codec.pack(value)
        return ir.Place(ir.Base.SELF, start)

    def assign(self, name: str, type_: Elementary, value: ir.Expr) -> None:
        """Declare a variable and assign it an expression in each scan."""
        self.block.append(ir.Assign(self.variable(name, type_), type_, value))

    def application(self) -> Application:
        """The program as the only one of an application."""
        main = ir.Body("MAIN", "PROGRAM", tuple(self.block), self.frame, self.may_cut)
        end = appmemory.HEADER_SIZE + self.size
        initial = bytearray(end)
        for at, content in self.initial.items():
            initial[appmemory.HEADER_SIZE + at : appmemory.HEADER_SIZE + at + len(content)] = content
        return Application(
            bodies={body.name: body for body in [main, *self.bodies]},
            tasks=(
                Task(
                    "main",
                    0,
                    0,
                    (ProgramInstance("main", "MAIN", appmemory.HEADER_SIZE),),
                    self.cost,
                    SITES[FaultCode.BUDGET_EXCEEDED],
                ),
            ),
            tags=TagTable([], self.variables),
            initial=bytes(initial),
            quality_offset=end,
            stamp_offset=end,
            sites=tuple(FaultSite(code, "MAIN", "main.st", int(code), 1) for code in FaultCode),
            layout_hash="",
        )

    def bench(self, backend: str, budget: int = 100_000) -> ScanBench:
        """The program in a back end."""
        return ScanBench(make_machine(self.application(), backend), budget)


def constant(type_: Elementary, value: Value) -> ir.Const:
    """A literal."""
    return ir.Const(type_, value)


def element(place: ir.Place, subscript: ir.Expr, *, low: int, high: int, stride: int) -> ir.Place:
    """An element of the array at a place; a bad subscript is reported at INDEX_OUT_OF_RANGE's site."""
    index = ir.Index(subscript, low, high, stride, SITES[FaultCode.INDEX_OUT_OF_RANGE])
    return ir.Place(place.base, place.offset, (*place.indices, index), place.param)


def lint(value: int) -> ir.Const:
    """A LINT literal."""
    return ir.Const(LINT, value)


def same(left: Value, right: Value) -> bool:
    """Equal to the bit, where a NaN is a NaN and 0.0 is not -0.0."""
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right and math.copysign(1.0, left) == math.copysign(1.0, right)
    return left == right


def differences(left: ScanBench, right: ScanBench) -> list[str]:
    """Variables that differ between two benches, and "header" or "rest" for bytes outside of variables.

    Only variables in which a byte differs are looked at: NaNs, which lie in memory for good, differ in their bits.
    """
    if bytes(left.memory) == bytes(right.memory):
        return []
    unlike = np.flatnonzero(np.frombuffer(left.memory, np.uint8) != np.frombuffer(right.memory, np.uint8))
    variables, found = dict.fromkeys(left.variable_at(int(at)) for at in unlike), []
    for variable in variables:
        if variable is not None:
            values = (
                variable.type.unpack(left.memory, variable.offset),
                variable.type.unpack(right.memory, variable.offset),
            )
            if not same(*values):
                found.append(f"{variable.name}: {values[0]!r} and {values[1]!r}")
    if unlike[0] < appmemory.HEADER_SIZE:
        found.append("header")
    elif None in variables:
        found.append("bytes between variables")
    return found


def strays(before: bytes, bench: ScanBench, stored: Stretches | None) -> list[str]:
    """Variables that a scan has changed though no program may store there (lang/ir/stores.py)."""
    if stored is None:
        return []
    changed = np.frombuffer(before, np.uint8) != np.frombuffer(bench.memory, np.uint8)
    changed[: appmemory.HEADER_SIZE] = False
    changed[bench.app.quality_offset :] = False
    for start, end in stored:
        changed[start:end] = False
    return [f"stray store at {at}, {bench.variable_at(int(at))}" for at in np.flatnonzero(changed)]


def set_all(bench: ScanBench, values: Iterable[tuple[str, Value]]) -> None:
    """Write several variables."""
    for name, value in values:
        bench.set(name, value)


def edge_values(type_: Elementary) -> Sequence[Value]:
    """Values at which something of a type's arithmetic turns."""
    if type_.kind is Kind.BOOL:
        return (False, True)
    if type_.kind is Kind.REAL:
        return EDGE_REALS if type_.size == 8 else tuple(ctypes.c_float(v).value for v in EDGE_REALS)
    near = (0, 1, 2, 7, 8, 63, type_.maximum, type_.maximum - 1, type_.minimum, type_.minimum + 1)
    return tuple(dict.fromkeys([*near, *([-1, -2, -7] if type_.is_signed else [])]))


EDGE_REALS = (
    0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 127.5, -128.5, 255.5, 32767.5, 65535.5, 2147483647.5, 8388609.0,
    16777217.0, 9.3e18, -9.3e18, 1.9e19, 4503599627370497.5, 3.4028234663852886e38, 1.401298464324817e-45,
    1.1754943508222875e-38, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
)  # fmt: skip
