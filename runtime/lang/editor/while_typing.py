"""Help while a line is being written: what may stand here, and what the call around it takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime.core.elementary import ELEMENTARY
from runtime.lang.editor.project import Project
from runtime.lang.editor.standard import Standard, conversions_from, standard_function, standard_functions
from runtime.lang.editor.written import call_text, declaration_text
from runtime.lang.index import FLAGS, Index, Symbol, SymbolKind
from runtime.lang.semantics.namespaces import simple
from runtime.lang.syntax.tokens import CONTEXTUAL, KEYWORDS, Token, scan

_PATH = re.compile(r"((?:[A-Za-z_]\w*(?:\[[^\]]*\])?\.)+)\w*\Z")
_TYPED = re.compile(r"([A-Za-z_]\w*)#\w*\Z")
_WORD = re.compile(r"\b([A-Za-z]+)_\w*\Z")
_DEPTH_MAX = 200
"""Tokens looked back over for the beginning of a call."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Something that may be written; `insert` is what then stands there."""

    label: str
    kind: str
    detail: str = ""
    insert: str = ""


@dataclass(frozen=True, slots=True)
class CallHelp:
    """The signature of the call around a place, its parameters, and the number of the one being written."""

    signature: str
    parameters: tuple[str, ...]
    active: int
    comment: str = ""


def completions(project: Project, file: str, line: int, column: int) -> list[Completion]:
    """What may stand at a place. Behind a dot: members; behind `TYPE#`: values; in a call: parameters first."""
    before = project.sources[file].line(line)[: column - 1]
    index = project.index
    pou = index.pou_at(file, line)
    in_test = pou is not None and pou.kind is SymbolKind.TEST
    path = _PATH.search(before)
    if path is not None:
        found = _follow(index, pou, path[1])
        return _behind_dot(index, found, pou) if found is not None else []
    typed = _TYPED.search(before)
    if typed is not None:
        owner = index.declared.types.get(typed[1].lower())
        return [_completion(m) for m in owner.members.values()] if owner is not None else []
    call = _call_around(project, file, line, column)
    block = _called(index, pou, call.tokens) if call is not None else None
    given = [_parameter(p) for p in block.members.values() if p.section in _GIVEN] if block is not None else []
    seen = index.visible(pou)
    functions = [*standard_functions(in_test=in_test), *_conversions(before)]
    standard = [Completion(f.name, "function", f.signature) for f in functions if f.name.lower() not in seen]
    words = [Completion(word, "keyword") for word in sorted(KEYWORDS - CONTEXTUAL)]
    types = [Completion(name, "type") for name in ELEMENTARY]
    return [*given, *map(_completion, seen.values()), *standard, *types, *words]


def call_help(project: Project, file: str, line: int, column: int) -> CallHelp | None:
    """What the call around a place takes; None outside of calls."""
    call = _call_around(project, file, line, column)
    if call is None:
        return None
    pou = project.index.pou_at(file, line)
    symbol = _called(project.index, pou, call.tokens)
    if symbol is not None:
        signature, parameters = call_text(symbol)
        return CallHelp(signature, tuple(parameters), _active(call, parameters), project.comment_of(symbol))
    in_test = pou is not None and pou.kind is SymbolKind.TEST
    function = standard_function(call.tokens[-1].text, in_test=in_test) if call.tokens else None
    if function is None:
        return None
    active = min(_active(call, function.parameters), max(0, len(function.parameters) - 1))
    return CallHelp(function.signature, function.parameters, active, function.about)


def _active(call: "_Around", parameters: Sequence[str]) -> int:
    names = [p.split(" ")[0].lower() for p in parameters]
    return names.index(call.named) if call.named in names else call.position


def _behind_dot(index: Index, found: Symbol, pou: Symbol | None) -> list[Completion]:
    flags = [Completion(name, "field", f"{name} : {kind}") for name, kind in FLAGS.get(found.kind, ())]
    return flags or [replace(_completion(m), label=simple(m.name)) for m in index.members(found, pou).values()]


def _conversions(before: str) -> list[Standard]:
    """X_TO_Y for a word that begins with a type: `REAL_`."""
    word = _WORD.search(before)
    return list(conversions_from(word[1])) if word is not None else []


_GIVEN = ("VAR_INPUT", "VAR_IN_OUT", "VAR_OUTPUT")


def _completion(symbol: Symbol) -> Completion:
    return Completion(symbol.name, symbol.kind.value, declaration_text(symbol))


def _parameter(symbol: Symbol) -> Completion:
    sign = "=>" if symbol.section == "VAR_OUTPUT" else ":="
    return Completion(f"{symbol.name} {sign}", "parameter", declaration_text(symbol), f"{symbol.name} {sign} ")


def _follow(index: Index, pou: Symbol | None, path: str) -> Symbol | None:
    """The symbol that a path such as `racks[1].report.` ends in."""
    steps = [step.split("[")[0].lower() for step in path.split(".") if step]
    found = index.visible(pou).get(steps[0])
    for step in steps[1:]:
        found = index.members(found, pou).get(step) if found is not None else None
    return found


@dataclass(frozen=True, slots=True)
class _Around:
    """A call that is being written: the tokens up to its parenthesis, how many arguments stand before the place, and
    the name of this one if it has one."""

    tokens: list[Token]
    position: int
    named: str


def _call_around(project: Project, file: str, line: int, column: int) -> _Around | None:
    tokens = [t for t in scan(project.sources[file]).tokens if (t.line, t.column) < (line, column)][-_DEPTH_MAX:]
    depth, commas, named = 0, 0, ""
    for at in range(len(tokens) - 1, 0, -1):
        kind = tokens[at].kind
        if kind == "SEMI":
            return None
        if kind in ("RPAR", "RBRACK"):
            depth += 1
        elif kind in ("LPAR", "LBRACK") and depth:
            depth -= 1
        elif kind == "COMMA" and not depth:
            commas += 1
        elif kind in ("ASSIGN", "OUTPUT") and not depth and not commas and not named:
            named = tokens[at - 1].text.lower()
        elif kind == "LPAR":
            return _Around(tokens[:at], commas, named)
    return None


def _called(index: Index, pou: Symbol | None, tokens: list[Token]) -> Symbol | None:
    """The function or block in front of a parenthesis."""
    path: list[str] = []
    depth = 0
    for token in reversed(tokens):
        if token.kind in ("RBRACK", "LBRACK"):
            depth += 1 if token.kind == "RBRACK" else -1
        elif not depth and token.kind == ("NAME" if not path or path[0] == "." else "DOT"):
            path.insert(0, token.text)
        elif not depth:
            break
    text = "".join(path)
    found = _follow(index, pou, text) if text else None
    if found is None or found.kind is SymbolKind.TYPE:
        return None
    block = index.type_of(found)
    return block if block is not None and block.pou is not None else None
