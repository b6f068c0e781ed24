"""Native code, written legibly: routines with structured loops and branches, of words with operators (words.py).

A thin layer over llvmlite's IRBuilder, shared by the channel primitives and the scan kernel. `with` opens a branch or a
loop.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from runtime.image.words import (
    BY_SIZE as BY_SIZE,
)
from runtime.image.words import (
    F32 as F32,
)
from runtime.image.words import (
    F64 as F64,
)
from runtime.image.words import (
    I1 as I1,
)
from runtime.image.words import (
    I8 as I8,
)
from runtime.image.words import (
    I16 as I16,
)
from runtime.image.words import (
    I32 as I32,
)
from runtime.image.words import (
    I64 as I64,
)
from runtime.image.words import (
    PTR as PTR,
)
from runtime.image.words import (
    VOID as VOID,
)
from runtime.image.words import (
    Order as Order,
)
from runtime.image.words import (
    Pointing,
)
from runtime.image.words import (
    Real as Real,
)
from runtime.image.words import (
    Word as Word,
)


class Local:
    """A variable of a routine, in a register after optimisation."""

    __slots__ = ("_slot", "_type")

    def __init__(self, slot: Word, of: Any) -> None:
        self._slot = slot
        self._type = of

    def get(self) -> Word:
        """Its value now."""
        return self._slot.load(self._type)

    def set(self, value: Word) -> None:
        """Give it a new value."""
        self._slot.store(value)

    @property
    def pointer(self) -> Word:
        """Its address, for calls that fill it."""
        return self._slot


class Loop:
    """An open loop; leave it or go to its next round when a condition holds."""

    __slots__ = ("_again", "_builder", "_end")

    def __init__(self, builder: Any, again: Any, end: Any) -> None:
        self._builder = builder
        self._again = again
        self._end = end

    def leave_when(self, condition: Word) -> None:
        """Out of the loop if the 1-bit word is 1."""
        self._jump_when(condition, self._end)

    def next_when(self, condition: Word) -> None:
        """Back to the loop's start if the 1-bit word is 1."""
        self._jump_when(condition, self._again)

    def _jump_when(self, condition: Word, target: Any) -> None:
        onward = self._builder.append_basic_block("onward")
        self._builder.cbranch(condition.ir, target, onward)
        self._builder.position_at_end(onward)


