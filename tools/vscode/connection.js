"use strict";
// A connection to a language server over the pipes of a process: JSON-RPC with Content-Length frames (LSP 3.17).

const { spawn } = require("child_process");

class Connection {
  /** `onNote(method, params)` takes what the server says by itself, `onEnd(text)` its end with what it complained of. */
  constructor(command, folder, onNote, onEnd) {
    this.onNote = onNote;
    this.waiting = new Map();
    this.number = 0;
    this.received = Buffer.alloc(0);
    this.complaints = "";
    this.process = spawn(command[0], command.slice(1), { cwd: folder });
    this.process.stdout.on("data", (bytes) => this.take(bytes));
    this.process.stderr.on("data", (bytes) => (this.complaints = (this.complaints + bytes).slice(-4000)));
    this.process.stdin.on("error", () => {}); // its end is told by `exit`
    const end = (text) => {
      for (const { refuse } of this.waiting.values()) refuse(new Error("the language server ended"));
      this.waiting.clear();
      onEnd(text);
    };
    this.process.on("error", (wrong) => end(String(wrong.message)));
    this.process.on("exit", (code) => end(code ? `code ${code}: ${this.complaints}` : ""));
  }

  send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }), "utf8");
    this.process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.process.stdin.write(body);
  }

  notify(method, params) {
    this.send({ method, params });
  }

  request(method, params) {
    const id = ++this.number;
    return new Promise((give, refuse) => {
      this.waiting.set(id, { give, refuse });
      this.send({ id, method, params });
    });
  }

  take(bytes) {
    this.received = Buffer.concat([this.received, bytes]);
    for (;;) {
      const headEnd = this.received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const length = Number(/content-length:\s*(\d+)/i.exec(this.received.toString("ascii", 0, headEnd))[1]);
      const end = headEnd + 4 + length;
      if (this.received.length < end) return;
      const message = JSON.parse(this.received.toString("utf8", headEnd + 4, end));
      this.received = this.received.subarray(end);
      this.handle(message);
    }
  }

  handle(message) {
    if (message.method !== undefined) {
      if (message.id !== undefined) this.send({ id: message.id, result: null });
      this.onNote(message.method, message.params);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (waiting === undefined) return;
    if (message.error) waiting.refuse(new Error(message.error.message));
    else waiting.give(message.result);
  }

  async stop() {
    try {
      await this.request("shutdown", null);
      this.notify("exit", null);
    } catch (_) {
      // it has ended already
    }
  }
}

module.exports = { Connection };
