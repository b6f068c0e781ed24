"""Places: addresses with checked subscripts, and the loads and stores through them."""

from collections.abc import Callable

from runtime.core import appmemory
from runtime.core.elementary import Elementary, Kind
from runtime.lang.ir import Base, Expr, Followed, Index, Locate, Place
from runtime.lang.ir.pointer import HIGH_BIT, LOW_BIT, MARK_BIT, OFFSET_BIT
from runtime.lang.llvm.rounds import SteppedPlace
from runtime.lang.llvm.texts import load_text, store_text, text_constant
from runtime.lang.llvm.types import constant, integer_constant, memory_type, register_type
from runtime.lang.llvm.writer import TAG_ACCOUNT, TAG_CLOCK, TAG_VARIABLE, BodyWriter

Evaluate = Callable[[BodyWriter, Expr], str]
"""Emits an expression and gives the register that holds its value."""

_CLOCK_FIELDS = range(appmemory.CUT)


def address(out: BodyWriter, place: Place, bad: str, evaluate: Evaluate) -> str:
    """A pointer to the place; control goes to the label `bad` when an index is out of range."""
    if place.followed is not None:
        return _followed(out, place, place.followed, bad, evaluate)
    pointer = _base(place)
    if place.offset:
        pointer = out.temp(f"getelementptr inbounds i8, ptr {pointer}, i64 {place.offset}")
    if isinstance(place, SteppedPlace) and place.step:
        step = out.temp(f"mul i64 {out.round}, {place.step}")
        pointer = out.temp(f"getelementptr inbounds i8, ptr {pointer}, i64 {step}")
    for index in place.indices:
        step = _checked(out, index, bad, evaluate)
        pointer = out.temp(f"getelementptr inbounds i8, ptr {pointer}, i64 {step}")
    return pointer


def load(out: BodyWriter, type_: Elementary, place: Place, evaluate: Evaluate) -> str:
    """The value at a place; the type's default when an index is out of range."""
    if not place.may_be_bad:
        return load_at(out, type_, address(out, place, "", evaluate), place)
    bad, join = out.label("bad"), out.label("join")
    value = load_at(out, type_, address(out, place, bad, evaluate), place)
    loaded = out.block
    out.branch(join)
    out.start(bad)
    out.branch(join)
    out.start(join)
    return out.phi(register_type(type_), (value, loaded), (default_of(out, type_), bad))


def locate(out: BodyWriter, node: Locate, evaluate: Evaluate) -> str:
    """The offset of a place in application memory with the tag above it; 0 where there is none."""
    bad, join = out.label("bad"), out.label("join")
    pointer = out.temp(f"ptrtoint ptr {address(out, node.place, bad, evaluate)} to i64")
    offset = out.temp(f"sub i64 {pointer}, {out.temp('ptrtoint ptr %app to i64')}")
    from_start = out.temp(f"sub i64 {offset}, {appmemory.HEADER_SIZE}")
    out.fault_unless(out.temp(f"icmp ult i64 {from_start}, {node.end - appmemory.HEADER_SIZE}"), node.site, bad)
    value = out.temp(f"or i64 {offset}, {integer_constant(node.tag << 32, 64)}")
    found = out.block
    out.branch(join)
    out.start(bad)
    out.branch(join)
    out.start(join)
    return out.phi("i64", (value, found), ("0", bad))


def reachable(out: BodyWriter, place: Place, evaluate: Evaluate) -> str:
    """TRUE when no index of the place is out of range."""
    if not place.may_be_bad:
        return "true"
    bad, join = out.label("bad"), out.label("join")
    address(out, place, bad, evaluate)
    found = out.block
    out.branch(join)
    out.start(bad)
    out.branch(join)
    out.start(join)
    return out.phi("i1", ("true", found), ("false", bad))


def default_of(out: BodyWriter, type_: Elementary) -> str:
    """The type's default as a register."""
    return text_constant(out, type_, "") if type_.kind is Kind.TEXT else constant(type_, type_.default)


def load_at(out: BodyWriter, type_: Elementary, pointer: str, place: Place) -> str:
    """The value behind a pointer to a place; any byte other than 0 is a TRUE."""
    if type_.kind is Kind.TEXT:
        return load_text(out, type_, pointer)
    alignment = alignment_at(type_, place)
    value = out.temp(f"load {memory_type(type_)}, ptr {pointer}, align {alignment}, {tag_of(place)}")
    return out.temp(f"icmp ne i8 {value}, 0") if type_.kind is Kind.BOOL else value


def alignment_at(type_: Elementary, place: Place) -> int:
    """What the address of a value at a place is known to be a multiple of."""
    return type_.alignment if place.followed is None else place.followed.alignment


