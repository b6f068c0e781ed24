"""Function blocks as classes, and interfaces (IEC 61131-3, 3rd edition, 6.6.5 and 6.6.6).

A block that EXTENDS another holds the other's variables first, then its own: a method of the base runs on it unchanged.
What a method or body calls through THIS is found from the type of the instance, so each inherited method is compiled
once for each type that runs it, and no instance needs to say at run time what it is. Only an interface variable does:
it carries the number of the type beside the offset of the instance (ir.Dispatch).

Differs from the standard: without an access specifier a method is PUBLIC, as common tools have it.
"""

from collections.abc import Iterator

from runtime.core.diagnostic import Label
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.symbols import PouSymbol, PropertySymbol, Symbols, suggest
from runtime.lang.semantics.variables import VarSymbol


def collect(report: Report, symbols: Symbols, pou: PouSymbol) -> None:
    """Enter the methods and properties of a block or interface."""
    seen: dict[str, tree.Ident] = {}
    nodes: list[tree.Pou | tree.Property] = [*pou.tree.methods, *pou.tree.properties]
    for node in nodes:
        if node.name.key in seen:
            label = Label(seen[node.name.key].span, "first declared here")
            message = f"'{node.name.text}' is declared twice"
            report.error("L3005", message, node.name.span, "a second time", label)
            continue
        seen[node.name.key] = node.name
        if isinstance(node, tree.Pou):
            pou.methods[node.name.key] = PouSymbol(node.name.text, "METHOD", node, pou.library, owner=pou)
            symbols.method_names.add(node.name.key)
        else:
            pou.properties[node.name.key] = _property(pou, node)
            symbols.property_names.add(node.name.key)


def _property(pou: PouSymbol, node: tree.Property) -> PropertySymbol:
    made: dict[str, PouSymbol | None] = {"get": None, "set": None}
    for accessor, method in (("get", node.get), ("set", node.set)):
        if method is not None:
            symbol = PouSymbol(node.name.text, "METHOD", method, pou.library, owner=pou, accessor=accessor)
            made[accessor] = symbol
    return PropertySymbol(node.name.text, node.name.span, made["get"], made["set"])


def find_parents(report: Report, symbols: Symbols, pou: PouSymbol) -> None:
    """Find what a block or interface extends and implements; a base is declared first."""
    is_interface = pou.kind == "INTERFACE"
    if not is_interface and len(pou.tree.extends) > 1:
        surplus = pou.tree.extends[1]
        report.error("L7001", f"{pou.name} extends more than one block", surplus.span, "one too many")
    for name in pou.tree.extends:
        parent = _parent(report, symbols, name, "INTERFACE" if is_interface else "FUNCTION_BLOCK")
        if parent is None:
            continue
        if parent.declaring or parent is pou:
            report.error("L3011", f"{pou.name} extends itself", name.span, "in the end this is the same")
            continue
        symbols.declare(parent)
        if is_interface:
            pou.interfaces.append(parent)
        elif pou.base is None:
            pou.base = parent
            if parent.has("FINAL"):
                label = Label(parent.tree.name.span, "declared FINAL here")
                report.error("L7002", f"{parent.name} is FINAL", name.span, "cannot be extended", label)
    for name in pou.tree.implements:
        parent = _parent(report, symbols, name, "INTERFACE")
        if parent is not None:
            symbols.declare(parent)
            pou.interfaces.append(parent)


def _parent(report: Report, symbols: Symbols, name: tree.Ident, kind: str) -> PouSymbol | None:
    found = symbols.pous.get(name.key)
    if found is not None and found.kind == kind:
        return found
    if name.key in symbols.lost:
        return None
    if found is not None:
        label = Label(found.tree.name.span, f"declared {found.kind} here")
        mend = "an interface is named behind IMPLEMENTS" if found.kind == "INTERFACE" else ""
        message = f"{name.text} is no {kind}"
        report.error("L7001", message, name.span, "cannot stand here", label, help=mend)
        return None
    known = [p.name for p in symbols.pous.values() if p.kind == kind]
    report.error("L7001", f"unknown {kind} '{name.text}'", name.span, "not declared", help=suggest(name.text, known))
    return None


