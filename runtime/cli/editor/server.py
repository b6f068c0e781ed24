"""`voltscan lsp`: the language server, over standard input and output (Language Server Protocol 3.17, with pygls)."""

import asyncio
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from runtime.cli.editor.checks import Checks
from runtime.cli.editor.places import place_of, range_of, to_column, whole
from runtime.cli.editor.rename import everywhere, refusal
from runtime.cli.editor.workspace import Workspace
from runtime.core.diagnostic import Diagnostic, Severity
from runtime.lang.editor.project import Project
from runtime.lang.editor.while_typing import call_help, completions
from runtime.lang.format import format_source
from runtime.lang.index import Access, Symbol, SymbolKind
from runtime.lang.syntax.recursion import deep_recursion

_Found = TypeVar("_Found")

_COMPLETION_KINDS = {
    "variable": lsp.CompletionItemKind.Variable,
    "field": lsp.CompletionItemKind.Field,
    "enumeration value": lsp.CompletionItemKind.EnumMember,
    "type": lsp.CompletionItemKind.Class,
    "function": lsp.CompletionItemKind.Function,
    "function block": lsp.CompletionItemKind.Class,
    "program": lsp.CompletionItemKind.Module,
    "program instance": lsp.CompletionItemKind.Variable,
    "method": lsp.CompletionItemKind.Method,
    "property": lsp.CompletionItemKind.Property,
    "step": lsp.CompletionItemKind.Event,
    "action": lsp.CompletionItemKind.Method,
    "transition": lsp.CompletionItemKind.Event,
    "keyword": lsp.CompletionItemKind.Keyword,
    "parameter": lsp.CompletionItemKind.Property,
}
_SYMBOL_KINDS = {
    SymbolKind.TYPE: lsp.SymbolKind.Struct,
    SymbolKind.PROGRAM: lsp.SymbolKind.Module,
    SymbolKind.BLOCK: lsp.SymbolKind.Class,
    SymbolKind.FUNCTION: lsp.SymbolKind.Function,
    SymbolKind.FIELD: lsp.SymbolKind.Field,
    SymbolKind.LABEL: lsp.SymbolKind.EnumMember,
    SymbolKind.TASK: lsp.SymbolKind.Event,
    SymbolKind.METHOD: lsp.SymbolKind.Method,
    SymbolKind.PROPERTY: lsp.SymbolKind.Property,
    SymbolKind.STEP: lsp.SymbolKind.Event,
    SymbolKind.TRANSITION: lsp.SymbolKind.Event,
    SymbolKind.ACTION: lsp.SymbolKind.Method,
    SymbolKind.TEST: lsp.SymbolKind.Event,
}


