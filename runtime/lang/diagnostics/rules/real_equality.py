"""`=` and `<>` of computed REAL values depend on the last bit: a warning.

Comparing with a whole number is left alone (0.0 guards divisions), and so are two variables that were only copied:
both sides must be plain variables then.

Passes:
    PROGRAM p VAR a, b : REAL; q : BOOL; END_VAR q := ABS(a - 0.1) < b; q := q AND a <> 0.0; END_PROGRAM
Fails:
    PROGRAM p VAR a : REAL; q : BOOL; END_VAR q := a = 0.1; END_PROGRAM
"""

from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index import Index, Symbol, SymbolKind
from runtime.lang.index.walk import nodes

CODE = "L9105"
_REAL_TYPES = ("real", "lreal")
_REAL_FUNCTIONS = frozenset({"SQRT", "LN", "LOG", "EXP", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "ATAN2", "EXPT"})
_SAME_AS_OPERANDS = frozenset({"ABS", "MIN", "MAX", "LIMIT", "SEL", "MUX", "MOVE"})


def check(report: Report, index: Index, file: tree.File) -> None:
    """Every comparison in the file's POUs."""
    for pou in index.pous_of(file):
        for node in nodes(pou.pou):
            if isinstance(node, tree.Binary) and node.op in ("=", "<>"):
                sides = (node.left, node.right)
                if any(_is_real(index, s) for s in sides) and any(_rounded(s) for s in sides):
                    message = "REAL values are compared for exact equality"
                    mend = "compare the distance: ABS(a - b) < tolerance"
                    report.warning(CODE, message, node.span, "rounding decides", help=mend)


def _rounded(node: tree.Expr) -> bool:
    """True for what rounding went into: arithmetic, calls, and literals that are not whole numbers."""
    match node:
        case tree.Group():
            return _rounded(node.inner)
        case tree.Unary():
            return _rounded(node.operand)
        case tree.Literal():
            text = node.text.split("#")[-1].replace("_", "")
            return "." in text and not float(text).is_integer()
        case tree.Binary():
            return node.op in ("+", "-", "*", "/", "**")
        case tree.CallExpr():
            return not (isinstance(node.callee, tree.Name) and node.callee.text.upper() in _SAME_AS_OPERANDS)
        case _:
            return False


def _is_real(index: Index, node: tree.Expr) -> bool:
    match node:
        case tree.Group():
            return _is_real(index, node.inner)
        case tree.Unary():
            return _is_real(index, node.operand)
        case tree.Binary():
            return node.op in ("+", "-", "*", "/", "**") and (_is_real(index, node.left) or _is_real(index, node.right))
        case tree.Literal():
            return "." in node.text and "#" not in node.text
        case tree.Subscript():
            return _is_real(index, node.base)
        case tree.Name():
            return _of_real_type(index, node.span.line, node.span.column, node.span.source.name)
        case tree.Field():
            return _of_real_type(index, node.name.span.line, node.name.span.column, node.span.source.name)
        case tree.CallExpr():
            return _gives_real(index, node)
        case _:
            return False


def _gives_real(index: Index, node: tree.CallExpr) -> bool:
    name = node.callee.text.upper() if isinstance(node.callee, tree.Name) else ""
    found = index.declared.pous.get(name.lower())
    if found is not None:
        return found.kind is SymbolKind.FUNCTION and _spec_is_real(index, found.spec)
    if name in _SAME_AS_OPERANDS:
        return any(_is_real(index, arg.value) for arg in node.args)
    return name in _REAL_FUNCTIONS or name.endswith(("TO_REAL", "TO_LREAL"))


def _of_real_type(index: Index, line: int, column: int, file: str) -> bool:
    use = index.at(file, line, column)
    symbol: Symbol | None = use.symbol if use is not None else None
    return symbol is not None and symbol.pou is None and _spec_is_real(index, symbol.spec)


def _spec_is_real(index: Index, spec: tree.TypeSpec | None) -> bool:
    while isinstance(spec, tree.ArrayType):
        spec = spec.element
    if not isinstance(spec, tree.NamedType):
        return False
    alias = index.declared.types.get(spec.key)
    named = alias.spec if alias is not None else spec
    return isinstance(named, tree.NamedType) and named.key in _REAL_TYPES