def inherited(pou: PouSymbol) -> dict[str, VarSymbol]:
    """The variables a block has from its base, by name."""
    if pou.base is None:
        return {}
    return {k: s for k, s in pou.base.variables.items() if s.section != "VAR_TEMP"}


def lineage(pou: PouSymbol | None) -> Iterator[PouSymbol]:
    """The block, its base, the base of that, and so on."""
    seen: list[PouSymbol] = []
    while pou is not None and pou not in seen:
        seen.append(pou)
        yield pou
        pou = pou.base


def interfaces_of(pou: PouSymbol) -> list[PouSymbol]:
    """All interfaces a block implements, or an interface is, itself and inherited ones included."""
    found: list[PouSymbol] = [pou] if pou.kind == "INTERFACE" else []
    for block in lineage(pou):
        for interface in block.interfaces:
            found += [i for i in interfaces_of(interface) if i not in found]
    return found


def find_method(pou: PouSymbol | None, key: str) -> PouSymbol | None:
    """The method of this name that an instance of the block runs, or that an interface asks for."""
    return next((h.methods[key] for h in homes_of(pou) if key in h.methods), None)


def find_property(pou: PouSymbol | None, key: str) -> PropertySymbol | None:
    """The property of this name; an accessor that a block does not have itself is the one it inherits."""
    homes = [h.properties[key] for h in homes_of(pou) if key in h.properties]
    if not homes:
        return None
    get = next((p.get for p in homes if p.get is not None), None)
    set_ = next((p.set for p in homes if p.set is not None), None)
    return PropertySymbol(homes[0].name, homes[0].span, get, set_)


def homes_of(pou: PouSymbol | None) -> list[PouSymbol]:
    """Where the methods of a block or interface are declared: itself, then what it inherits from."""
    if pou is None:
        return []
    return interfaces_of(pou) if pou.kind == "INTERFACE" else list(lineage(pou))


def counterpart(pou: PouSymbol, method: PouSymbol) -> PouSymbol | None:
    """What an instance of the block runs for a method or accessor of an interface or base."""
    if not method.accessor:
        return find_method(pou, method.name.lower())
    found = find_property(pou, method.name.lower())
    return (found.get if method.accessor == "get" else found.set) if found is not None else None


def own_methods(pou: PouSymbol) -> list[PouSymbol]:
    """The methods and accessors declared in the block or interface itself, in order."""
    accessors = [a for p in pou.properties.values() for a in (p.get, p.set) if a is not None]
    return [*pou.methods.values(), *accessors]


def numbered(symbols: Symbols) -> list[PouSymbol]:
    """All types an interface variable or a reference to a base may lead to; a type's number is its place, from 1."""
    every = [p for p in symbols.pous.values() if p.kind == "FUNCTION_BLOCK"]
    for block in every:
        symbols.declare(block)
    bases = {id(b.base) for b in every if b.base is not None}
    found = [b for b in every if b.base is not None or id(b) in bases or interfaces_of(b)]
    return [b for b in found if not b.has("ABSTRACT")]


def number_of(symbols: Symbols, block: PouSymbol) -> int:
    """The number of a block's type; 0 when it has none."""
    known = numbered(symbols)
    return known.index(block) + 1 if block in known else 0


def family(symbols: Symbols, base: PouSymbol) -> list[tuple[int, PouSymbol]]:
    """The block and all that extend it, where there are instances of them, with their numbers."""
    return [(n, b) for n, b in enumerate(numbered(symbols), 1) if base in lineage(b)]


def extends(symbols: Symbols, block: PouSymbol, base: PouSymbol) -> bool:
    """Whether an instance of the block is one of the base as well."""
    symbols.declare(block)
    return base in lineage(block)


def implementers(symbols: Symbols, interface: PouSymbol) -> list[tuple[int, PouSymbol]]:
    """The types that implement an interface, with their numbers."""
    return [(n, b) for n, b in enumerate(numbered(symbols), 1) if interface in interfaces_of(b)]
