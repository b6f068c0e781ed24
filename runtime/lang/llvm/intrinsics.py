"""The functions that both back ends know, on registers."""

from runtime.core.elementary import LINT, Elementary, Kind
from runtime.lang import libm
from runtime.lang.llvm import texts
from runtime.lang.llvm.conversions import real_to_integer
from runtime.lang.llvm.types import register_type
from runtime.lang.llvm.writer import BodyWriter

Typed = tuple[str, Elementary]
"""A register and the type of its value."""


def intrinsic(out: BodyWriter, name: str, type_: Elementary, arguments: list[Typed], site: int) -> str:
    """An `Intrinsic` node on evaluated arguments."""
    registers = [register for register, _ in arguments]
    if name in texts.FUNCTIONS:
        return texts.text_function(out, name, type_, registers, arguments[0][1])
    match name:
        case "SQRT":
            # Correctly rounded by IEEE 754, so the instruction gives what libm gives.
            return _real_intrinsic(out, "sqrt", type_, registers[0])
        case "ABS":
            return _absolute(out, type_, registers[0])
        case "MIN" | "MAX":
            return _fold(out, name, type_, registers)
        case "LIMIT":
            low, value, high = registers
            return _fold(out, "MIN", type_, [_fold(out, "MAX", type_, [value, low]), high])
        case "SEL":
            return _select(out, registers[0], type_, registers[2], registers[1])
        case "MUX":
            return _multiplex(out, type_, registers)
        case "SHL" | "SHR":
            return _shift(out, name, type_, registers)
        case "ROL" | "ROR":
            return _rotate(out, name, type_, registers)
        case "TRUNC":
            return real_to_integer(out, registers[0], arguments[0][1], type_, site)
    return _libm_call(out, name, type_, registers)


def _libm_call(out: BodyWriter, name: str, type_: Elementary, registers: list[str]) -> str:
    symbol, real = libm.native_symbol(name, type_), register_type(type_)
    out.libm[symbol] = f"declare {real} @{symbol}({', '.join([real] * len(registers))}) #0"
    return out.temp(f"call {real} @{symbol}({', '.join(f'{real} {register}' for register in registers)})")


def _real_intrinsic(out: BodyWriter, name: str, type_: Elementary, register: str) -> str:
    real = register_type(type_)
    return out.temp(f"call {real} @llvm.{name}.f{type_.size * 8}({real} {register})")


def _absolute(out: BodyWriter, type_: Elementary, register: str) -> str:
    if type_.kind is Kind.REAL:
        return _real_intrinsic(out, "fabs", type_, register)
    if not type_.is_signed:
        return register
    integer = register_type(type_)
    return out.temp(f"call {integer} @llvm.abs.{integer}({integer} {register}, i1 false)")


def _fold(out: BodyWriter, name: str, type_: Elementary, registers: list[str]) -> str:
    """MIN or MAX: a later one replaces the one held only when it compares less (greater)."""
    relation = "lt" if name == "MIN" else "gt"
    order = "fcmp o" if type_.kind is Kind.REAL else "icmp s" if type_.is_signed else "icmp u"
    held = registers[0]
    for register in registers[1:]:
        if type_.kind is Kind.TEXT:
            better = texts.compare_text(out, type_, relation, register, held)
            held = _select(out, better, type_, register, held)
            continue
        better = out.temp(f"{order}{relation} {register_type(type_)} {register}, {held}")
        held = _select(out, better, type_, register, held)
    return held


def _select(out: BodyWriter, condition: str, type_: Elementary, then: str, otherwise: str) -> str:
    register = register_type(type_)
    return out.temp(f"select i1 {condition}, {register} {then}, {register} {otherwise}")


def _multiplex(out: BodyWriter, type_: Elementary, registers: list[str]) -> str:
    """The k-th input; k below 0 takes the first, past the end the last."""
    which, *inputs = registers
    chosen = inputs[-1]
    for i in range(len(inputs) - 2, -1, -1):
        reached = out.temp(f"icmp sle i64 {which}, {i}")
        chosen = _select(out, reached, type_, inputs[i], chosen)
    return chosen


def _shift(out: BodyWriter, name: str, type_: Elementary, registers: list[str]) -> str:
    """A shift; by the width or more it gives 0 or all signs, which LLVM's own shift leaves undefined."""
    value, count = registers
    bits = register_type(type_)
    amount = _not_negative(out, count)
    if name == "SHR" and type_.is_signed:
        most = _fold(out, "MIN", LINT, [amount, str(type_.bits - 1)])
        return out.temp(f"ashr {bits} {value}, {_narrow(out, most, type_)}")
    within = out.temp(f"and i64 {amount}, {type_.bits - 1}")
    operation = "shl" if name == "SHL" else "lshr"
    moved = out.temp(f"{operation} {bits} {value}, {_narrow(out, within, type_)}")
    far = out.temp(f"icmp sge i64 {amount}, {type_.bits}")
    return out.temp(f"select i1 {far}, {bits} {'false' if bits == 'i1' else '0'}, {bits} {moved}")


def _rotate(out: BodyWriter, name: str, type_: Elementary, registers: list[str]) -> str:
    """A rotation; the funnel shift takes its amount modulo the width."""
    value, count = registers
    bits = register_type(type_)
    if type_.kind is Kind.BOOL:
        return value
    amount = _narrow(out, _not_negative(out, count), type_)
    funnel = "fshl" if name == "ROL" else "fshr"
    return out.temp(f"call {bits} @llvm.{funnel}.{bits}({bits} {value}, {bits} {value}, {bits} {amount})")


def _not_negative(out: BodyWriter, count: str) -> str:
    return _fold(out, "MAX", LINT, [count, "0"])


def _narrow(out: BodyWriter, amount: str, type_: Elementary) -> str:
    if type_.bits == 64:
        return amount
    return out.temp(f"{'zext' if type_.bits > 64 else 'trunc'} i64 {amount} to {register_type(type_)}")
