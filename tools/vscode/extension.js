"use strict";
// Structured Text in VS Code: starts `voltscan lsp` and hands its answers to the editor. Needs nothing installed.

const fs = require("fs");
const path = require("path");
const vscode = require("vscode");
const { Connection } = require("./connection");

let connection;
let ready;
const diagnostics = vscode.languages.createDiagnosticCollection("voltscan");

function command(folder) {
  const told = vscode.workspace.getConfiguration("voltscan").get("command");
  if (told && told.length) return told;
  const places = [path.join(folder, ".venv"), path.join(__dirname, "..", "..", ".venv")];
  const found = places.map((p) => path.join(p, "bin", "voltscan")).find((p) => fs.existsSync(p));
  return [found || "voltscan", "lsp"];
}

function start() {
  const folders = vscode.workspace.workspaceFolders || [];
  const folder = folders.length ? folders[0].uri.fsPath : process.cwd();
  const started = new Connection(command(folder), folder, note, (wrong) => {
    if (wrong && connection === started) vscode.window.showErrorMessage(`voltscan lsp ended: ${wrong}`);
  });
  connection = started;
  const workspaceFolders = folders.map((f) => ({ uri: f.uri.toString(), name: f.name }));
  const rootUri = folders.length ? folders[0].uri.toString() : null;
  ready = started
    .request("initialize", { processId: process.pid, rootUri, capabilities: {}, workspaceFolders })
    .then(() => {
      started.notify("initialized", {});
      vscode.workspace.textDocuments.forEach(opened);
    });
  ready.catch(() => {}); // its end was shown
}

function note(method, params) {
  if (method === "window/showMessage") vscode.window.showWarningMessage(params.message);
  if (method !== "textDocument/publishDiagnostics") return;
  const found = params.diagnostics.map((d) => {
    const made = new vscode.Diagnostic(range(d.range), d.message, d.severity - 1); // the protocol counts from 1
    made.code = d.code;
    made.source = d.source;
    made.relatedInformation = (d.relatedInformation || []).map(
      (r) => new vscode.DiagnosticRelatedInformation(location(r.location), r.message)
    );
    return made;
  });
  diagnostics.set(vscode.Uri.parse(params.uri), found);
}

const isSt = (document) => document.languageId === "st" && document.uri.scheme === "file";

function opened(document) {
  if (!isSt(document)) return;
  const text = { uri: document.uri.toString(), languageId: "st", version: document.version, text: document.getText() };
  connection.notify("textDocument/didOpen", { textDocument: text });
}

function changed({ document }) {
  if (!isSt(document)) return;
  const textDocument = { uri: document.uri.toString(), version: document.version };
  connection.notify("textDocument/didChange", { textDocument, contentChanges: [{ text: document.getText() }] });
}

function closed(document) {
  if (isSt(document)) connection.notify("textDocument/didClose", { textDocument: { uri: document.uri.toString() } });
}

const range = (r) => new vscode.Range(r.start.line, r.start.character, r.end.line, r.end.character);
const location = (l) => new vscode.Location(vscode.Uri.parse(l.uri), range(l.range));
const edit = (e) => new vscode.TextEdit(range(e.range), e.newText);

async function ask(method, document, position, more) {
  await ready;
  const where = position ? { position: { line: position.line, character: position.character } } : {};
  return connection.request(`textDocument/${method}`, {
    textDocument: { uri: document.uri.toString() },
    ...where,
    ...more,
  });
}

const providers = {
  async provideHover(document, position) {
    const told = await ask("hover", document, position);
    return told && new vscode.Hover(new vscode.MarkdownString(told.contents.value));
  },
  async provideDefinition(document, position) {
    const found = await ask("definition", document, position);
    return found && location(found);
  },
  async provideReferences(document, position, context) {
    const more = { context: { includeDeclaration: context.includeDeclaration } };
    return ((await ask("references", document, position, more)) || []).map(location);
  },
  async provideRenameEdits(document, position, newName) {
    const told = await ask("rename", document, position, { newName });
    const made = new vscode.WorkspaceEdit();
    for (const [uri, edits] of Object.entries((told && told.changes) || {})) {
      made.set(vscode.Uri.parse(uri), edits.map(edit));
    }
    return made;
  },
  async provideCompletionItems(document, position) {
    return ((await ask("completion", document, position)) || []).map((c) => {
      const item = new vscode.CompletionItem(c.label, c.kind - 1); // the protocol counts from 1
      item.detail = c.detail;
      item.sortText = c.sortText;
      item.insertText = c.insertText || c.label;
      return item;
    });
  },
  async provideSignatureHelp(document, position) {
    const told = await ask("signatureHelp", document, position);
    if (!told) return undefined;
    const [first] = told.signatures;
    const help = new vscode.SignatureHelp();
    const signature = new vscode.SignatureInformation(first.label, first.documentation);
    signature.parameters = first.parameters.map((p) => new vscode.ParameterInformation(p.label));
    help.signatures = [signature];
    help.activeSignature = 0;
    help.activeParameter = told.activeParameter;
    return help;
  },
  async provideDocumentFormattingEdits(document, options) {
    return ((await ask("formatting", document, undefined, { options })) || []).map(edit);
  },
  async provideDocumentSymbols(document) {
    const make = (s) => {
      const made = new vscode.DocumentSymbol(s.name, "", s.kind - 1, range(s.range), range(s.selectionRange));
      made.children = (s.children || []).map(make);
      return made;
    };
    return ((await ask("documentSymbol", document)) || []).map(make);
  },
};

function activate(context) {
  const st = { language: "st", scheme: "file" };
  const languages = vscode.languages;
  start();
  context.subscriptions.push(
    diagnostics,
    vscode.workspace.onDidOpenTextDocument((d) => ready.then(() => opened(d), () => {})),
    vscode.workspace.onDidChangeTextDocument((e) => ready.then(() => changed(e), () => {})),
    vscode.workspace.onDidCloseTextDocument((d) => ready.then(() => closed(d), () => {})),
    languages.registerHoverProvider(st, providers),
    languages.registerDefinitionProvider(st, providers),
    languages.registerReferenceProvider(st, providers),
    languages.registerRenameProvider(st, providers),
    languages.registerCompletionItemProvider(st, providers, ".", "#"),
    languages.registerSignatureHelpProvider(st, providers, "(", ","),
    languages.registerDocumentFormattingEditProvider(st, providers),
    languages.registerDocumentSymbolProvider(st, providers),
    vscode.commands.registerCommand("voltscan.restart", async () => {
      const before = connection;
      connection = undefined;
      await before.stop();
      start();
    })
  );
}

function deactivate() {
  return connection && connection.stop();
}

module.exports = { activate, deactivate };
