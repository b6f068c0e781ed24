"""Reads the chart of a POU from its tree: names are resolved, and what is wrong with them is reported."""

from collections.abc import Sequence

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import BOOL, TIME, Elementary
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.chart import CONTROL, QUALIFIERS, TIMED, Action, Chart, Step, Transition, Use
from runtime.lang.semantics.symbols import PouSymbol, Symbols, suggest, suggest_of
from runtime.lang.semantics.typedefs import lay_out, twice
from runtime.lang.semantics.types import StructType, default_bytes
from runtime.lang.semantics.variables import VarSymbol
from runtime.lang.syntax.literals import read_literal

_LAST = 2**31
"""Transitions without a PRIORITY come after all that have one."""


def read_chart(report: Report, symbols: Symbols, pou: PouSymbol) -> Chart:
    """The chart of a POU whose variables are known; the names of steps and actions are entered beside those."""
    chart = _empty(tree.Ident("sfc#", pou.tree.name.span))
    outer = _Reader(report, symbols, pou, chart, chart.actions)
    for action in (e for e in pou.tree.chart if isinstance(e, tree.Action)):
        outer.action(action)
    readers = [(outer, pou.tree.chart)]
    for inner in chart.actions.values():
        if inner.tree is not None and inner.tree.nested:
            inner.chart = _empty(tree.Ident(f"{inner.name.text}#sfc", inner.name.span))
            inner.chart.sound = not any(isinstance(s, tree.Broken) for s in inner.tree.body)
            readers.append((_Reader(report, symbols, pou, inner.chart, chart.actions, inner), inner.tree.nested))
    for reader, elements in readers:
        for node in (e for e in elements if isinstance(e, tree.Step)):
            reader.step(node)
    for reader, elements in readers:
        reader.associations()
        for transition in (e for e in elements if isinstance(e, tree.Transition)):
            reader.transition(transition)
    return chart


def _empty(name: tree.Ident) -> Chart:
    return Chart(_structure(name, "SFC", (("running", BOOL), ("last", TIME)), "the SFC itself"))


