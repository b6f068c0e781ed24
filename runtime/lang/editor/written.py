"""Types, values and declarations as text again."""

from runtime.lang import tree
from runtime.lang.index import Symbol, SymbolKind

_POU_WORDS = {
    SymbolKind.PROGRAM: "PROGRAM",
    SymbolKind.BLOCK: "FUNCTION_BLOCK",
    SymbolKind.FUNCTION: "FUNCTION",
    SymbolKind.METHOD: "METHOD",
    SymbolKind.PROPERTY: "PROPERTY",
}
_CHART_WORDS = {SymbolKind.STEP: "STEP", SymbolKind.TRANSITION: "TRANSITION", SymbolKind.ACTION: "ACTION"}


def type_text(spec: object) -> str:
    """A type as a declaration writes it."""
    match spec:
        case tree.NamedType():
            return spec.text
        case tree.ArrayType():
            bounds = ", ".join(_bounds_text(low, high) for low, high in spec.bounds)
            return f"ARRAY [{bounds}] OF {type_text(spec.element)}"
        case tree.EnumType():
            labels = ", ".join(i.text if v is None else f"{i.text} := {value_text(v)}" for i, v in spec.labels)
            return f"{spec.base.text} ({labels})" if spec.base else f"({labels})"
        case tree.SubrangeType():
            return f"{spec.base.text} ({value_text(spec.low)}..{value_text(spec.high)})"
        case tree.StructType():
            return "STRUCT"
        case tree.ReferenceType():
            return f"REF_TO {type_text(spec.target)}"
        case tree.StringType():
            return f"{spec.word}[{value_text(spec.length)}]"
        case _:
            return ""


def value_text(value: object) -> str:
    """An expression or initial value."""
    match value:
        case tree.Literal() | tree.Name():
            return value.text
        case tree.Field():
            return f"{value_text(value.base)}.{value.name.text}"
        case tree.Subscript():
            return f"{value_text(value.base)}[{', '.join(map(value_text, value.indices))}]"
        case tree.Unary():
            return f"{value.op}{' ' if value.op.isalpha() else ''}{value_text(value.operand)}"
        case tree.Binary():
            return f"{value_text(value.left)} {value.op} {value_text(value.right)}"
        case tree.Group():
            return f"({value_text(value.inner)})"
        case tree.CallExpr():
            return f"{value_text(value.callee)}({', '.join(value_text(a.value) for a in value.args)})"
        case tree.FieldsInit():
            return f"({', '.join(f'{i.text} := {value_text(v)}' for i, v in value.fields)})"
        case tree.ItemsInit():
            return f"[{', '.join(_item_text(n, v) for n, v in value.items)}]"
        case _:
            return "…"


def _item_text(count: int, value: object) -> str:
    return value_text(value) if count == 1 else f"{count}({value_text(value)})"


def declaration_text(symbol: Symbol) -> str:
    """A symbol's declaration on one line: `p_kw : REAL := 0.0`, `FUNCTION LIMIT_KW : REAL`."""
    if symbol.kind in _POU_WORDS:
        result = f" : {type_text(symbol.spec)}" if symbol.spec is not None else ""
        word = symbol.pou.kind if symbol.pou is not None else _POU_WORDS[symbol.kind]
        return f"{word} {symbol.name}{result}"
    if symbol.kind in _CHART_WORDS:
        return f"{_CHART_WORDS[symbol.kind]} {symbol.name}"
    if symbol.kind is SymbolKind.LABEL and symbol.owner is not None:
        return f"{symbol.owner.name}#{symbol.name}"
    kind = f" : {type_text(symbol.spec)}" if symbol.spec is not None else ""
    initial = f" := {value_text(symbol.initial)}" if symbol.initial is not None else ""
    return f"{symbol.name}{kind}{initial}"


def call_text(symbol: Symbol) -> tuple[str, list[str]]:
    """A call's signature, and its parameters as they stand in it."""
    outputs = [m for m in symbol.members.values() if m.section == "VAR_OUTPUT"]
    parameters = [declaration_text(p) for p in symbol.parameters]
    parameters += [f"{o.name} => {type_text(o.spec)}" for o in outputs]
    result = (
        f" : {type_text(symbol.spec)}"
        if symbol.kind in (SymbolKind.FUNCTION, SymbolKind.METHOD) and symbol.spec
        else ""
    )
    return f"{symbol.name}({', '.join(parameters)}){result}", parameters


def _bounds_text(low: tree.Expr | tree.Open, high: tree.Expr | tree.Open) -> str:
    if isinstance(low, tree.Open) or isinstance(high, tree.Open):
        return "*"
    return f"{value_text(low)}..{value_text(high)}"