class Routine:
    """One function being written. `routine["name"]` is a parameter."""

    def __init__(self, function: Any, names: tuple[str, ...]) -> None:
        self._locals_at = ir.IRBuilder(function.append_basic_block("locals"))
        self._builder = ir.IRBuilder(function.append_basic_block("body"))
        self._body = self._builder.block
        self._parameters = {name: Word(self._builder, value) for name, value in zip(names, function.args, strict=True)}

    def __getitem__(self, name: str) -> Word:
        return self._parameters[name]

    def word(self, value: int, of: Any = I64) -> Word:
        """A constant."""
        return Word(self._builder, of(value))

    def null(self) -> Word:
        """The null pointer."""
        return Word(self._builder, ir.Constant(PTR, None))

    def local(self, of: Any, initial: Word | None = None) -> Local:
        """A new variable, set to `initial` here."""
        slot = Local(Word(self._builder, self._locals_at.alloca(of)), of)
        if initial is not None:
            slot.set(initial)
        return slot

    def room(self, size: int) -> Word:
        """Address of `size` bytes on the stack, 16-byte aligned, not initialised."""
        slot = self._locals_at.alloca(ir.ArrayType(I8, size))
        slot.align = 16
        return Word(self._builder, Pointing(slot, PTR))

    def call(self, function: Any, *arguments: Word) -> Word:
        """Call another routine or an external function."""
        return Word(self._builder, self._builder.call(function, [a.ir for a in arguments]))

    def call_through(self, address: Word, result: Any, *arguments: Word) -> Word:
        """Call the function at `address`."""
        kind = ir.FunctionType(result, [a.ir.type for a in arguments])
        return Word(self._builder, self._builder.call(Pointing(address.ir, PTR, kind), [a.ir for a in arguments]))

    def fence(self, order: Order) -> None:
        """A memory barrier."""
        self._builder.fence(order)

    def copy(self, target: Word, source: Word, size: Word) -> None:
        """Copy bytes between places that do not overlap."""
        kind = ir.FunctionType(VOID, [PTR, PTR, I64, I1])
        module = self._builder.module
        name = "llvm.memcpy.p0.p0.i64"
        memcpy = module.globals.get(name) or ir.Function(module, kind, name)
        self.call(memcpy, target, source, size, self.word(0, I1))

    def stream_line(self, target: Word, source: Word) -> None:
        """Copy 64 bytes to a multiple of 64, past the caches. They are in order only behind a `seq_cst` fence."""
        line = ir.VectorType(I64, 8)
        value = self._builder.load(source.ir, typ=line, align=8)
        store = self._builder.store(value, target.ir, align=64)
        store.set_metadata("nontemporal", self._builder.module.add_metadata([I32(1)]))

    def clear(self, target: Word, size: Word) -> None:
        """Fill bytes with 0."""
        kind = ir.FunctionType(VOID, [PTR, I8, I64, I1])
        module = self._builder.module
        name = "llvm.memset.p0.i64"
        memset = module.globals.get(name) or ir.Function(module, kind, name)
        self.call(memset, target, self.word(0, I8), size, self.word(0, I1))

    def give(self, value: Word | None = None) -> None:
        """Return from the routine here."""
        if value is None:
            self._builder.ret_void()
        else:
            self._builder.ret(value.ir)

    @contextmanager
    def when(self, condition: Word) -> Iterator[None]:
        """What follows happens only if the 1-bit word is 1."""
        with self._builder.if_then(condition.ir):
            yield

    @contextmanager
    def either(self, condition: Word) -> Iterator[tuple[Any, Any]]:
        """Two branches: `with r.either(c) as (then, otherwise): with then: … with otherwise: …`."""
        with self._builder.if_else(condition.ir) as branches:
            yield branches

    @contextmanager
    def loop(self) -> Iterator[Loop]:
        """Repeats until left."""
        again = self._builder.append_basic_block("again")
        end = self._builder.append_basic_block("end")
        self._builder.branch(again)
        self._builder.position_at_end(again)
        yield Loop(self._builder, again, end)
        if not self._builder.block.is_terminated:
            self._builder.branch(again)
        self._builder.position_at_end(end)

    @contextmanager
    def each(self, count: Word) -> Iterator[Word]:
        """Repeats with a 64-bit index from 0 up to, not including, `count`."""
        index = self.local(I64, self.word(0))
        with self.loop() as loop:
            now = index.get()
            loop.leave_when(now >= count)
            index.set(now + 1)
            yield now

    def finish(self) -> None:
        """Close the routine: a body that runs off its end returns nothing."""
        if not self._builder.block.is_terminated:
            self._builder.ret_void()
        self._locals_at.branch(self._body)


class Code:
    """A module being written."""

    def __init__(self, name: str) -> None:
        self.module = ir.Module(name=name)

    def external(self, name: str, result: Any, *parameters: Any) -> Any:
        """A function of the C library."""
        return ir.Function(self.module, ir.FunctionType(result, parameters), name)

    @contextmanager
    def routine(self, name: str, result: Any = VOID, *, exported: bool = False, **parameters: Any) -> Iterator[Routine]:
        """Write a function; afterwards `code[name]` is it."""
        function = ir.Function(self.module, ir.FunctionType(result, tuple(parameters.values())), name)
        function.linkage = "" if exported else "internal"
        function.attributes.add("nounwind")
        routine = Routine(function, tuple(parameters))
        yield routine
        routine.finish()

    def __getitem__(self, name: str) -> Any:
        return self.module.globals[name]

    def text(self) -> str:
        """The module as LLVM assembly."""
        return str(self.module)