class _Reader:
    """Reads one chart: the POU's, or the one `inside` an action."""

    def __init__(
        self,
        report: Report,
        symbols: Symbols,
        pou: PouSymbol,
        chart: Chart,
        actions: dict[str, Action],
        inside: Action | None = None,
    ) -> None:
        self._report = report
        self._symbols = symbols
        self._pou = pou
        self._chart = chart
        self._actions = actions
        self._inside = inside
        self._transition_names: dict[str, Span] = {}

    def step(self, node: tree.Step) -> None:
        symbol = _structure(node.name, "STEP", (("X", BOOL), ("T", TIME)), "a step, which only the SFC itself sets")
        if node.initial:
            symbol.initial = b"\x01" + symbol.initial[1:]
        if self._enter(node.name, symbol):
            self._chart.steps[node.name.key] = Step(node, symbol, self._inside)

    def action(self, node: tree.Action) -> None:
        flags = _structure(node.name, "ACTION", (("Q", BOOL), ("A", BOOL)), "an action, which only the SFC itself sets")
        if self._enter(node.name, flags):
            self._actions[node.name.key] = Action(node.name, node, flags)

    def associations(self) -> None:
        for step in self._chart.steps.values():
            for node in step.tree.associations:
                self._association(step, node)

    def _association(self, step: Step, node: tree.Association) -> None:
        use = self._use(step, node)
        if use is None:
            self._chart.sound = False
            return
        action = self._actions.get(node.name.key)
        if action is None:
            action = self._actions[node.name.key] = Action(node.name, None, None)
        if action.control is None:
            block = self._symbols.pous[CONTROL]
            self._symbols.declare(block)
            assert block.block is not None
            action.control = VarSymbol(
                f"{action.name.text}#control", action.name.span, "VAR", constant=False, note=tree.Note()
            )
            action.control.type, action.control.initial = block.block, default_bytes(block.block)
        action.uses.append(use)

    def transition(self, node: tree.Transition) -> None:
        if node.name is not None:
            earlier = self._transition_names.setdefault(node.name.key, node.name.span)
            known = self._pou.variables.get(node.name.key)
            if earlier is not node.name.span or known is not None:
                twice(self._report, node.name, known.span if known is not None else earlier)
        sources, targets = self._known(node.sources), self._known(node.targets)
        priority = self._priority(node.setting)
        self._chart.transitions.append(Transition(node, priority, sources, targets))

    # ---- leaves ----

    def _enter(self, name: tree.Ident, symbol: VarSymbol) -> bool:
        earlier = self._pou.variables.get(name.key)
        if earlier is not None:
            twice(self._report, name, earlier.span)
            self._chart.sound = False
            return False
        self._pou.variables[name.key] = symbol
        return True

    def _known(self, names: Sequence[tree.Ident]) -> tuple[Step, ...]:
        found: dict[str, tuple[Step, Span]] = {}
        for name in names:
            step = self._chart.steps.get(name.key)
            if step is None:
                self._unknown_step(name)
            elif name.key in found:
                twice_in = Label(found[name.key][1], "named here already")
                message = f"step '{name.text}' is named twice"
                self._report.error("L6004", message, name.span, "a second time", twice_in, help="remove one of them")
            else:
                found[name.key] = step, name.span
        return tuple(step for step, _ in found.values())

    def _unknown_step(self, name: tree.Ident) -> None:
        self._chart.sound = False
        if name.key in self._symbols.lost:
            return
        known = self._pou.variables.get(name.key)
        is_step = known is not None and isinstance(known.type, StructType) and known.type.name == "STEP"
        where = "a step of another SFC" if is_step else "declared here, and no step"
        labels = [Label(known.span, where)] if known is not None else []
        mend = suggest_of(name.text, [s.tree.name.text for s in self._chart.steps.values()])
        self._report.error("L6004", f"there is no step '{name.text}'", name.span, "not a step", *labels, help=mend)

    def _priority(self, setting: tree.TransitionSetting | None) -> int:
        if setting is None:
            return _LAST
        mend = "write (PRIORITY := 1); the lowest number goes first"
        if setting.word.key != "priority":
            message = f"a transition has a PRIORITY, no {setting.word.text}"
            self._report.error("L6008", message, setting.word.span, "unknown", help=mend)
            return _LAST
        value = read_literal(setting.value.text).value if isinstance(setting.value, tree.Literal) else None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LAST:
            if not isinstance(setting.value, tree.Missing):
                message = "a PRIORITY is a whole number"
                self._report.error("L6008", message, setting.value.span, "not a number of 0 or more", help=mend)
            return _LAST
        return value

    def _use(self, step: Step, node: tree.Association) -> Use | None:
        if not node.arguments:
            return Use(step, "N", None, ())
        first, *rest = node.arguments
        if isinstance(first, tree.Missing):
            return None
        written = first.text if isinstance(first, tree.Name) else ""
        qualifier = written.upper()
        if qualifier not in QUALIFIERS:
            mend = suggest(qualifier, QUALIFIERS) or "one of " + ", ".join(QUALIFIERS)
            shown = f"'{written}' is no action qualifier" if written else "an action qualifier is missing"
            self._report.error("L6006", shown, first.span, "not a qualifier", help=mend)
            return None
        if qualifier not in TIMED:
            if rest and isinstance(rest[0], tree.Literal):
                timed = ", ".join(q for q in QUALIFIERS if q in TIMED)
                mend = f"remove it, or take one of {timed}"
                self._report.error("L6007", f"{qualifier} takes no time", rest[0].span, "a literal", help=mend)
                return None
            return Use(step, qualifier, None, tuple(rest))
        if not rest:
            message = f"{qualifier} needs a time"
            mend = f"write {node.name.text}({qualifier}, T#5s)"
            self._report.error("L6007", message, first.span, "no time behind it", help=mend)
            return None
        return Use(step, qualifier, rest[0], tuple(rest[1:]))


def _structure(name: tree.Ident, kind: str, fields: Sequence[tuple[str, Elementary]], what: str) -> VarSymbol:
    """A variable of the chart's own, with its fields."""
    symbol = VarSymbol(name.text, name.span, "VAR", constant=False, note=tree.Note())
    symbol.reason_read_only = f"'{name.text}' is {what}"
    rows = [(tree.Ident(text, name.span), type_, bytes(type_.size), "STRUCT", tree.Note()) for text, type_ in fields]
    members, size, alignment = lay_out(rows)
    by_name = {m.name.lower(): m for m in members}
    symbol.type = StructType(kind, members, size, alignment, len(members), by_name)
    symbol.initial = bytes(size)
    return symbol
