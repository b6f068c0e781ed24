"use strict";
// Runs tools/vscode/extension.js in node with a stand-in for the editor's API; prints what the editor would be shown.
const Module = require("module");
const path = require("path");
const [extension, python, file, text] = process.argv.slice(2);
const providers = {};
const events = {};
let shown;
const told = new Promise((give) => (shown = give));
const plain = (names) => Object.fromEntries(names.map((n) => [n, class { constructor(...a) { this.args = a; } }]));
const register = new Proxy({}, { get: (_, name) => (name === "createDiagnosticCollection"
  ? () => ({ set: (uri, found) => found.length && shown(found.map((d) => [d.code, d.args[1].split("\n")[0], d.args[2]])) })
  : (_language, provider) => (providers[name] = provider)) });
const uri = { scheme: "file", fsPath: file, toString: () => "file://" + file };
const document = { uri, languageId: "st", version: 1, getText: () => text };
const vscode = {
  languages: register,
  workspace: new Proxy({
    workspaceFolders: [{ uri: { fsPath: path.dirname(file), toString: () => "file://" + path.dirname(file) }, name: "w" }],
    textDocuments: [document],
    getConfiguration: () => ({ get: () => [python, "-m", "runtime.cli", "lsp"] }),
  }, { get: (t, name) => t[name] || ((f) => (events[name] = f)) }),
  window: { showErrorMessage: (m) => { console.error(m); process.exit(3); }, showWarningMessage: () => {} },
  commands: { registerCommand: () => {} },
  Uri: { parse: (u) => u },
  ...plain(["Range", "Location", "TextEdit", "Hover", "MarkdownString", "Diagnostic", "CompletionItem", "WorkspaceEdit",
    "SignatureHelp", "SignatureInformation", "ParameterInformation", "DocumentSymbol", "DiagnosticRelatedInformation"]),
};
const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
(async () => {
  const it = require(extension);
  it.activate({ subscriptions: { push: () => {} } });
  const diagnostics = await told;
  const hover = await providers.registerHoverProvider.provideHover(document, { line: 2, character: 4 });
  const items = await providers.registerCompletionItemProvider.provideCompletionItems(document, { line: 4, character: 0 });
  const symbols = await providers.registerDocumentSymbolProvider.provideDocumentSymbols(document);
  await it.deactivate();
  console.log(JSON.stringify({
    diagnostics, hover: hover.args[0].args[0], names: items.map((i) => i.args[0]), symbols: symbols.map((s) => s.args[0]),
  }));
})();
