"""What must hold between a block, its base and its interfaces; each mistake is told at the block that makes it."""

from runtime.core.diagnostic import Label
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.classes import counterpart, interfaces_of, lineage, own_methods
from runtime.lang.semantics.symbols import PouSymbol, Symbols
from runtime.lang.semantics.types import Type, name_of, same


def check_class(report: Report, symbols: Symbols, pou: PouSymbol) -> None:
    """Check a declared block or interface against what it extends and implements."""
    for method in own_methods(pou):
        symbols.declare(method)
        _check_body(report, pou, method)
        if pou.kind == "FUNCTION_BLOCK":
            _check_override(report, symbols, pou, method)
    if pou.kind == "FUNCTION_BLOCK":
        _check_complete(report, symbols, pou)


def _check_body(report: Report, pou: PouSymbol, method: PouSymbol) -> None:
    name = method.tree.name
    if pou.kind == "INTERFACE":
        if method.tree.body:
            mend = "move the statements into the blocks that implement it"
            report.error("L7006", "a method of an interface has no body", name.span, "has statements", help=mend)
        return
    if not method.has("ABSTRACT"):
        return
    if not pou.has("ABSTRACT"):
        label = Label(pou.tree.name.span, "not ABSTRACT")
        mend = f"declare FUNCTION_BLOCK ABSTRACT {pou.name}"
        report.error("L7006", f"{method.path} is ABSTRACT, {pou.name} is not", name.span, "abstract", label, help=mend)
    if method.tree.body:
        report.error("L7006", "an ABSTRACT method has no body", name.span, "has statements")


def _check_override(report: Report, symbols: Symbols, pou: PouSymbol, method: PouSymbol) -> None:
    name = method.tree.name
    above = counterpart(pou.base, method) if pou.base is not None else None
    if above is None:
        if method.has("OVERRIDE") and not _is_asked_for(pou, method):
            what = f"{pou.base.name} has no {method.name}" if pou.base is not None else f"{pou.name} extends nothing"
            report.error("L7005", f"{method.path} overrides nothing", name.span, what)
        return
    label = Label(above.tree.name.span, "this one")
    if above.has("FINAL"):
        report.error("L7002", f"{above.path} is FINAL", name.span, "cannot be overridden", label)
    if above.has("PRIVATE"):
        report.error("L7002", f"{above.path} is PRIVATE", name.span, "cannot be overridden", label)
    symbols.declare(above)
    _check_alike(report, method, above, "overrides")


def _is_asked_for(pou: PouSymbol, method: PouSymbol) -> bool:
    return any(counterpart(i, method) is not None for i in interfaces_of(pou))


def _check_complete(report: Report, symbols: Symbols, pou: PouSymbol) -> None:
    for interface in interfaces_of(pou):
        for asked in own_methods(interface):
            symbols.declare(asked)
            found = counterpart(pou, asked)
            if found is None:
                _miss(report, pou, asked, f"{interface.name} asks for it")
                continue
            symbols.declare(found)
            if found.owner is pou or interface in pou.interfaces:
                _check_alike(report, found, asked, "implements")
            if found.has("PRIVATE") or found.has("PROTECTED"):
                label = Label(asked.tree.name.span, "asked for here")
                text = "cannot be reached through the interface"
                report.error("L7007", f"{found.path} is not PUBLIC", found.tree.name.span, text, label)
    if pou.has("ABSTRACT"):
        return
    for block in lineage(pou):
        for method in own_methods(block):
            found = counterpart(pou, method)
            if found is not None and found.has("ABSTRACT") and found is method and block is not pou:
                _miss(report, pou, method, f"{block.name} leaves it ABSTRACT")


def _miss(report: Report, pou: PouSymbol, asked: PouSymbol, reason: str) -> None:
    what = {"": "method", "get": "GET of property", "set": "SET of property"}[asked.accessor]
    label = Label(asked.tree.name.span, reason)
    mend = f"write it in {pou.name}, or declare {pou.name} ABSTRACT"
    message = f"{pou.name} lacks the {what} {asked.name}"
    report.error("L7003", message, pou.tree.name.span, "incomplete", label, help=mend)


def _check_alike(report: Report, method: PouSymbol, model: PouSymbol, verb: str) -> None:
    mine, its = _signature(method), _signature(model)
    fits = len(mine) == len(its) and all(a[:2] == b[:2] and same(a[2], b[2]) for a, b in zip(mine, its, strict=True))
    if fits and _same_result(method.result, model.result):
        return
    label = Label(model.tree.name.span, f"{_shown(model)}")
    message = f"{method.path} differs from {model.path}, which it {verb}"
    report.error("L7004", message, method.tree.name.span, f"{_shown(method)}", label)


def _signature(method: PouSymbol) -> list[tuple[str, str, Type]]:
    parameters = [s for s in method.variables.values() if s.section in ("VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT")]
    return [(s.name.lower(), s.section, s.type) for s in parameters]


def _same_result(mine: Type | None, its: Type | None) -> bool:
    return mine is its if mine is None or its is None else same(mine, its)


def _shown(method: PouSymbol) -> str:
    letters = {"VAR_INPUT": "", "VAR_OUTPUT": "=> ", "VAR_IN_OUT": "in out "}
    listed = ", ".join(f"{letters[section]}{name} : {name_of(kind)}" for name, section, kind in _signature(method))
    return f"({listed})" + (f" : {name_of(method.result)}" if method.result is not None else "")
