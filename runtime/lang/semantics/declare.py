"""Declarations: from the trees to symbols. Names are collected first; types and constants follow when needed."""

from collections.abc import Iterable
from dataclasses import replace

from runtime.core.diagnostic import Label
from runtime.core.elementary import ELEMENTARY
from runtime.lang import ir, tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.lower.context import Sites
from runtime.lang.semantics import edges
from runtime.lang.semantics.chart_reading import read_chart
from runtime.lang.semantics.class_checks import check_class
from runtime.lang.semantics.classes import collect, find_parents, inherited
from runtime.lang.semantics.initial_addresses import address_of
from runtime.lang.semantics.located import locate
from runtime.lang.semantics.namespaces import joined, namespace_of, simple
from runtime.lang.semantics.pragmas import check_note
from runtime.lang.semantics.retain import check_retain
from runtime.lang.semantics.symbols import PouSymbol, Scope, Symbols
from runtime.lang.semantics.typedefs import TypeResolver, aligned, lay_out, twice
from runtime.lang.semantics.types import (
    ArrayType,
    BlockType,
    Unknown,
    alignment_of,
    contains_block,
    default_bytes,
    leaves_of,
    name_of,
    same,
    size_of,
    storage_of,
)
from runtime.lang.semantics.variables import VarSymbol
from runtime.lang.tree import Test

_ALLOWED = {
    "PROGRAM": ("VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_TEMP", "VAR_EXTERNAL"),
    "FUNCTION_BLOCK": ("VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR_TEMP", "VAR_EXTERNAL"),
    "METHOD": ("VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR_TEMP", "VAR_EXTERNAL"),
    "FUNCTION": ("VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR_TEMP", "VAR_EXTERNAL"),
    "TEST": ("VAR", "VAR_TEMP", "VAR_EXTERNAL"),
}

ACCESS = ("PUBLIC", "PRIVATE", "PROTECTED", "INTERNAL")


