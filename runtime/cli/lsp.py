"""`voltscan lsp`: the language server, over standard input and output (Language Server Protocol 3.17, with pygls)."""

import asyncio
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from runtime.cli.lsp_places import place_of, range_of, to_column, whole
from runtime.cli.lsp_rename import everywhere, refusal
from runtime.cli.lsp_workspace import Workspace
from runtime.core.diagnostic import Diagnostic, Severity
from runtime.lang.editor.project import Project
from runtime.lang.editor.while_typing import call_help, completions
from runtime.lang.format import format_source
from runtime.lang.index import Access, Symbol, SymbolKind

PAUSE_S = 0.25
"""Silence after a key stroke before the program is compiled."""

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
    """The server with the texts that are open and what was told about them."""

    def __init__(self) -> None:
        super().__init__("voltscan", version("voltscan"), text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.texts = Workspace()
        self.told: set[str] = set()
        self.waiting: asyncio.Task[None] | None = None

    def project(self, uri: str) -> tuple[Project, str]:
        """The sources that a document belongs to, and its name among them."""
        return self.texts.project(uri)

    def changed(self, uri: str) -> None:
        """Check a document's project when nothing was typed for a moment."""
        if self.waiting is not None:
            self.waiting.cancel()
        self.waiting = asyncio.get_running_loop().create_task(self._check_later(uri))

    async def _check_later(self, uri: str) -> None:
        await asyncio.sleep(PAUSE_S)
        self.check(uri)

    def check(self, uri: str) -> None:
        """Tell what is wrong with the sources of a document, and take back what was told before and is mended."""
        project, _ = self.project(uri)
        by_file: dict[str, list[Diagnostic]] = {}
        for diagnostic in project.diagnostics():
            by_file.setdefault(diagnostic.place.source.name, []).append(diagnostic)
        for name in project.sources:
            address = self.texts.uri(name)
            found = [_diagnostic(self.texts, d) for d in by_file.get(name, ())]
            if found or address in self.told or address == uri:
                self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(address, found))
            (self.told.add if found else self.told.discard)(address)


def serve() -> int:
    """Serve one editor until it says exit."""
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
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.texts.put(uri, server.workspace.get_text_document(uri).source)
        server.changed(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.texts.drop(params.text_document.uri)


def _answer_about_names(server: StServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        project, name, line, column = _at(server, params)
        text = project.hover(name, line, column)
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        project, name, line, column = _at(server, params)
        use = project.use_at(name, line, column)
        if use is None or use.symbol.library:
            return None
        return lsp.Location(server.texts.uri(use.symbol.span.source.name), range_of(use.symbol.span))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        project, name, line, column = _at(server, params)
        use = project.use_at(name, line, column)
        if use is None:
            return []
        own = project.references(name, line, column, declaration=True) if use.symbol.library else []
        found = own or everywhere(server.texts, use)
        found = [u for u in found if params.context.include_declaration or u.access is not Access.DECLARE]
        return [lsp.Location(server.texts.uri(u.span.source.name), range_of(u.span)) for u in found]

    @server.feature(lsp.TEXT_DOCUMENT_RENAME)
    def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        project, name, line, column = _at(server, params)
        use = project.use_at(name, line, column)
        if use is None:
            return None
        reason = refusal(server.texts, use, params.new_name)
        if reason:
            server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, reason))
            return None
        changes: dict[str, list[lsp.TextEdit]] = {}
        for each in everywhere(server.texts, use):
            edit = lsp.TextEdit(range_of(each.span), params.new_name)
            changes.setdefault(server.texts.uri(each.span.source.name), []).append(edit)
        return lsp.WorkspaceEdit(changes=changes)

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        project, name = server.project(params.text_document.uri)
        declared = project.index.declared
        shared = [s for s in (*declared.every, *declared.tests) if s.span.source.name == name and s.owner is None]
        return [_document_symbol(s) for s in shared if s.name]


def _answer_while_typing(server: StServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "#"]))
    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        project, name, line, column = _at(server, params)
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

    @server.feature(lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpOptions(trigger_characters=["(", ","]))
    def signature(params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
        found = call_help(*_at(server, params))
        if found is None:
            return None
        parameters = [lsp.ParameterInformation(p) for p in found.parameters]
        told = lsp.SignatureInformation(found.signature, documentation=found.comment or None, parameters=parameters)
        return lsp.SignatureHelp([told], active_signature=0, active_parameter=found.active)

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        project, name = server.project(params.text_document.uri)
        source = project.sources[name]
        text = format_source(source).text
        return [lsp.TextEdit(whole(source), text)] if text is not None and text != source.text else []


class _Placed(Protocol):
    """Parameters that name a document and a position in it."""

    text_document: lsp.TextDocumentIdentifier
    position: lsp.Position


def _at(server: StServer, params: _Placed) -> tuple[Project, str, int, int]:
    project, name = server.project(params.text_document.uri)
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
