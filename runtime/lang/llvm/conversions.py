"""Conversions between elementary types, defined for every input."""

from runtime.core.elementary import Elementary, Kind
from runtime.lang.llvm.texts import convert_text, first_character
from runtime.lang.llvm.types import real_constant, register_type
from runtime.lang.llvm.writer import BodyWriter


def convert(out: BodyWriter, value: str, source: Elementary, to: Elementary, site: int) -> str:
    """A `Convert` node: the register `value` of type `source` as type `to`."""
    if to.kind is Kind.TEXT:
        return convert_text(out, value, source, to)
    if source.kind is Kind.TEXT:
        return first_character(out, value, to)
    if to.kind is Kind.BOOL:
        return _to_bool(out, value, source)
    if source.kind is Kind.REAL:
        if to.kind is Kind.REAL:
            return _real_to_real(out, value, source, to)
        return real_to_integer(out, _round_half_even(out, value, source), source, to, site)
    if to.kind is Kind.REAL:
        operation = "sitofp" if source.is_signed else "uitofp"
        return out.temp(f"{operation} {register_type(source)} {value} to {register_type(to)}")
    return _integer_to_integer(out, value, source, to)


def real_to_integer(out: BodyWriter, value: str, source: Elementary, to: Elementary, site: int) -> str:
    """A real towards zero into an integer type, saturating; NaN gives 0 and faults."""
    real, integer = register_type(source), register_type(to)
    out.fault_unless(out.temp(f"fcmp ord {real} {value}, 0.0"), site)
    sign, width = "s" if to.is_signed else "u", source.size * 8
    return out.temp(f"call {integer} @llvm.fpto{sign}i.sat.{integer}.f{width}({real} {value})")


def _to_bool(out: BodyWriter, value: str, source: Elementary) -> str:
    if source.kind is Kind.BOOL:
        return value
    if source.kind is Kind.REAL:
        return out.temp(f"fcmp une {register_type(source)} {value}, 0.0")
    return out.temp(f"icmp ne {register_type(source)} {value}, 0")


def _real_to_real(out: BodyWriter, value: str, source: Elementary, to: Elementary) -> str:
    if source.size == to.size:
        return value
    operation = "fpext" if to.size > source.size else "fptrunc"
    return out.temp(f"{operation} {register_type(source)} {value} to {register_type(to)}")


def _integer_to_integer(out: BodyWriter, value: str, source: Elementary, to: Elementary) -> str:
    if source.bits == to.bits:
        return value
    operation = "trunc" if to.bits < source.bits else "sext" if source.is_signed else "zext"
    return out.temp(f"{operation} {register_type(source)} {value} to {register_type(to)}")


def _round_half_even(out: BodyWriter, value: str, source: Elementary) -> str:
    """Rounded to a whole number in the rounding mode that is always set, ties to even.

    Adding and subtracting 2 ** (significand's width) rounds; larger numbers are whole already. llvm.roundeven would
    do it, but becomes a call of a C function on plain x86-64.
    """
    real, suffix = register_type(source), f"f{source.size * 8}"
    whole = real_constant(float(1 << (23 if source.size == 4 else 52)))
    size = out.temp(f"call {real} @llvm.fabs.{suffix}({real} {value})")
    signed = out.temp(f"call {real} @llvm.copysign.{suffix}({real} {whole}, {real} {value})")
    rounded = out.temp(f"fsub {real} {out.temp(f'fadd {real} {value}, {signed}')}, {signed}")
    small = out.temp(f"fcmp olt {real} {size}, {whole}")
    return out.temp(f"select i1 {small}, {real} {rounded}, {real} {value}")
