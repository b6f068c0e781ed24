"""What stands between a task and its programs: SINGLE, and the connections of a program (IEC 61131-3, 6.8.2, table 62).

Both are bodies of their own, made here as trees, so that names, types and mistakes in them are those of any program.
A task with SINGLE is looked at in every base cycle. It runs once at each rising edge of SINGLE; with INTERVAL too,
also each time that has passed while SINGLE is FALSE. In its first run FIRST_SCAN() is TRUE; SCAN_DT() is the time since
its last run (in the first, the base cycle).
"""

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.symbols import Gate, PouSymbol

_KIND = "TEST"
"""What may call a PROGRAM; it is no test for all that: tests are those that were collected as such."""


def gate_of(report: Report, task: tree.Ident, trigger: tree.Expr, interval_ns: int) -> PouSymbol | None:
    """The gate of a task; None after it was reported that SINGLE cannot be this."""
    if not isinstance(trigger, tree.Name | tree.Field | tree.Subscript | tree.Partial):
        if not isinstance(trigger, tree.Missing):
            mend = "name a BOOL in VAR_GLOBAL, or an address such as %IX0.0"
            report.error("L4003", "SINGLE needs a variable", trigger.span, "this is a value", help=mend)
        return None
    declared = [_state(task.span, ("seen", "now", "ran"), "BOOL"), _state(task.span, ("last",), "TIME")]
    section = tree.Section(task.span, "VAR", (), tuple(declared))
    made = _body(tree.Ident(f"TASK {task.text}", task.span), (section,), ())
    made.gate = Gate(trigger, interval_ns)
    return made


def connected(program: tree.ProgramDeclaration) -> PouSymbol:
    """The body that calls a program with its connections."""
    name = program.name
    call = tree.CallExpr(name.span, tree.Name(name.span, name.text), program.connections)
    return _body(tree.Ident(f"PROGRAM {name.text}", name.span), (), (tree.CallStatement(name.span, call),))


def outside(span: Span) -> PouSymbol:
    """What looks at program instances from outside, as a test does: VAR_CONFIG and VAR_ACCESS."""
    return _body(tree.Ident("VAR_CONFIG", span), (), ())


def _body(name: tree.Ident, sections: tuple[tree.Section, ...], block: tree.Block) -> PouSymbol:
    return PouSymbol(name.text, _KIND, tree.Pou(name.span, _KIND, name, None, sections, block), library=False)


def _state(span: Span, names: tuple[str, ...], kind: str) -> tree.Declaration:
    idents = tuple(tree.Ident(name, span) for name in names)
    return tree.Declaration(idents, tree.NamedType(span, kind), None, tree.Note())
