"""A block library's manual, from its declarations: comments, types, defaults, units and limits, as Markdown."""

from collections.abc import Mapping, Sequence

from runtime.core.diagnostic import Source
from runtime.lang import tree
from runtime.lang.editor.project import Project
from runtime.lang.editor.written import call_text, declaration_text, type_text, value_text
from runtime.lang.index import Symbol, SymbolKind
from runtime.lang.index.families import lineage

_SECTIONS = {"VAR_INPUT": "Inputs", "VAR_IN_OUT": "In-outs (the caller's own variables)", "VAR_OUTPUT": "Outputs"}
_CHAPTERS = {
    "FUNCTION_BLOCK": "Function blocks",
    "INTERFACE": "Interfaces",
    "FUNCTION": "Functions",
    "PROGRAM": "Programs",
    "type": "Types",
}
_CHAPTER_KINDS = (SymbolKind.BLOCK, SymbolKind.FUNCTION, SymbolKind.PROGRAM, SymbolKind.TYPE)
_COLUMNS = ("name", "type", "default", "unit", "limits", "")
_SHOWN_LABELS = 4
"""Values of an enumeration that stand on one line; more get one each."""


def manual(sources: Sequence[Source], title: str, examples: Mapping[str, str] | None = None) -> str:
    """The manual of what the sources declare: a list of everything, then a chapter a kind, each by name.

    `examples` is Markdown that goes to the entry of that name (in lower case): a picture and the program behind it.
    """
    project = Project(sources)
    every = project.index.declared.every
    declared = [s for s in every if s.kind in _CHAPTER_KINDS and not s.library and s.owner is None]
    chapters = {kind: sorted((s for s in declared if _chapter(s) == kind), key=lambda s: s.key) for kind in _CHAPTERS}
    parts = [f"# {title}", _contents(project, chapters)]
    for kind, symbols in chapters.items():
        if symbols:
            parts.append(f"## {_CHAPTERS[kind]}")
            parts += [_entry(project, symbol, (examples or {}).get(symbol.key, "")) for symbol in symbols]
    return "\n\n".join(part for part in parts if part) + "\n"


def _chapter(symbol: Symbol) -> str:
    return symbol.pou.kind if symbol.pou is not None else symbol.kind.value


def _contents(project: Project, chapters: dict[str, list[Symbol]]) -> str:
    rows = [
        f"| {_link(s)} | {_CHAPTERS[kind][:-1].lower()} | {_cell(_first_sentence(project.comment_of(s)))} |"
        for kind, symbols in chapters.items()
        for s in symbols
    ]
    return "\n".join(["| name | kind | for |", "|---|---|---|", *rows]) if rows else "Nothing is declared."


def _link(symbol: Symbol) -> str:
    """A link to the symbol's heading; Markdown leaves dots out of an anchor."""
    return f"[{symbol.name}](#{symbol.key.replace('.', '')})"


def _entry(project: Project, symbol: Symbol, example: str) -> str:
    parts = [f"### {symbol.name}", _prose(project.comment_of(symbol))]
    if symbol.kind is SymbolKind.TYPE:
        parts += _type(symbol)
    else:
        called = symbol.kind is SymbolKind.FUNCTION or _chapter(symbol) == "FUNCTION_BLOCK"
        parts.append(f"```st\n{call_text(symbol)[0] if called else declaration_text(symbol)}\n```")
        parts.append(_ancestry(project, symbol))
        for section, heading in _SECTIONS.items():
            parts.append(_table(heading, [m for m in symbol.members.values() if m.section == section]))
        parts += [_properties(project, symbol), *_methods(project, symbol)]
    parts.append(f"Example:\n\n{example}" if example else "")
    place = symbol.span
    parts.append(f"Source: `{place.source.name}:{place.line}`")
    return "\n\n".join(part for part in parts if part)