def store_at(
    out: BodyWriter, type_: Elementary, value: str, pointer: str, tag: str = TAG_VARIABLE, alignment: int = 0
) -> None:
    """Store a value at a pointer; `tag` says to what, usually a variable, which lies aligned unless it is said."""
    if type_.kind is Kind.TEXT:
        store_text(out, type_, value, pointer)
        return
    if type_.kind is Kind.BOOL:
        value = out.temp(f"zext i1 {value} to i8")
    out.line(f"store {memory_type(type_)} {value}, ptr {pointer}, align {alignment or type_.alignment}, {tag}")


def quiet(out: BodyWriter, type_: Elementary, value: str) -> str:
    """A real, a NaN as the one quiet NaN: for a store through a pointer, where something else than a real may lie.

    Which NaN an operation makes is the processor's affair. To do so at every store would double the time of a scan.
    """
    real = memory_type(type_)
    is_nan = out.temp(f"fcmp uno {real} {value}, {value}")
    return out.temp(f"select i1 {is_nan}, {real} {_QUIET_NAN}, {real} {value}")


_QUIET_NAN = "0x7FF8000000000000"
"""As LLVM writes it, for both widths."""


def _base(place: Place) -> str:
    match place.base:
        case Base.APP:
            return "%app"
        case Base.SELF:
            return "%self"
        case Base.FRAME:
            return "%frame"
        case Base.REF:
            return f"%ref{place.param}"
        case Base.POINTER:
            raise AssertionError("a followed pointer has its own way to an address")


def _followed(out: BodyWriter, place: Place, followed: Followed, bad: str, evaluate: Evaluate) -> str:
    """A pointer to what a program's pointer leads to; all that is checked is checked in one branch."""
    held = evaluate(out, followed.pointer)
    low, high = part_of(out, held, LOW_BIT), part_of(out, held, HIGH_BIT)
    at = moved(out, place, part_of(out, held, OFFSET_BIT), bad, evaluate)
    behind = out.temp(f"add i64 {at}, {followed.size}")
    mark = out.temp(f"lshr i64 {part_of(out, held, 0)}, {MARK_BIT}")
    held_up = [
        out.temp(f"icmp eq i64 {mark}, {followed.mark >> MARK_BIT}"),
        out.temp(f"icmp uge i64 {low}, {appmemory.HEADER_SIZE}"),
        out.temp(f"icmp uge i64 {at}, {low}"),
        out.temp(f"icmp ule i64 {behind}, {high}"),
        out.temp(f"icmp ule i64 {high}, {followed.end}"),
    ]
    if followed.alignment > 1:
        odd = out.temp(f"and i64 {at}, {followed.alignment - 1}")
        held_up.append(out.temp(f"icmp eq i64 {odd}, 0"))
    good = held_up[0]
    for condition in held_up[1:]:
        good = out.temp(f"and i1 {good}, {condition}")
    out.fault_unless(good, followed.site, bad)
    return out.temp(f"getelementptr inbounds i8, ptr %app, i64 {at}")


def part_of(out: BodyWriter, held: str, bit: int) -> str:
    """32 bits of a pointer, as i64."""
    shifted = out.temp(f"lshr i128 {held}, {bit}") if bit else held
    return out.temp(f"and i64 {out.temp(f'trunc i128 {shifted} to i64')}, {(1 << 32) - 1}")


def moved(out: BodyWriter, place: Place, at: str, bad: str, evaluate: Evaluate) -> str:
    """An offset (i64) with that of a place, its step a round and its subscripts added."""
    if place.offset:
        at = out.temp(f"add i64 {at}, {place.offset}")
    if isinstance(place, SteppedPlace) and place.step:
        at = out.temp(f"add i64 {at}, {out.temp(f'mul i64 {out.round}, {place.step}')}")
    return indexed(out, place.indices, at, bad, evaluate)


def indexed(out: BodyWriter, indices: tuple[Index, ...], at: str, bad: str, evaluate: Evaluate) -> str:
    """An offset (i64) with subscripts added."""
    for index in indices:
        at = out.temp(f"add i64 {at}, {_checked(out, index, bad, evaluate)}")
    return at


def _checked(out: BodyWriter, index: Index, bad: str, evaluate: Evaluate) -> str:
    """Bytes to add for a subscript. One unsigned compare checks both bounds: below `low` wraps to a large number."""
    value = evaluate(out, index.value)
    steps = out.temp(f"sub i64 {value}, {index.low}") if index.low else value
    span = integer_constant(max(index.high - index.low + 1, 0), 64)
    out.fault_unless(out.temp(f"icmp ult i64 {steps}, {span}"), index.site, bad)
    return out.temp(f"mul i64 {steps}, {index.stride}") if index.stride != 1 else steps


def tag_of(place: Place) -> str:
    """The alias tag of what lies at a place."""
    if place.base is not Base.APP or place.offset >= appmemory.HEADER_SIZE:
        return TAG_VARIABLE
    return TAG_CLOCK if place.offset in _CLOCK_FIELDS else TAG_ACCOUNT
