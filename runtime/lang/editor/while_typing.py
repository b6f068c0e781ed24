"""Help while a line is being written: what may stand here, and what the call around it takes."""

import re
from dataclasses import dataclass, replace

from runtime.core.elementary import ELEMENTARY
from runtime.lang.editor.project import Project
from runtime.lang.editor.written import call_text, declaration_text
from runtime.lang.index import Index, Symbol, SymbolKind
from runtime.lang.semantics.namespaces import simple
from runtime.lang.syntax.tokens import CONTEXTUAL, KEYWORDS, Token, scan

_PATH = re.compile(r"((?:[A-Za-z_]\w*(?:\[[^\]]*\])?\.)+)\w*\Z")
_TYPED = re.compile(r"([A-Za-z_]\w*)#\w*\Z")
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
    path = _PATH.search(before)
    if path is not None:
        found = _follow(index, pou, path[1])
        members = index.members(found).values() if found is not None else ()
        return [replace(_completion(m), label=simple(m.name)) for m in members]
    typed = _TYPED.search(before)
    if typed is not None:
        owner = index.declared.types.get(typed[1].lower())
        return [_completion(m) for m in owner.members.values()] if owner is not None else []
    call = _call_around(project, file, line, column)
    given = [_parameter(p) for p in call[0].members.values() if p.section in _GIVEN] if call is not None else []
    words = [Completion(word, "keyword") for word in sorted(KEYWORDS - CONTEXTUAL)]
    types = [Completion(name, "type") for name in ELEMENTARY]
    return [*given, *map(_completion, index.visible(pou).values()), *types, *words]


def call_help(project: Project, file: str, line: int, column: int) -> CallHelp | None:
    """What the call around a place takes; None outside of calls."""
    found = _call_around(project, file, line, column)
    if found is None:
        return None
    symbol, position, named = found
    signature, parameters = call_text(symbol)
    if named:
        names = [p.split(" ")[0].lower() for p in parameters]
        position = names.index(named) if named in names else position
    return CallHelp(signature, tuple(parameters), position, project.comment_of(symbol))


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
        found = index.members(found).get(step) if found is not None else None
    return found


def _call_around(project: Project, file: str, line: int, column: int) -> tuple[Symbol, int, str] | None:
    """What is called around a place, how many arguments stand before it, and the name of this one if it has one."""
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
            called = _called(project.index, project.index.pou_at(file, line), tokens[:at])
            return (called, commas, named) if called is not None else None
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
