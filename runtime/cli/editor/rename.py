"""A name in every project that its declaration is a part of: a block of a library serves several sites and tests."""

from collections.abc import Iterator

from runtime.cli.editor.workspace import Workspace
from runtime.lang.editor.project import Project
from runtime.lang.index import Use


def everywhere(texts: Workspace, use: Use) -> list[Use]:
    """All uses of the name at a use, its declaration included, each place once."""
    found: dict[tuple[str, int, int], Use] = {}
    for project, there in _projects(texts, use):
        where = there.span
        for each in project.references(where.source.name, where.line, where.column, declaration=True):
            found.setdefault((each.span.source.name, each.span.line, each.span.column), each)
    return list(found.values())


def refusal(texts: Workspace, use: Use, name: str) -> str:
    """Why the name at a use cannot become another, in the first project that says so; empty when it can."""
    if use.symbol.library:
        return f"{use.symbol.name} belongs to the standard library"
    return next(
        (reason for project, there in _projects(texts, use) if (reason := project.cannot_rename(there, name))), ""
    )


def _projects(texts: Workspace, use: Use) -> Iterator[tuple[Project, Use]]:
    declared = use.symbol.span
    if use.symbol.library:
        return
    for project in texts.sharing(texts.uri(declared.source.name)):
        there = project.use_at(declared.source.name, declared.line, declared.column)
        if there is not None:
            yield project, there