def _ancestry(project: Project, symbol: Symbol) -> str:
    """What a block or interface extends and implements, with what it inherits."""
    pou = symbol.pou
    if pou is None:
        return ""
    known = project.index.declared.pous
    told = ["ABSTRACT: only blocks that extend it have instances." if "ABSTRACT" in pou.modifiers else ""]
    for word, idents in (("Extends", pou.extends), ("Implements", pou.implements)):
        named = [_link(known[i.key]) if i.key in known and not known[i.key].library else i.text for i in idents]
        told.append(f"{word} {', '.join(named)}." if named else "")
    own = {m.key for m in symbol.members.values()}
    for block in lineage(project.index.declared, symbol)[1:]:
        names = [f"`{m.name}`" for m in block.members.values() if _is_public(m) and m.key not in own]
        told.append(f"Inherits {', '.join(names)} of {block.name}." if names else "")
        own |= {m.key for m in block.members.values()}
    return " ".join(part for part in told if part)


def _is_public(member: Symbol) -> bool:
    if member.kind is SymbolKind.METHOD:
        return member.pou is not None and not {"PRIVATE", "PROTECTED", "INTERNAL"} & set(member.pou.modifiers)
    return member.kind is SymbolKind.PROPERTY or member.section in _SECTIONS


def _properties(project: Project, symbol: Symbol) -> str:
    declared = symbol.pou.properties if symbol.pou is not None else ()
    rows = []
    for made in declared:
        if {"PRIVATE", "PROTECTED", "INTERNAL"} & set(made.modifiers):
            continue
        access = " and ".join(word for word, body in (("read", made.get), ("write", made.set)) if body is not None)
        comment = _cell(project.comment_of(symbol.members[made.name.key]))
        rows.append(f"| `{made.name.text}` | `{_cell(type_text(made.type))}` | {access} | {comment} |")
    head = ["Properties:\n", "| name | type | to | |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) if rows else ""


def _methods(project: Project, symbol: Symbol) -> list[str]:
    """Each method with what it takes; those that only the block itself may call are left out."""
    parts: list[str] = []
    for method in (m for m in symbol.members.values() if m.kind is SymbolKind.METHOD and _is_public(m)):
        parts.append(f"#### {symbol.name}.{method.name}")
        parts.append(_prose(project.comment_of(method)))
        parts.append(f"```st\n{call_text(method)[0]}\n```")
        parameters = [m for m in method.members.values() if m.section in _SECTIONS]
        if any(m.note.comment or m.note.pragmas for m in parameters):
            parts.append(_table("Parameters", parameters))
    return parts


def _type(symbol: Symbol) -> list[str]:
    members = list(symbol.members.values())
    if members and members[0].kind is SymbolKind.FIELD:
        return [_table("Fields", members)]
    if isinstance(symbol.spec, tree.EnumType) and len(symbol.spec.labels) > _SHOWN_LABELS:
        base, _, values = type_text(symbol.spec).partition("(")
        listed = values.removesuffix(")").replace(", ", ",\n    ")
        return [f"```st\n{symbol.name} : {base}(\n    {listed}\n)\n```"]
    return [f"```st\n{symbol.name} : {type_text(symbol.spec)}\n```"]


def _table(heading: str, members: Sequence[Symbol]) -> str:
    if not members:
        return ""
    rows = [_row(member) for member in members]
    kept = [i for i in range(len(_COLUMNS)) if i < 2 or any(row[i] for row in rows)]
    lines = [_COLUMNS, ["---"] * len(_COLUMNS), *rows]
    return "\n".join([f"{heading}:\n", *(f"| {' | '.join(line[i] for i in kept)} |" for line in lines)])


def _row(member: Symbol) -> list[str]:
    """What the columns of a table say of a variable; columns that say nothing of any are left out."""
    kind, comment = _cell(type_text(member.spec)), _cell(member.note.comment)
    return [f"`{member.name}`", f"`{kind}`", _default(member), member.unit, _limits(member), comment]


def _default(member: Symbol) -> str:
    return f"`{_cell(value_text(member.initial))}`" if member.initial is not None else ""


def _limits(member: Symbol) -> str:
    told = {key: text for key, text, _ in member.note.pragmas}
    low, high = told.get("min", ""), told.get("max", "")
    return f"{low} … {high}".strip() if low or high else ""


def _first_sentence(comment: str) -> str:
    head = " ".join(comment.split("\n\n")[0].split())
    return head.split(". ")[0].removesuffix(".")


def _prose(comment: str) -> str:
    """A comment's lines as they stand: its writer's line breaks are often a table or a list."""
    return "\n".join(f"> {line}".rstrip() for line in comment.split("\n")) if comment else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
