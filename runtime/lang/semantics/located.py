"""Variables with AT: whether an address suits them, and the copies between bits and what the world outside sees."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.core.elementary import BOOL, BYTE
from runtime.lang import ir, tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.addresses import AREA_BYTES_MAX, DIRECT, Address, Areas, read_address
from runtime.lang.semantics.types import (
    ArrayType,
    InterfaceType,
    RefType,
    StructType,
    Type,
    Unknown,
    alignment_of,
    contains_block,
    name_of,
    size_of,
    storage_of,
)
from runtime.lang.semantics.variables import VarSymbol


@dataclass(frozen=True, slots=True)
class Link:
    """A variable of an instance that VAR_CONFIG gives an address: its offset, its size in bytes, and where."""

    offset: int
    size: int
    area: str
    byte: int
    bit: int


ENTERING, LEAVING = "LOCATED BITS IN!", "LOCATED BITS OUT!"
"""Names of the bodies that run before and after the programs of a task; no program can be called that."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A bit and its cell, with what the cell was when it was last written; offsets in application memory."""

    byte: int
    bit: int
    cell: int
    shown: int


def check_address(report: Report, ident: tree.Ident) -> Address | None:
    """The address as written; None after its mistake was reported."""
    found = read_address(ident.text)
    if isinstance(found, Address):
        return found
    report.error("L3306", f"{ident.text} is no address", ident.span, found)
    return None


def locate(report: Report, areas: Areas, where: str, symbol: VarSymbol, at: tree.Ident) -> None:
    """Give a variable its address, if both suit each other; `where` is the kind of POU, empty for a VAR_GLOBAL."""
    address = check_address(report, at)
    if address is None or not _may_stand(report, where, symbol, at, address):
        return
    if isinstance(symbol.type, Unknown) or not check_width(report, symbol.type, at, address):
        return
    if not address.is_open:
        end = address.offset + size_of(symbol.type)
        if end > AREA_BYTES_MAX:
            report.error(
                "L3306", f"{symbol.name} ends behind the area", at.span, f"an area holds {AREA_BYTES_MAX} bytes"
            )
            return
        areas.reach(address.area, end)
    symbol.address = address
    if address.area == "I":
        symbol.reason_read_only = f"'{symbol.name}' is an input"


def _may_stand(report: Report, where: str, symbol: VarSymbol, at: tree.Ident, address: Address) -> bool:
    if symbol.constant:
        report.error("L3307", f"'{symbol.name}' is a constant", at.span, "an address is for what changes")
        return False
    if address.is_open:
        allowed, mend = where in ("FUNCTION_BLOCK", "PROGRAM"), "only VAR of a FUNCTION_BLOCK or PROGRAM leaves it open"
    else:
        allowed = where in ("", "PROGRAM")
        mend = f"write AT %{address.area}* and say in VAR_CONFIG where it is for each instance, or use VAR_GLOBAL"
    if not allowed or symbol.section not in ("VAR", "VAR_GLOBAL"):
        place = f"{symbol.section} of a {where}" if where else symbol.section
        report.error("L3307", f"{at.text} stands in {place}", at.span, "no address can stand here", help=mend)
        return False
    return True


def check_width(report: Report, kind: Type, at: tree.Ident, address: Address) -> bool:
    """Whether a type suits an address; else that is reported."""
    storage, direct = storage_of(kind), DIRECT[address.size]
    if contains_block(kind) or _holds_reference(kind):
        message, text = f"{name_of(kind)} cannot have an address", "instances and references have none"
        report.error("L3308", message, at.span, text)
        return False
    if storage is not None and (storage.size != direct.size or (storage == BOOL) != (direct == BOOL)):
        if address.is_open and at.text[2:3] == "*":
            return True
        bits = 1 if direct == BOOL else direct.size * 8
        right = "X" if storage == BOOL else {1: "B", 2: "W", 4: "D", 8: "L"}.get(storage.size, "B")
        message = f"{name_of(kind)} is not as wide as {at.text}"
        mend = f"write %{address.area}{right}…"
        report.error("L3308", message, at.span, f"{bits} bit{'s' if bits > 1 else ''}", help=mend)
        return False
    if storage is None and (address.bit >= 0 or address.offset % alignment_of(kind)):
        message = f"{name_of(kind)} cannot begin at {at.text}"
        mend = f"take a byte that is a multiple of {alignment_of(kind)}"
        report.error("L3308", message, at.span, "not aligned for it", help=mend)
        return False
    return True


def _holds_reference(kind: Type) -> bool:
    match kind:
        case RefType() | InterfaceType():
            return True
        case ArrayType():
            return _holds_reference(kind.element)
        case StructType():
            return any(_holds_reference(m.type) for m in kind.members)
        case _:
            return False


def place_at(areas: Areas, symbol: VarSymbol) -> None:
    """Once the areas lie somewhere: the variable lies in them."""
    assert symbol.address is not None
    symbol.place, symbol.bit = ir.Place(ir.Base.APP, areas.offset(symbol.address)), symbol.address.bit


def entering(mirrors: Sequence[Mirror], links: Sequence[Link]) -> ir.Body:
    """Before the programs of a task: cells that were written from outside into their bits, areas into instances."""
    block = [_taken_over(m) for m in mirrors]
    for link in links:
        if link.area != "Q" and link.bit >= 0:
            block.append(ir.Assign(_at(link.offset), BOOL, _bit(link.byte, link.bit)))
        elif link.area != "Q":
            block.append(ir.Copy(_at(link.offset), _at(link.byte), link.size))
    return ir.Body(ENTERING, "PROGRAM", tuple(block), b"", may_cut=False)


def leaving(mirrors: Sequence[Mirror], links: Sequence[Link]) -> ir.Body:
    """After them: instances into areas, and the cells show the bits."""
    block: list[ir.Statement] = []
    for link in links:
        if link.area != "I" and link.bit >= 0:
            block.append(_set(link.byte, link.bit, ir.Load(BOOL, _at(link.offset))))
        elif link.area != "I":
            block.append(ir.Copy(_at(link.byte), _at(link.offset), link.size))
    for mirror in mirrors:
        block.append(ir.Assign(_at(mirror.cell), BOOL, _bit(mirror.byte, mirror.bit)))
        block.append(ir.Assign(_at(mirror.shown), BOOL, ir.Load(BOOL, _at(mirror.cell))))
    return ir.Body(LEAVING, "PROGRAM", tuple(block), b"", may_cut=False)


def _taken_over(mirror: Mirror) -> ir.Statement:
    cell = ir.Load(BOOL, _at(mirror.cell))
    changed = ir.Binary(BOOL, "xor", cell, ir.Load(BOOL, _at(mirror.shown)))
    return ir.If(((changed, (_set(mirror.byte, mirror.bit, cell),)),), ())


def _bit(byte: int, bit: int) -> ir.Expr:
    return ir.Convert(BOOL, ir.Binary(BYTE, "and", ir.Load(BYTE, _at(byte)), ir.Const(BYTE, 1 << bit)))


def _set(byte: int, bit: int, value: ir.Expr) -> ir.Statement:
    rest = ir.Binary(BYTE, "and", ir.Load(BYTE, _at(byte)), ir.Const(BYTE, 0xFF & ~(1 << bit)))
    chosen = ir.Intrinsic(BYTE, "SEL", (value, ir.Const(BYTE, 0), ir.Const(BYTE, 1 << bit)))
    return ir.Assign(_at(byte), BYTE, ir.Binary(BYTE, "or", rest, chosen))


def _at(offset: int) -> ir.Place:
    return ir.Place(ir.Base.APP, offset)