class Declarer:
    """Fills the symbols from the trees of all files."""

    def __init__(self, symbols: Symbols, report: Report, sites: Sites) -> None:
        self._symbols = symbols
        self._report = report
        self.types = TypeResolver(symbols, report, sites)
        symbols.declare = self.declare

    def collect(self, files: Iterable[tree.File], *, library: bool) -> None:
        """Enter the names of files. Those of the library give way to the user's."""
        for file in files:
            self._symbols.lost |= file.lost
            if not library:
                self._symbols.areas.collect([file])
            for declaration in file.types:
                self._collect_type(declaration)
            for pou in file.pous:
                self._collect_pou(pou, library=library)
            for section in file.globals:
                self._collect_globals(section)
            for configuration in file.configurations:
                for section in configuration.sections:
                    self._collect_globals(section)

    def finish(self) -> None:
        """Resolve what nobody asked for yet, so that its mistakes are found too."""
        for key in list(self._symbols.type_trees):
            self.types.named(key)
        for symbol in self._symbols.globals.values():
            symbol.resolved()
        for pou in self._symbols.pous.values():
            if not pou.library:
                self.declare(pou)
        for pou in self._symbols.pous.values():
            if not pou.library and pou.kind in ("FUNCTION_BLOCK", "INTERFACE"):
                check_class(self._report, self._symbols, pou)

    # ---- collecting names ----

    def _collect_type(self, declaration: tree.TypeDeclaration) -> None:
        symbols, ident = self._symbols, declaration.name
        if simple(ident.text).upper() in ELEMENTARY:
            message = f"{ident.text} is a type of the language"
            self._report.error("L3005", message, ident.span, "declared anew", help="take another name")
        elif ident.key in symbols.type_trees:
            twice(self._report, ident, symbols.type_trees[ident.key].name.span)
        else:
            symbols.type_trees[ident.key] = declaration
            if isinstance(declaration.spec, tree.EnumType):
                for label, _ in declaration.spec.labels:
                    whole = joined(namespace_of(ident.key), label.key)
                    owners = symbols.label_owners.setdefault(whole, [])
                    if ident.key not in owners:
                        owners.append(ident.key)

    def collect_tests(self, tests: Iterable[Test]) -> list[PouSymbol]:
        """Enter tests, which are compiled as programs of their own."""
        for test in tests:
            self._collect_pou(test.pou, library=False)
        return [p for p in self._symbols.pous.values() if p.kind == "TEST"]

    def _collect_pou(self, pou: tree.Pou, *, library: bool) -> None:
        symbols, ident = self._symbols, pou.name
        if ident.key in symbols.pous:
            if not library:
                twice(self._report, ident, symbols.pous[ident.key].tree.name.span)
        elif ident.key in symbols.type_trees:
            if not library:
                twice(self._report, ident, symbols.type_trees[ident.key].name.span)
        else:
            symbols.pous[ident.key] = made = PouSymbol(ident.text, pou.kind, pou, library)
            collect(self._report, symbols, made)

    def _collect_globals(self, section: tree.Section) -> None:
        if section.kind != "VAR_GLOBAL":
            message = f"{section.kind} stands outside a POU"
            mend = "only VAR_GLOBAL may stand here"
            self._report.error("L3013", message, section.span, "not allowed here", help=mend)
            return
        check_retain(self._report, "", section)
        for declaration in section.declarations:
            check_note(self._report, declaration.note)
            for ident in declaration.names:
                if ident.key in self._symbols.globals:
                    twice(self._report, ident, self._symbols.globals[ident.key].span)
                    continue
                symbol = VarSymbol(ident.text, ident.span, "VAR_GLOBAL", section.constant, declaration.note)
                symbol.retain = section.retain
                symbol.resolve = lambda s, d=declaration: self._resolve(s, d, Scope(self._symbols), "")
                self._symbols.globals[ident.key] = symbol

    def _resolve(self, symbol: VarSymbol, declaration: tree.Declaration, scope: Scope, where: str) -> None:
        symbol.type = self.types.of(declaration.type, scope, may_be_open=symbol.section == "VAR_IN_OUT")
        label = Label(symbol.span, f"declared {name_of(symbol.type)} here")
        symbol.leads_to = address_of(symbol, declaration.initial, where)
        given = declaration if symbol.leads_to is None else replace(declaration, initial=None)
        symbol.initial = self.types.initial(given, symbol.type, scope, label)
        storage = storage_of(symbol.type)
        if symbol.constant and storage is not None and symbol.section in ("VAR", "VAR_GLOBAL", "VAR_TEMP"):
            symbol.value = storage.unpack(symbol.initial)
        if declaration.at is not None:
            locate(self._report, self._symbols.areas, where, symbol, declaration.at)

    # ---- POUs ----

    def declare(self, pou: PouSymbol) -> None:
        """Fill in a POU's variables and where they lie."""
        if pou.declared or pou.declaring:
            return
        pou.declaring = True
        if pou.kind in ("FUNCTION_BLOCK", "INTERFACE"):
            find_parents(self._report, self._symbols, pou)
        if pou.kind != "INTERFACE":
            self._declare_variables(pou)
        pou.declaring = False
        pou.declared = True

    def _declare_variables(self, pou: PouSymbol) -> None:
        pou.variables |= inherited(pou)
        outer = pou.owner.variables if pou.owner is not None and pou.owner.declared else None
        symbols = self._variables(pou, Scope(self._symbols, pou.variables, outer))
        if pou.kind in ("FUNCTION", "METHOD"):
            self._lay_out_function(pou, symbols)
        else:
            self._lay_out_block(pou, [*(pou.base.kept if pou.base is not None else ()), *symbols])

    def _variables(self, pou: PouSymbol, scope: Scope) -> list[VarSymbol]:
        """The POU's own variables in order, with types and initial values, entered under their names."""
        made: list[VarSymbol] = []
        if pou.tree.result is not None:
            made.append(self._result(pou, scope))
        for section in sorted(pou.tree.sections, key=lambda s: not s.constant):  # bounds may use them before
            if section.kind not in _ALLOWED[pou.kind]:
                message = f"{section.kind} is not allowed in a {pou.kind}"
                mend = "move it in front of the POU" if section.kind == "VAR_GLOBAL" else ""
                self._report.error("L3013", message, section.span, "declared here", help=mend)
                continue
            check_retain(self._report, pou.kind, section)
            for declaration in section.declarations:
                made += self._declare_names(pou, section, declaration, scope)
        return made + self._chart(pou)

    def _chart(self, pou: PouSymbol) -> list[VarSymbol]:
        """What a body that is an SFC keeps in its instance."""
        if not pou.tree.chart:
            return []
        if pou.kind in ("FUNCTION", "METHOD"):
            mend = "make it a FUNCTION_BLOCK, which keeps its steps from call to call"
            self._report.error("L6002", f"an SFC in a {pou.kind}", pou.tree.chart[0].span, "begins here", help=mend)
            return []
        mixed = next((s for s in pou.tree.body if not isinstance(s, tree.Broken)), None)
        if mixed is not None:
            label = Label(pou.tree.chart[0].span, "the SFC begins here")
            mend = "put the statements into an ACTION that a step names"
            self._report.error("L6001", "statements beside an SFC", mixed.span, "a statement", label, help=mend)
        pou.chart = read_chart(self._report, self._symbols, pou)
        pou.chart.sound &= not any(isinstance(s, tree.Broken) for s in pou.tree.body)
        return list(pou.chart.variables)

    def _result(self, pou: PouSymbol, scope: Scope) -> VarSymbol:
        assert pou.tree.result is not None
        symbol = VarSymbol(simple(pou.name), pou.tree.name.span, "RESULT", constant=False, note=tree.Note())
        symbol.type = self.types.of(pou.tree.result, scope)
        own = self.types.own_initial(pou.tree.result)
        symbol.initial = own if own is not None else default_bytes(symbol.type)
        pou.result, pou.result_symbol = symbol.type, symbol
        pou.variables[symbol.name.lower()] = symbol
        return symbol

    def _declare_names(
        self, pou: PouSymbol, section: tree.Section, declaration: tree.Declaration, scope: Scope
    ) -> list[VarSymbol]:
        made: list[VarSymbol] = []
        check_note(self._report, declaration.note)
        for ident in declaration.names:
            earlier = pou.variables.get(ident.key)
            if earlier is not None and earlier.section == "RESULT":
                message = f"'{ident.text}' is the name of the function, which stands for its result"
                self._report.error("L3005", message, ident.span, "declared again", help="take another name")
                continue
            if earlier is not None:
                twice(self._report, ident, earlier.span)
                continue
            if section.kind == "VAR_EXTERNAL":
                self._external(pou, ident, declaration, scope)
                continue
            symbol = VarSymbol(ident.text, ident.span, section.kind, section.constant, declaration.note)
            symbol.access = next((q for q in section.qualifiers if q in ACCESS), "")
            symbol.owner, symbol.retain = pou.name, section.retain
            self._resolve(symbol, declaration, scope, pou.kind)
            self._check_instance(pou, symbol)
            pou.variables[ident.key] = symbol
            made.append(symbol)
            if declaration.edge:
                made += edges.declare(self._report, pou, symbol, declaration)
        return made

    def _check_instance(self, pou: PouSymbol, symbol: VarSymbol) -> None:
        of_program = (
            isinstance(symbol.type, BlockType) and self._symbols.pous[symbol.type.name.lower()].kind == "PROGRAM"
        )
        if of_program and pou.kind != "TEST":
            message = f"{name_of(symbol.type)} is a PROGRAM"
            mend = "make it a FUNCTION_BLOCK to use it inside another POU"
            self._report.error("L3016", message, symbol.span, "an instance of a program", help=mend)
        is_given = symbol.section == "VAR_IN_OUT"
        if (
            isinstance(symbol.type, BlockType)
            and not is_given
            and self._symbols.pous[symbol.type.name.lower()].has("ABSTRACT")
        ):
            mend = "declare an instance of a block that extends it, or a variable of an interface"
            label = f"an instance of {symbol.type.name}"
            self._report.error("L7006", f"{symbol.type.name} is ABSTRACT", symbol.span, label, help=mend)
        if symbol.section == "VAR_IN_OUT" or not contains_block(symbol.type):
            return
        if symbol.section == "VAR_TEMP" or pou.kind in ("FUNCTION", "METHOD"):
            where = "VAR_TEMP" if symbol.section == "VAR_TEMP" else f"a {pou.kind}"
            message = f"an instance cannot keep its state in {where}"
            mend = "declare it in VAR of a FUNCTION_BLOCK or PROGRAM, or pass it as VAR_IN_OUT"
            self._report.error("L3016", message, symbol.span, f"an instance of {name_of(symbol.type)}", help=mend)
        elif symbol.section in ("VAR_INPUT", "VAR_OUTPUT"):
            message = f"an instance cannot be {symbol.section}"
            mend = "pass it as VAR_IN_OUT"
            self._report.error("L3016", message, symbol.span, f"an instance of {name_of(symbol.type)}", help=mend)

    def _external(self, pou: PouSymbol, ident: tree.Ident, declaration: tree.Declaration, scope: Scope) -> None:
        found = self._symbols.globals.get(ident.key)
        kind = self.types.of(declaration.type, scope)
        if found is None:
            if ident.key not in self._symbols.lost:
                mend = Scope(self._symbols).nearest(ident.text)
                message = f"there is no VAR_GLOBAL '{ident.text}'"
                self._report.error("L3012", message, ident.span, "declared external here", help=mend)
            symbol = VarSymbol(ident.text, ident.span, "VAR_EXTERNAL", constant=False, note=declaration.note)
            pou.variables[ident.key] = symbol
            return
        found.resolved()
        pou.variables[ident.key] = found
        if not same(found.type, kind):
            message = f"'{ident.text}' is {name_of(kind)} here and {name_of(found.type)} as VAR_GLOBAL"
            label = Label(found.span, f"declared {name_of(found.type)} here")
            self._report.error("L3012", message, declaration.type.span, f"this is {name_of(kind)}", label)

    # ---- where variables lie ----

    def _lay_out_block(self, pou: PouSymbol, symbols: list[VarSymbol]) -> None:
        pou.kept = [s for s in symbols if s.section != "VAR_TEMP"]
        pou.edges = [*(pou.base.edges if pou.base is not None else ()), *pou.edges]
        pou.located = [s for s in symbols if s.address is not None and not s.address.is_open]
        inside = [s for s in symbols if s.section in ("VAR", "VAR_INPUT", "VAR_OUTPUT") and s.value is None]
        inside = [s for s in inside if s not in pou.located]
        fields = [(tree.Ident(s.name, s.span), s.type, s.initial, _section(s), s.note) for s in inside]
        laid, size, alignment = lay_out(fields)
        members = tuple(replace(m, retain=s.retain, at=s.address) for m, s in zip(laid, inside, strict=True))
        size = max(size, 1)  # also an instance without variables of its own is somewhere, and can be called
        for symbol, member in zip(inside, members, strict=True):
            symbol.place = ir.Place(ir.Base.SELF, member.offset) if size_of(symbol.type) else None
        edges.place(pou)
        if pou.kind == "FUNCTION_BLOCK":
            size = max(1, size)  # an instance without state has an address all the same: 0 would mean unknown
        leaves = sum(leaves_of(m.type) for m in members)
        pou.block = BlockType(pou.name, members, size, alignment, leaves, {m.name.lower(): m for m in members})
        pou.inputs = [s for s in symbols if s.section == "VAR_INPUT"]
        pou.outputs = [s for s in symbols if s.section == "VAR_OUTPUT"]
        pou.in_outs = pou.refs = [s for s in symbols if s.section == "VAR_IN_OUT"]
        self._number_refs(pou)
        for symbol in symbols:
            if symbol.section == "VAR_TEMP" and symbol.value is None:
                _into_frame(pou, symbol)

    def _lay_out_function(self, pou: PouSymbol, symbols: list[VarSymbol]) -> None:
        pou.inputs = [s for s in symbols if s.section == "VAR_INPUT"]
        pou.outputs = [s for s in symbols if s.section == "VAR_OUTPUT"]
        pou.in_outs = [s for s in symbols if s.section == "VAR_IN_OUT"]
        aggregates = [s for s in pou.inputs if storage_of(s.type) is None]
        pou.refs = [*aggregates, *pou.in_outs, *pou.outputs]
        result = pou.result_symbol
        if result is not None and storage_of(result.type) is None and not isinstance(result.type, Unknown):
            pou.refs.append(result)
        self._number_refs(pou)
        for symbol in symbols:
            by_reference = symbol in pou.refs and symbol.section != "VAR_INPUT"
            if symbol.value is None and not by_reference:
                _into_frame(pou, symbol)

    def _number_refs(self, pou: PouSymbol) -> None:
        for number, symbol in enumerate(pou.refs):
            is_open = isinstance(symbol.type, ArrayType) and symbol.type.is_open
            symbol.place = ir.Place(ir.Base.REF, 0, param=number) if size_of(symbol.type) or is_open else None


def _section(symbol: VarSymbol) -> str:
    if symbol.section != "VAR":
        return symbol.section
    access = f" {symbol.access}" if symbol.access in ("PUBLIC", "INTERNAL") else ""
    return "VAR" + " CONSTANT" * symbol.constant + access


def _into_frame(pou: PouSymbol, symbol: VarSymbol) -> None:
    """Room for a variable in the frame, with its initial value."""
    size = size_of(symbol.type)
    if not size:
        return
    start = aligned(len(pou.frame), alignment_of(symbol.type))
    pou.frame += bytes(start + size - len(pou.frame))
    pou.frame[start : start + size] = symbol.initial
    symbol.place = ir.Place(ir.Base.FRAME, start)
