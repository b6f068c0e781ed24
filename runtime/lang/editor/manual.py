"""A block library's manual, from its declarations: comments, types, defaults, units and limits, as Markdown."""

from collections.abc import Sequence

from runtime.core.diagnostic import Source
from runtime.lang.editor.project import Project
from runtime.lang.editor.written import call_text, declaration_text, type_text, value_text
from runtime.lang.index import Symbol, SymbolKind

_SECTIONS = {"VAR_INPUT": "Inputs", "VAR_IN_OUT": "In-outs (the caller's own variables)", "VAR_OUTPUT": "Outputs"}
_CHAPTERS = {
    SymbolKind.BLOCK: "Function blocks",
    SymbolKind.FUNCTION: "Functions",
    SymbolKind.PROGRAM: "Programs",
    SymbolKind.TYPE: "Types",
}


def manual(sources: Sequence[Source], title: str) -> str:
    """The manual of what the sources declare: a list of everything, then a chapter a kind, each by name."""
    project = Project(sources)
    declared = [s for s in project.index.declared.every if s.kind in _CHAPTERS and not s.library and s.owner is None]
    chapters = {kind: sorted((s for s in declared if s.kind is kind), key=lambda s: s.key) for kind in _CHAPTERS}
    parts = [f"# {title}", _contents(project, chapters)]
    for kind, symbols in chapters.items():
        if symbols:
            parts.append(f"## {_CHAPTERS[kind]}")
            parts += [_entry(project, symbol) for symbol in symbols]
    return "\n\n".join(part for part in parts if part) + "\n"


def _contents(project: Project, chapters: dict[SymbolKind, list[Symbol]]) -> str:
    rows = [
        f"| {_link(s)} | {_CHAPTERS[kind][:-1].lower()} | {_cell(_first_sentence(project.comment_of(s)))} |"
        for kind, symbols in chapters.items()
        for s in symbols
    ]
    return "\n".join(["| name | kind | for |", "|---|---|---|", *rows]) if rows else "Nothing is declared."


def _link(symbol: Symbol) -> str:
    """A link to the symbol's heading; Markdown leaves dots out of an anchor."""
    return f"[{symbol.name}](#{symbol.key.replace('.', '')})"


def _entry(project: Project, symbol: Symbol) -> str:
    parts = [f"### {symbol.name}", _prose(project.comment_of(symbol))]
    if symbol.kind is SymbolKind.TYPE:
        parts += _type(symbol)
    else:
        shown = declaration_text(symbol) if symbol.kind is SymbolKind.PROGRAM else call_text(symbol)[0]
        parts.append(f"```st\n{shown}\n```")
        for section, heading in _SECTIONS.items():
            parts.append(_table(heading, [m for m in symbol.members.values() if m.section == section]))
    place = symbol.span
    parts.append(f"Source: `{place.source.name}:{place.line}`")
    return "\n\n".join(part for part in parts if part)


def _type(symbol: Symbol) -> list[str]:
    members = list(symbol.members.values())
    if members and members[0].kind is SymbolKind.FIELD:
        return [_table("Fields", members)]
    return [f"```st\n{symbol.name} : {type_text(symbol.spec)}\n```"]


def _table(heading: str, members: Sequence[Symbol]) -> str:
    if not members:
        return ""
    head = ["| name | type | default | unit | limits | |", "|---|---|---|---|---|---|"]
    return "\n".join([f"{heading}:\n", *head, *map(_row, members)])


def _row(member: Symbol) -> str:
    kind, comment = _cell(type_text(member.spec)), _cell(member.note.comment)
    return f"| `{member.name}` | `{kind}` | {_default(member)} | {member.unit} | {_limits(member)} | {comment} |"


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
