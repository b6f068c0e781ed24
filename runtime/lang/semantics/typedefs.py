"""Declared types: from TYPE blocks and type specifications to semantic types, each resolved when first needed."""

from collections.abc import Sequence
from dataclasses import replace

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import ELEMENTARY, INT, MAX_CAPACITY, Elementary, Kind, string
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.lower import expression
from runtime.lang.lower.context import Context, Sites
from runtime.lang.lower.convert import fit
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.enumvalues import additions, enlarged
from runtime.lang.semantics.initial import initial_bytes
from runtime.lang.semantics.namespaces import simple
from runtime.lang.semantics.pragmas import check_note
from runtime.lang.semantics.symbols import Scope, Symbols, suggest
from runtime.lang.semantics.types import (
    OPEN,
    UNKNOWN,
    ArrayType,
    EnumType,
    InterfaceType,
    Member,
    RefType,
    StructType,
    SubrangeType,
    Type,
    Unknown,
    alignment_of,
    leaves_of,
    name_of,
    size_of,
)
from runtime.lang.syntax import habits

MAX_SIZE = 64 * 1024 * 1024
"""Largest variable in bytes: application memory is copied at every snapshot, so more is a mistake."""


def _foreign(name: str) -> str:
    meant = habits.TYPES.get(name.upper())
    return f"did you mean {meant}?" if meant else ""


