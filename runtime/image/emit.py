"""Native code, written legibly: words with operators, routines with structured loops and branches.

A thin layer over llvmlite's IRBuilder, shared by the channel primitives and the scan kernel. A `Word` is one SSA
value; Python operators on it emit instructions. Integers carry no sign: `+ - * & | >>` and `<, <=, >, >=, //, %` are
signed where it matters, `below`, `shifted_right` and `modulo` are the unsigned ones. `with` opens a branch or a loop.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from llvmlite import ir

I1, I8, I16, I32, I64 = (ir.IntType(width) for width in (1, 8, 16, 32, 64))
PTR = ir.PointerType()
VOID = ir.VoidType()
F32, F64 = ir.FloatType(), ir.DoubleType()
BY_SIZE = {1: I8, 2: I16, 4: I32, 8: I64}
"""The integer type of so many bytes."""

Order = Literal["monotonic", "acquire", "release", "acq_rel"]


class Word:
    """One value (integer or pointer) within the routine that computes it."""

    __slots__ = ("_builder", "ir")

    def __init__(self, builder: Any, value: Any) -> None:
        self._builder = builder
        self.ir = value

    def _of(self, value: Any) -> "Word":
        return Word(self._builder, value)

    def _like(self, other: "Word | int") -> Any:
        return other.ir if isinstance(other, Word) else self.ir.type(other)

    def __add__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.add(self.ir, self._like(other)))

    def __sub__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.sub(self.ir, self._like(other)))

    def __mul__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.mul(self.ir, self._like(other)))

    def __floordiv__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.sdiv(self.ir, self._like(other)))

    def __mod__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.srem(self.ir, self._like(other)))

    def __and__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.and_(self.ir, self._like(other)))

    def __or__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.or_(self.ir, self._like(other)))

    def __lt__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.icmp_signed("<", self.ir, self._like(other)))

    def __le__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.icmp_signed("<=", self.ir, self._like(other)))

    def __gt__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.icmp_signed(">", self.ir, self._like(other)))

    def __ge__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.icmp_signed(">=", self.ir, self._like(other)))

    def equals(self, other: "Word | int") -> "Word":
        """1 bit: the same value."""
        return self._of(self._builder.icmp_unsigned("==", self.ir, self._like(other)))

    def differs(self, other: "Word | int") -> "Word":
        """1 bit: another value."""
        return self._of(self._builder.icmp_unsigned("!=", self.ir, self._like(other)))

    def below(self, other: "Word | int") -> "Word":
        """1 bit: less, both taken as unsigned."""
        return self._of(self._builder.icmp_unsigned("<", self.ir, self._like(other)))

    def modulo(self, other: "Word | int") -> "Word":
        """Remainder, both taken as unsigned."""
        return self._of(self._builder.urem(self.ir, self._like(other)))

    def shifted_right(self, bits: "Word | int") -> "Word":
        """Zeros come in from the left."""
        return self._of(self._builder.lshr(self.ir, self._like(bits)))

    def shifted_left(self, bits: "Word | int") -> "Word":
        """Zeros come in from the right."""
        return self._of(self._builder.shl(self.ir, self._like(bits)))

    def widened(self, to: Any) -> "Word":
        """As a wider integer, with zeros."""
        return self if self.ir.type == to else self._of(self._builder.zext(self.ir, to))

    def narrowed(self, to: Any) -> "Word":
        """The low bits."""
        return self if self.ir.type == to else self._of(self._builder.trunc(self.ir, to))

    def floor_log2(self) -> "Word":
        """Position of the highest 1 of a word that is not 0."""
        zeros = self._builder.ctlz(self.ir, I1(1))
        return self._of(self._builder.sub(self.ir.type(self.ir.type.width - 1), zeros))

    def choose(self, then: "Word", otherwise: "Word") -> "Word":
        """For a 1-bit word: one or the other, both computed."""
        return self._of(self._builder.select(self.ir, then.ir, otherwise.ir))

    def at(self, offset: "Word | int") -> "Word":
        """For a pointer: the address so many bytes (below 2^63) on."""
        steps = offset.widened(I64).ir if isinstance(offset, Word) else I64(offset)
        return self._of(self._builder.gep(self.ir, [steps], source_etype=I8))

    def load(self, of: Any, order: Order | None = None) -> "Word":
        """The naturally aligned word that this pointer points at; with `order`, atomically."""
        if order is None:
            return self._of(self._builder.load(self.ir, typ=of, align=_alignment(of)))
        return self._of(self._builder.load_atomic(self.ir, order, _alignment(of), typ=of))

    def store(self, value: "Word", order: Order | None = None) -> None:
        """Write a word where this pointer points, naturally aligned; with `order`, atomically."""
        align = _alignment(value.ir.type)
        if order is None:
            self._builder.store(value.ir, self.ir, align=align)
        else:
            self._builder.store_atomic(value.ir, self._typed(value.ir.type), order, align)

    def fetch_add(self, amount: "Word", order: Order) -> "Word":
        """Add to what this pointer points at in one step; the value before."""
        return self._of(self._builder.atomic_rmw("add", self._typed(amount.ir.type), amount.ir, order))

    def _typed(self, of: Any) -> "_Pointing":
        return _Pointing(self.ir, of.as_pointer())


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
        return Word(self._builder, _Pointing(slot, PTR))

    def call(self, function: Any, *arguments: Word) -> Word:
        """Call another routine or an external function."""
        return Word(self._builder, self._builder.call(function, [a.ir for a in arguments]))

    def call_through(self, address: Word, result: Any, *arguments: Word) -> Word:
        """Call the function at `address`."""
        kind = ir.FunctionType(result, [a.ir.type for a in arguments])
        return Word(self._builder, self._builder.call(_Pointing(address.ir, PTR, kind), [a.ir for a in arguments]))

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


class _Pointing:
    """A pointer that tells llvmlite what it points at: its calls and atomic stores ask, LLVM does not."""

    def __init__(self, pointer: Any, as_type: Any, function_type: Any = None) -> None:
        self.type = as_type
        self.function_type = function_type
        self._pointer = pointer

    def get_reference(self) -> str:
        return str(self._pointer.get_reference())


def _alignment(of: Any) -> int:
    return 8 if of in (PTR, F64) else 4 if of == F32 else int(of.width) // 8
