"""Partial access: one bit, byte, word or double word of a bit string or whole number (IEC 61131-3, 3rd edition, 6.5.4).

Memory is little-endian, so that part number n of s bytes lies n * s bytes further, and bit n in byte n / 8.
"""

from dataclasses import replace

from runtime.core.elementary import BOOL, BYTE, DWORD, LWORD, WORD, Elementary, Kind
from runtime.lang import ir, tree
from runtime.lang.lower.context import Context
from runtime.lang.lower.ref import Ref, moved, touched
from runtime.lang.semantics.types import name_of, storage_of

_PARTS = {"B": BYTE, "W": WORD, "D": DWORD, "L": LWORD}
_WORDS = {"X": "bits", "B": "bytes", "W": "words", "D": "double words", "L": "long words"}


def part(ctx: Context, base: Ref, node: tree.Partial) -> Ref | None:
    """The part as a variable of its own; None after a mistake was reported."""
    storage = storage_of(base.type)
    kinds = (Kind.BITS, Kind.SIGNED, Kind.UNSIGNED)
    if storage is None or not isinstance(base.type, Elementary) or storage.kind not in kinds or base.place is None:
        message = f"{name_of(base.type)} has no {_WORDS[node.size]}"
        mend = "bit strings and whole numbers have"
        ctx.report.error("L2014", message, node.span, "a part", base.declared, help=mend)
        return None
    count = storage.size * 8 if node.size == "X" else storage.size // _PARTS[node.size].size
    if node.number >= count:
        last = f"the last is number {count - 1}" if count else "it is too short"
        message = f"{storage.name} has {count} {_WORDS[node.size]}"
        ctx.report.error("L5002", message, node.span, "no such part", base.declared, help=last)
        return None
    if node.size == "X":
        byte = touched(moved(base.place, node.number // 8), BYTE)
        return replace(base, type=BOOL, span=node.span, place=byte, bit=node.number % 8, whole=None)
    kind = _PARTS[node.size]
    found = touched(moved(base.place, node.number * kind.size), kind)
    return replace(base, type=kind, span=node.span, place=found, whole=None)


def bit_of(byte: ir.Place, bit: int) -> ir.Expr:
    """The value of a bit of the byte at a place."""
    return ir.Convert(BOOL, ir.Binary(BYTE, "and", ir.Load(BYTE, byte), ir.Const(BYTE, 1 << bit)))


def set_bit(ctx: Context, byte: ir.Place, bit: int, value: ir.Expr) -> ir.Statement:
    """Give a bit of the byte at a place a value: a call with the byte by reference, so that indices count once."""
    setter = bit_setter(bit)
    ctx.bit_movers[setter.name] = setter
    ctx.cost += 1
    return ir.Evaluate(ir.Call(None, setter.name, (value,), (byte,)))


def bit_setter(bit: int) -> ir.Body:
    """The body that sets one bit of a byte; its name cannot be written in a program."""
    byte = ir.Place(ir.Base.REF, 0, param=0)
    rest = ir.Binary(BYTE, "and", ir.Load(BYTE, byte), ir.Const(BYTE, 0xFF & ~(1 << bit)))
    given = ir.Load(BOOL, ir.Place(ir.Base.FRAME, 0))
    chosen = ir.Intrinsic(BYTE, "SEL", (given, ir.Const(BYTE, 0), ir.Const(BYTE, 1 << bit)))
    block = (ir.Assign(byte, BYTE, ir.Binary(BYTE, "or", rest, chosen)),)
    return ir.Body(f"BIT{bit}!", "FUNCTION", block, bytes(1), may_cut=False, values=(ir.Parameter(BOOL, 0),), refs=1)