class StServer(LanguageServer):
    """The server with the texts that are open and what was told about them.

    All that reads or compiles a project happens in threads: the event loop only takes messages and sends answers.
    """

    def __init__(self) -> None:
        super().__init__("voltscan", version("voltscan"), text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.texts = Workspace()
        self.told: set[str] = set()
        self.checks = Checks(self.check)
        self._answering = asyncio.Lock()

    async def answer(self, work: Callable[[], _Found]) -> _Found:
        """What `work` finds in the texts as they are; one at a time, so that a project is read once for all of them."""
        async with self._answering:
            return await asyncio.to_thread(work)

    async def check(self, uri: str) -> None:
        """Tell what is wrong with the sources of a document, and take back what was told before and is mended.

        Other questions are answered meanwhile. Nothing is told of texts that have changed since.
        """
        project, _ = await self.answer(lambda: self.texts.project(uri))
        found = await asyncio.to_thread(project.diagnostics)
        if self.texts.is_current(project):
            self._tell(uri, project, found)

    def _tell(self, uri: str, project: Project, diagnostics: tuple[Diagnostic, ...]) -> None:
        by_file: dict[str, list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            by_file.setdefault(diagnostic.place.source.name, []).append(diagnostic)
        for name in project.sources:
            address = self.texts.uri(name)
            found = [_diagnostic(self.texts, d) for d in by_file.get(name, ())]
            if found or address in self.told or address == uri:
                self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(address, found))
            (self.told.add if found else self.told.discard)(address)


def serve() -> int:
    """Serve one editor until it says exit."""
    with deep_recursion():  # for all threads: each of them raises the limit, and none may lower it for the others
        make_server().start_io()
    return 0


def make_server() -> StServer:
    """The server with all that it can do."""
    server = StServer()
    _follow_texts(server)
    _answer_about_names(server)
    _answer_while_typing(server)
    return server


def _follow_texts(server: StServer) -> None:
    @server.feature(lsp.INITIALIZED)
    def initialized(_: lsp.InitializedParams) -> None:
        folders = [Path(place_of(folder.uri)) for folder in server.workspace.folders.values()]
        root = server.workspace.root_path
        server.texts.roots = folders or ([Path(root)] if root else [])

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.texts.put(params.text_document.uri, params.text_document.text)
        server.checks.want(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.texts.put(uri, server.workspace.get_text_document(uri).source)
        server.checks.want(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.texts.drop(params.text_document.uri)


def _answer_about_names(server: StServer) -> None:
    texts = server.texts

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        return await server.answer(lambda: _hover(texts, params))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        return await server.answer(lambda: _definition(texts, params))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        return await server.answer(lambda: _references(texts, params))

    @server.feature(lsp.TEXT_DOCUMENT_RENAME)
    async def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        made = await server.answer(lambda: _rename(texts, params))
        if isinstance(made, str):
            server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, made))
            return None
        return made

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        return await server.answer(lambda: _symbols(texts, params))


def _answer_while_typing(server: StServer) -> None:
    texts = server.texts

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "#"]))
    async def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        return await server.answer(lambda: _complete(texts, params))

    @server.feature(lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpOptions(trigger_characters=["(", ","]))
    async def signature(params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
        return await server.answer(lambda: _signature(texts, params))

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        return await server.answer(lambda: _formatting(texts, params))


# ---- answers, each made in a thread ----


def _hover(texts: Workspace, params: lsp.HoverParams) -> lsp.Hover | None:
    project, name, line, column = _at(texts, params)
    text = project.hover(name, line, column)
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None


def _definition(texts: Workspace, params: lsp.DefinitionParams) -> lsp.Location | None:
    project, name, line, column = _at(texts, params)
    use = project.use_at(name, line, column)
    if use is None or use.symbol.library:
        return None
    return lsp.Location(texts.uri(use.symbol.span.source.name), range_of(use.symbol.span))


def _references(texts: Workspace, params: lsp.ReferenceParams) -> list[lsp.Location]:
    project, name, line, column = _at(texts, params)
    use = project.use_at(name, line, column)
    if use is None:
        return []
    own = project.references(name, line, column, declaration=True) if use.symbol.library else []
    found = own or everywhere(texts, use)
    found = [u for u in found if params.context.include_declaration or u.access is not Access.DECLARE]
    return [lsp.Location(texts.uri(u.span.source.name), range_of(u.span)) for u in found]


def _rename(texts: Workspace, params: lsp.RenameParams) -> lsp.WorkspaceEdit | str | None:
    """The edits; a text says why there are none."""
    project, name, line, column = _at(texts, params)
    use = project.use_at(name, line, column)
    if use is None:
        return None
    reason = refusal(texts, use, params.new_name)
    if reason:
        return reason
    changes: dict[str, list[lsp.TextEdit]] = {}
    for each in everywhere(texts, use):
        edit = lsp.TextEdit(range_of(each.span), params.new_name)
        changes.setdefault(texts.uri(each.span.source.name), []).append(edit)
    return lsp.WorkspaceEdit(changes=changes)


def _symbols(texts: Workspace, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    project, name = texts.project(params.text_document.uri)
    declared = project.index.declared
    shared = [s for s in (*declared.every, *declared.tests) if s.span.source.name == name and s.owner is None]
    return [_document_symbol(s) for s in shared if s.name]


def _complete(texts: Workspace, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    project, name, line, column = _at(texts, params)
    return [
        lsp.CompletionItem(
            c.label,
            kind=_COMPLETION_KINDS.get(c.kind, lsp.CompletionItemKind.Text),
            detail=c.detail or None,
            insert_text=c.insert or None,
            sort_text=("0" if c.kind == "parameter" else "2" if c.kind == "keyword" else "1") + c.label.lower(),
        )
        for c in completions(project, name, line, column)
    ]


def _signature(texts: Workspace, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    found = call_help(*_at(texts, params))
    if found is None:
        return None
    parameters = [lsp.ParameterInformation(p) for p in found.parameters]
    told = lsp.SignatureInformation(found.signature, documentation=found.comment or None, parameters=parameters)
    return lsp.SignatureHelp([told], active_signature=0, active_parameter=found.active)


def _formatting(texts: Workspace, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    project, name = texts.project(params.text_document.uri)
    source = project.sources[name]
    text = format_source(source).text
    return [lsp.TextEdit(whole(source), text)] if text is not None and text != source.text else []


class _Placed(Protocol):
    """Parameters that name a document and a position in it."""

    text_document: lsp.TextDocumentIdentifier
    position: lsp.Position


def _at(texts: Workspace, params: _Placed) -> tuple[Project, str, int, int]:
    project, name = texts.project(params.text_document.uri)
    line = params.position.line + 1
    return project, name, line, to_column(project.sources[name].line(line), params.position.character)


def _diagnostic(texts: Workspace, diagnostic: Diagnostic) -> lsp.Diagnostic:
    first, *others = diagnostic.labels
    mend = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
    label = f" ({first.text})" if first.text else ""
    error = diagnostic.severity is Severity.ERROR
    related = [
        lsp.DiagnosticRelatedInformation(lsp.Location(texts.uri(o.span.source.name), range_of(o.span)), o.text)
        for o in others
    ]
    return lsp.Diagnostic(
        range_of(first.span),
        f"{diagnostic.message}{label}{mend}",
        severity=lsp.DiagnosticSeverity.Error if error else lsp.DiagnosticSeverity.Warning,
        code=diagnostic.code,
        source="voltscan",
        related_information=related or None,
    )


def _document_symbol(symbol: Symbol) -> lsp.DocumentSymbol:
    where = range_of(symbol.span)
    children = [_document_symbol(m) for m in symbol.members.values() if m.owner is symbol]
    kind = _SYMBOL_KINDS.get(symbol.kind, lsp.SymbolKind.Variable)
    return lsp.DocumentSymbol(symbol.name, kind, where, where, children=children or None)
