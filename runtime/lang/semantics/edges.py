"""R_EDGE and F_EDGE inputs: as if an R_TRIG or F_TRIG stood in front of them (IEC 61131-3, 6.5.2, rule 15).

Callers write the input itself, which keeps its last value (rule 13). At each call of the block the trigger runs once;
what the body reads under the input's name is its Q.
"""

from runtime.core.elementary import BOOL
from runtime.lang import ir, tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import Unknown, name_of
from runtime.lang.semantics.variables import EdgeInput, VarSymbol


def declare(report: Report, pou: PouSymbol, symbol: VarSymbol, declaration: tree.Declaration) -> list[VarSymbol]:
    """The trigger's variables, M and Q; their names cannot be written in a program."""
    if symbol.section != "VAR_INPUT" or pou.kind not in ("FUNCTION_BLOCK", "PROGRAM"):
        where = f"{symbol.section} of a {pou.kind}"
        mend = "only an input of a FUNCTION_BLOCK or PROGRAM keeps what it was"
        report.error("L3013", f"{declaration.edge} stands in {where}", symbol.span, "not allowed here", help=mend)
        return []
    if symbol.type != BOOL:
        if not isinstance(symbol.type, Unknown):
            message = f"{declaration.edge} needs a BOOL"
            report.error("L2003", message, declaration.type.span, f"this is {name_of(symbol.type)}")
        return []
    made = []
    for suffix in ("M", "Q"):
        hidden = VarSymbol(f"{symbol.name}#{suffix}", symbol.span, "VAR", constant=False, note=tree.Note())
        hidden.type, hidden.initial = BOOL, bytes(BOOL.size)
        made.append(hidden)
    given = VarSymbol(symbol.name, symbol.span, "VAR_INPUT", constant=False, note=symbol.note)
    pou.edges.append(EdgeInput(declaration.edge, given, symbol, made[0]))
    symbol.reason_read_only = f"'{symbol.name}' is an edge of its input"
    pou.variables |= {v.name.lower(): v for v in made}
    return made


def place(pou: PouSymbol) -> None:
    """Once all lies somewhere: inside the body the input's name stands for Q."""
    for edge in pou.edges:
        edge.given.place = edge.seen.place
        edge.seen.place = pou.variables[f"{edge.seen.name.lower()}#q"].place


def opening(pou: PouSymbol, this: PouSymbol | None) -> list[ir.Statement]:
    """What the block does at each call before its first statement; nothing when it runs as the base of another."""
    if this is not None and this is not pou:
        return []
    return [statement for edge in pou.edges for statement in _trigger(edge)]


def _trigger(edge: EdgeInput) -> list[ir.Statement]:
    given, seen, memory = edge.given.place, edge.seen.place, edge.memory.place
    if given is None or seen is None or memory is None:
        return []
    now: ir.Expr = ir.Load(BOOL, given)
    if edge.kind == "F_EDGE":
        now = ir.Unary(BOOL, "not", now)
    new = ir.Binary(BOOL, "and", now, ir.Unary(BOOL, "not", ir.Load(BOOL, memory)))
    return [ir.Assign(seen, BOOL, new), ir.Assign(memory, BOOL, now)]