class TypeResolver:
    """Gives every type name its meaning, once."""

    def __init__(self, symbols: Symbols, report: Report, sites: Sites) -> None:
        self._symbols = symbols
        self._report = report
        self._sites = sites
        self._busy: set[str] = set()
        self._initials: dict[str, bytes] = {}
        symbols.resolve_type = self.named

    def constants(self, scope: Scope) -> Context:
        """A context for constant expressions."""
        return Context(self._report, scope, self._sites, expression.RECURSION)

    def named(self, key: str) -> Type | None:
        """The type of this name; None when there is none, UNKNOWN while it is being resolved."""
        if key.upper() in ELEMENTARY:
            return ELEMENTARY[key.upper()]
        if key in self._symbols.types:
            return self._symbols.types[key]
        if key in self._busy:
            return UNKNOWN
        declaration = self._symbols.type_trees.get(key)
        if declaration is not None:
            self._busy.add(key)
            kind = self._declared(declaration)
            self._busy.discard(key)
            self._symbols.types[key] = kind
            return kind
        pou = self._symbols.pous.get(key)
        if pou is None or pou.kind == "FUNCTION":
            return None
        if pou.kind == "INTERFACE":
            return self._symbols.types.setdefault(key, InterfaceType(pou.name))
        self._symbols.declare(pou)
        return pou.block if pou.block is not None else UNKNOWN

    def of(self, spec: tree.TypeSpec, scope: Scope, *, may_be_open: bool = False) -> Type:
        """The type a specification describes; UNKNOWN after a mistake was reported. `may_be_open`: also ARRAY[*]."""
        match spec:
            case tree.NamedType():
                return self._by_name(spec)
            case tree.ArrayType():
                return self._array(spec, scope, may_be_open=may_be_open)
            case tree.EnumType():
                return self._inline_enum(spec, scope)
            case tree.StructType():
                return self.structure("STRUCT", spec)
            case tree.SubrangeType():
                return self._subrange(spec, scope)
            case tree.ReferenceType():
                return self._reference(spec.target, scope)
            case tree.StringType():
                return self._string(spec, scope)

    def _reference(self, spec: tree.TypeSpec, scope: Scope) -> Type:
        """A reference to a type, which may still be in the making: `next : REF_TO NODE` inside of NODE."""
        if isinstance(spec, tree.NamedType) and (spec.key in self._busy or self._is_declaring(spec.key)):
            key = spec.key
            return RefType(lambda: self.named(key) or UNKNOWN)
        target = self.of(spec, scope)
        return UNKNOWN if isinstance(target, Unknown) else RefType(lambda: target)

    def structure(self, name: str, spec: tree.StructType) -> Type:
        """A structure type."""
        scope = Scope(self._symbols)
        fields: list[tuple[tree.Ident, Type, bytes, str, tree.Note]] = []
        seen: dict[str, Span] = {}
        for declaration in spec.fields:
            kind = self.of(declaration.type, scope)
            check_note(self._report, declaration.note)
            label = Label(declaration.names[0].span, f"declared {name_of(kind)} here")
            initial = self.initial(declaration, kind, scope, label)
            for ident in declaration.names:
                if ident.key in seen:
                    twice(self._report, ident, seen[ident.key])
                    continue
                seen[ident.key] = ident.span
                fields.append((ident, kind, initial, "STRUCT", declaration.note))
        members, size, alignment = lay_out(fields)
        return StructType(
            name,
            members,
            size,
            alignment,
            sum(leaves_of(m.type) for m in members),
            {m.name.lower(): m for m in members},
        )

    def _declared(self, declaration: tree.TypeDeclaration) -> Type:
        spec = declaration.spec
        scope = Scope(self._symbols)
        if isinstance(spec, tree.StructType):
            return self.structure(declaration.name.text, spec)
        if isinstance(spec, tree.EnumType):
            if enlarged(self._symbols.type_trees, declaration) is not None and spec.base is not None:
                return self._by_name(spec.base)
            added = tuple(additions(self._symbols.type_trees, declaration.name.key))
            return self._enum(declaration.name.text, declaration.name.span, spec, scope, declaration.initial, added)
        kind = self.of(spec, scope)
        if isinstance(kind, SubrangeType) and isinstance(spec, tree.SubrangeType):
            kind = replace(kind, name=declaration.name.text)
        if declaration.initial is not None:
            label = Label(declaration.name.span, f"declared {name_of(kind)} here")
            self._initials[declaration.name.key] = initial_bytes(
                self.constants(scope), kind, declaration.initial, label
            )
        elif (inherited := self.own_initial(spec)) is not None:
            self._initials[declaration.name.key] = inherited
        return kind

    def initial(self, declaration: tree.Declaration, kind: Type, scope: Scope, *labels: Label) -> bytes:
        """The bytes a declared variable or field begins with: its own, else those of its type."""
        if declaration.initial is None and (own := self.own_initial(declaration.type)) is not None:
            return own
        return initial_bytes(self.constants(scope), kind, declaration.initial, *labels)

    def own_initial(self, spec: tree.TypeSpec) -> bytes | None:
        """The initial value that a type's declaration gives; None when it gives none."""
        if isinstance(spec, tree.NamedType):
            return self._initials.get(spec.key)
        if isinstance(spec, tree.ArrayType) and (item := self.own_initial(spec.element)) is not None:
            kind = self.of(spec, Scope(self._symbols))
            return item * (size_of(kind) // len(item)) if item else None  # nothing of an unknown type
        return None

    def _string(self, spec: tree.StringType, scope: Scope) -> Type:
        capacity = self._bound(spec.length, scope)
        if capacity is None:
            return UNKNOWN
        if not 1 <= capacity <= MAX_CAPACITY:
            message = f"a {spec.word} cannot hold {capacity} characters"
            mend = f"1 to {MAX_CAPACITY}"
            self._report.error("L5004", message, spec.length.span, "this length", help=mend)
            return UNKNOWN
        return string(capacity, wide=spec.word == "WSTRING")

    def _subrange(self, spec: tree.SubrangeType, scope: Scope) -> Type:
        base = self._by_name(spec.base)
        low, high = self._bound(spec.low, scope), self._bound(spec.high, scope)
        if low is None or high is None or isinstance(base, Unknown):
            return UNKNOWN
        if not isinstance(base, Elementary) or base.kind not in (Kind.SIGNED, Kind.UNSIGNED):
            message = f"{name_of(base)} has no subranges"
            mend = "take a whole-number type: INT (0..100)"
            self._report.error("L3002", message, spec.base.span, "not a whole-number type", help=mend)
            return UNKNOWN
        if not base.minimum <= low <= high <= base.maximum:
            message = f"{low}..{high} is no range of {base.name}"
            mend = f"from the smaller to the larger, within {base.minimum}..{base.maximum}"
            self._report.error("L5004", message, spec.span, "this range", help=mend)
            return UNKNOWN
        return SubrangeType(f"{base.name} ({low}..{high})", base, low, high)

    def _by_name(self, spec: tree.NamedType) -> Type:
        if spec.key in self._busy or self._is_declaring(spec.key):
            message = f"{spec.text} contains itself"
            mend = "a structure or block cannot hold one of its own kind; pass it as VAR_IN_OUT"
            self._report.error("L3011", message, spec.span, "used inside its own declaration", help=mend)
            return UNKNOWN
        kind = self.named(spec.key)
        if kind is not None:
            return kind
        if spec.key in self._symbols.lost:
            return UNKNOWN
        names = [*ELEMENTARY, *(t.name.text for t in self._symbols.type_trees.values())]
        names += [p.name for p in self._symbols.pous.values() if p.kind in ("FUNCTION_BLOCK", "INTERFACE")]
        self._report.error(
            "L3002",
            f"unknown type '{spec.text}'",
            spec.span,
            "not declared",
            help=_foreign(spec.text) or suggest(spec.text, names) or "declare it in TYPE",
        )
        return UNKNOWN

    def _is_declaring(self, key: str) -> bool:
        pou = self._symbols.pous.get(key)
        return pou is not None and pou.declaring

    def _array(self, spec: tree.ArrayType, scope: Scope, *, may_be_open: bool) -> Type:
        star = next((low for low, _ in spec.bounds if isinstance(low, tree.Open)), None)
        if star is not None and not may_be_open:
            mend = "pass the array as VAR_IN_OUT, or give the bounds"
            message = "no call gives this array its bounds"
            self._report.error("L3201", message, star.span, "for a VAR_IN_OUT only", help=mend)
            return UNKNOWN
        kind = self.of(spec.element, scope)
        bounds = [self._bounds(low, high, scope) for low, high in spec.bounds]
        if isinstance(kind, Unknown):
            return UNKNOWN
        for depth, bound in enumerate(reversed(bounds), 1):
            if bound is None:
                return UNKNOWN
            kind = ArrayType(kind, *bound, dimensions=depth)
            if kind.count * max(1, kind.stride) > MAX_SIZE:
                message = f"this array takes {kind.count * kind.stride} bytes, more than {MAX_SIZE}"
                self._report.error("L5004", message, spec.span, "too large")
                return UNKNOWN
        return kind

    def _bounds(
        self, low_node: tree.Expr | tree.Open, high_node: tree.Expr | tree.Open, scope: Scope
    ) -> tuple[int, int] | None:
        if isinstance(low_node, tree.Open) or isinstance(high_node, tree.Open):
            return OPEN
        low, high = self._bound(low_node, scope), self._bound(high_node, scope)
        if low is None or high is None:
            return None
        if low > high:
            message = f"array bounds {low}..{high} hold nothing"
            self._report.error("L5004", message, low_node.span, "above the upper bound", Label(high_node.span, "below"))
            return None
        return low, high

    def _bound(self, node: tree.Expr, scope: Scope) -> int | None:
        ctx = self.constants(scope)
        got = expression.lower(ctx, node, ELEMENTARY["LINT"])
        if isinstance(got.type, Unknown):
            return None
        expr = fit(ctx, got, ELEMENTARY["LINT"])
        value = evaluate(expr)
        if value is None and expr is not None:
            self._report.error("L5001", "an array bound must be a constant", node.span, "not known here")
        return int(value) if value is not None else None

    # ---- enumerations ----

    def _inline_enum(self, spec: tree.EnumType, scope: Scope) -> Type:
        known = self._symbols.types.get(f"@{id(spec)}")
        if known is not None:
            return known
        name = "(" + ", ".join(label.text for label, _ in spec.labels) + ")"
        kind = self._enum(name, spec.span, spec, scope, None)
        self._symbols.types[f"@{id(spec)}"] = kind
        if isinstance(kind, EnumType):
            for label, _ in kind.labels:
                self._symbols.inline_enums.setdefault(label.lower(), []).append(kind)
        return kind

    def _enum(
        self,
        name: str,
        span: Span,
        spec: tree.EnumType,
        scope: Scope,
        initial: tree.Init | None,
        added: Sequence[tree.TypeDeclaration] = (),
    ) -> Type:
        base = self._by_name(spec.base) if spec.base is not None else INT
        if isinstance(base, Unknown):
            return UNKNOWN
        if not isinstance(base, Elementary) or base.kind not in (Kind.SIGNED, Kind.UNSIGNED, Kind.BITS):
            assert spec.base is not None
            message = f"{name_of(base)} cannot carry an enumeration"
            self._report.error("L3002", message, spec.base.span, "not a whole-number type", help="take INT or UINT")
            return UNKNOWN
        labels: list[tuple[str, int]] = []
        seen: dict[str, Span] = {}
        following = 0
        for ident, node in spec.labels:
            value = self._label_value(node, base, scope) if node is not None else following
            if ident.key in seen:
                twice(self._report, ident, seen[ident.key])
                continue
            seen[ident.key] = ident.span
            if value is None:
                value = following
            elif not base.minimum <= value <= base.maximum:
                self._report.error("L5005", f"{value} does not fit into {base.name}", ident.span, "this value")
            labels.append((ident.text, value))
            following = value + 1
        default = labels[0][1]
        for declaration in added:
            self._add_values(declaration, base, labels, seen)
        kind = EnumType(name, base, tuple(labels), default, span)
        return self._with_default(kind, initial)

    def _add_values(
        self, declaration: tree.TypeDeclaration, base: Elementary, labels: list[tuple[str, int]], seen: dict[str, Span]
    ) -> None:
        """Enter the values that a declaration adds to an enumeration; each says its number, and has it alone."""
        spec = declaration.spec
        assert isinstance(spec, tree.EnumType)
        if declaration.initial is not None:
            mend = "say the initial value where the enumeration is declared"
            self._report.error(
                "L5008", "added values have no initial value", declaration.initial.span, "this", help=mend
            )
        for ident, node in spec.labels:
            value = self._label_value(node, base, Scope(self._symbols)) if node is not None else None
            owner = next((label for label, number in labels if number == value), None)
            if ident.key in seen:
                twice(self._report, ident, seen[ident.key])
                continue
            if node is None:
                mend = f"write {ident.text} := and a number that is free"
                message = f"{ident.text} is added to an enumeration without its number"
                self._report.error("L5008", message, ident.span, "no number", help=mend)
            elif value is not None and not base.minimum <= value <= base.maximum:
                self._report.error("L5005", f"{value} does not fit into {base.name}", ident.span, "this value")
            elif value is not None and owner is not None:
                label = Label(seen[owner.lower()], f"{owner} has it")
                message = f"{value} is the number of {owner} already"
                self._report.error("L5008", message, ident.span, "the same number", label, help="take a free number")
            seen[ident.key] = ident.span
            labels.append((ident.text, value or 0))

    def _with_default(self, kind: EnumType, initial: tree.Init | None) -> Type:
        if initial is None:
            return kind
        text = simple(initial.text.rpartition("#")[2]) if isinstance(initial, tree.Literal | tree.Name) else ""
        value = kind.value(text)
        if value is None:
            mend = "one of " + ", ".join(n for n, _ in kind.labels)
            self._report.error("L5006", f"the initial value is not one of {kind.name}", initial.span, "this", help=mend)
            return kind
        return EnumType(kind.name, kind.base, kind.labels, value, kind.span)

    def _label_value(self, node: tree.Expr, base: Elementary, scope: Scope) -> int | None:
        ctx = self.constants(scope)
        expr = fit(ctx, expression.lower(ctx, node, base), base)
        value = evaluate(expr)
        if value is None and expr is not None:
            self._report.error("L5001", "the value of a label must be a constant", node.span, "not known here")
        return int(value) if value is not None else None


def lay_out(
    fields: Sequence[tuple[tree.Ident, Type, bytes, str, tree.Note]],
) -> tuple[tuple[Member, ...], int, int]:
    """Members in order with their offsets, and size and alignment of the whole."""
    members: list[Member] = []
    offset, alignment = 0, 1
    for ident, kind, initial, section, note in fields:
        offset = aligned(offset, alignment_of(kind))
        alignment = max(alignment, alignment_of(kind))
        members.append(Member(ident.text, kind, offset, initial, section, note, ident.span))
        offset += size_of(kind)
    return tuple(members), aligned(offset, alignment), alignment


def aligned(offset: int, alignment: int) -> int:
    """The next offset that is a multiple of the alignment."""
    return -(-offset // alignment) * alignment


def twice(report: Report, ident: tree.Ident, first: Span) -> None:
    """Report a name declared a second time."""
    message = f"'{ident.text}' is declared twice"
    report.error("L3005", message, ident.span, "a second time", Label(first, "first declared here"))
