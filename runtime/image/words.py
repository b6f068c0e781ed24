"""Values in emitted code: words with operators, integers, pointers and real numbers (image/emit.py writes the rest).

A `Word` is one SSA value; Python operators on it emit instructions. Integers carry no sign: `+ - * & | >>` and
`<, <=, >, >=, //, %` are signed where it matters, `below`, `shifted_right` and `modulo` are the unsigned ones.
"""

from typing import Any, Literal

from llvmlite import ir

I1, I8, I16, I32, I64 = (ir.IntType(width) for width in (1, 8, 16, 32, 64))
PTR = ir.PointerType()
VOID = ir.VoidType()
F32, F64 = ir.FloatType(), ir.DoubleType()
BY_SIZE = {1: I8, 2: I16, 4: I32, 8: I64}
"""The integer type of so many bytes."""

Order = Literal["monotonic", "acquire", "release", "acq_rel", "seq_cst"]


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

    def __xor__(self, other: "Word | int") -> "Word":
        return self._of(self._builder.xor(self.ir, self._like(other)))

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

    def shifted_right_signed(self, bits: "Word | int") -> "Word":
        """Copies of the sign come in from the left."""
        return self._of(self._builder.ashr(self.ir, self._like(bits)))

    def shifted_left(self, bits: "Word | int") -> "Word":
        """Zeros come in from the right."""
        return self._of(self._builder.shl(self.ir, self._like(bits)))

    def widened(self, to: Any) -> "Word":
        """As a wider integer, with zeros."""
        return self if self.ir.type == to else self._of(self._builder.zext(self.ir, to))

    def signed_widened(self, to: Any) -> "Word":
        """As a wider integer of the same value in two's complement."""
        return self if self.ir.type == to else self._of(self._builder.sext(self.ir, to))

    def narrowed(self, to: Any) -> "Word":
        """The low bits."""
        return self if self.ir.type == to else self._of(self._builder.trunc(self.ir, to))

    def floor_log2(self) -> "Word":
        """Position of the highest 1 of a word that is not 0."""
        zeros = self._builder.ctlz(self.ir, I1(1))
        return self._of(self._builder.sub(self.ir.type(self.ir.type.width - 1), zeros))

    def choose(self, then: "Word", otherwise: "Word") -> "Word":
        """For a 1-bit word: one or the other, both computed."""
        return Word(self._builder, self._builder.select(self.ir, then.ir, otherwise.ir))

    def as_real(self) -> "Real":
        """The 64-bit real number whose bits these are; 32 bits are those of a REAL."""
        if self.ir.type == F64:
            return Real(self._builder, self.ir)
        if self.ir.type == I64:
            return Real(self._builder, self._builder.bitcast(self.ir, F64))
        return Real(self._builder, self._builder.fpext(self._builder.bitcast(self.ir, F32), F64))

    def to_real(self, *, unsigned: bool = False) -> "Real":
        """The real number nearest to this integer."""
        convert = self._builder.uitofp if unsigned else self._builder.sitofp
        return Real(self._builder, convert(self.ir, F64))

    def at(self, offset: "Word | int") -> "Word":
        """For a pointer: the address so many bytes (below 2^63) on."""
        steps = offset.widened(I64).ir if isinstance(offset, Word) else I64(offset)
        return self._of(self._builder.gep(self.ir, [steps], source_etype=I8))

    def load(self, of: Any, order: Order | None = None) -> "Word":
        """The naturally aligned word that this pointer points at; with `order`, atomically."""
        if order is None:
            return self._of(self._builder.load(self.ir, typ=of, align=alignment(of)))
        return self._of(self._builder.load_atomic(self.ir, order, alignment(of), typ=of))

    def store(self, value: "Word", order: Order | None = None) -> None:
        """Write a word where this pointer points, naturally aligned; with `order`, atomically."""
        align = alignment(value.ir.type)
        if order is None:
            self._builder.store(value.ir, self.ir, align=align)
        else:
            self._builder.store_atomic(value.ir, self._typed(value.ir.type), order, align)

    def prefetch(self) -> None:
        """Begin to fetch what this pointer points at, to be read soon; any address is fine."""
        module = self._builder.module
        name = "llvm.prefetch.p0"
        kind = ir.FunctionType(VOID, [PTR, I32, I32, I32])
        prefetch = module.globals.get(name) or ir.Function(module, kind, name)
        self._builder.call(prefetch, [self.ir, I32(0), I32(3), I32(1)])  # for reading, to stay, data

    def fetch_add(self, amount: "Word", order: Order) -> "Word":
        """Add to what this pointer points at in one step; the value before."""
        return self._of(self._builder.atomic_rmw("add", self._typed(amount.ir.type), amount.ir, order))

    def _typed(self, of: Any) -> "Pointing":
        return Pointing(self.ir, of.as_pointer())


class Real(Word):
    """A 64-bit real number; comparisons with NaN are false, `differs` is true."""

    __slots__ = ()

    def _of(self, value: Any) -> "Real":
        return Real(self._builder, value)

    def __add__(self, other: "Word | int") -> "Real":
        return self._of(self._builder.fadd(self.ir, self._like(other)))

    def __sub__(self, other: "Word | int") -> "Real":
        return self._of(self._builder.fsub(self.ir, self._like(other)))

    def __mul__(self, other: "Word | int") -> "Real":
        return self._of(self._builder.fmul(self.ir, self._like(other)))

    def __truediv__(self, other: "Word | int") -> "Real":
        return self._of(self._builder.fdiv(self.ir, self._like(other)))

    def _compare(self, how: str, other: "Word | int") -> Word:
        return Word(self._builder, self._builder.fcmp_ordered(how, self.ir, self._like(other)))

    def __lt__(self, other: "Word | int") -> Word:
        return self._compare("<", other)

    def __le__(self, other: "Word | int") -> Word:
        return self._compare("<=", other)

    def __gt__(self, other: "Word | int") -> Word:
        return self._compare(">", other)

    def __ge__(self, other: "Word | int") -> Word:
        return self._compare(">=", other)

    def equals(self, other: "Word | int") -> Word:
        """1 bit: the same number."""
        return self._compare("==", other)

    def to_integer(self, *, unsigned: bool = False) -> Word:
        """Its whole part, which fits into 64 bits."""
        convert = self._builder.fptoui if unsigned else self._builder.fptosi
        return Word(self._builder, convert(self.ir, I64))

    def bits(self, of: Any = I64) -> Word:
        """Its bits, or with I32 those of the nearest REAL."""
        if of == I64:
            return Word(self._builder, self._builder.bitcast(self.ir, I64))
        return Word(self._builder, self._builder.bitcast(self._builder.fptrunc(self.ir, F32), I32))


class Pointing:
    """A pointer that tells llvmlite what it points at: its calls and atomic stores ask, LLVM does not."""

    def __init__(self, pointer: Any, as_type: Any, function_type: Any = None) -> None:
        self.type = as_type
        self.function_type = function_type
        self._pointer = pointer

    def get_reference(self) -> str:
        """How assembly names it."""
        return str(self._pointer.get_reference())


def alignment(of: Any) -> int:
    """Natural alignment of a type in bytes."""
    return 8 if of in (PTR, F64) else 4 if of == F32 else int(of.width) // 8
