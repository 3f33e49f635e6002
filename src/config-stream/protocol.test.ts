import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineReader } from "./line-reader.ts";
import { ProtocolError, parseControllerMessage, parseProxyMessage, renderLine } from "./protocol.ts";
import { retryDelayMs } from "./retry-delay.ts";

test("LineReader: lines are the same however the bytes are cut", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(30), { maxLength: 20 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const read: string[] = [];
      const reader = new LineReader(1000, (text) => read.push(text));
      let at = 0;
      for (const cut of cuts) {
        reader.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      reader.push(bytes.subarray(at));
      assert.deepEqual(
        read,
        lines.map((text) => Buffer.from(text).toString()),
      );
    }),
  );
});

test("LineReader: a line longer than its bound is refused before it is whole", () => {
  const reader = new LineReader(10, () => {});
  reader.push(Buffer.from("0123456789\n"));
  reader.push(Buffer.from("01234"));
  assert.throws(() => reader.push(Buffer.from("567890")), ProtocolError);
});

const state = { routing: { gateways: [], clusters: {} }, endpoints: {}, secrets: {}, settings: {} };

test("parseControllerMessage: takes what renderLine makes, and refuses everything else without quoting it", () => {
  const messages = [
    { kind: "ping" },
    { kind: "current", hash: "#1" },
    { kind: "state", hash: "#1", state },
    { kind: "delta", hash: "#1", delta: { kind: "object", change: [], remove: [] } },
  ] as const;
  for (const message of messages) assert.deepEqual(parseControllerMessage(renderLine(message).trim()), message);
  const wrong = [
    "secret",
    "null",
    "[]",
    '{"kind":"secret"}',
    '{"kind":"state","hash":"#1"}',
    '{"kind":"state","hash":1,"state":{}}',
    JSON.stringify({ kind: "state", hash: "#1", state: { ...state, routing: { gateways: {}, clusters: {} } } }),
    JSON.stringify({ kind: "state", hash: "#1", state: { ...state, secrets: "secret" } }),
    '{"kind":"delta","hash":"#1"}',
  ];
  for (const line of wrong) {
    assert.throws(
      () => parseControllerMessage(line),
      (error) => error instanceof ProtocolError && !error.message.includes('"secret"'),
      line,
    );
  }
});

test("parseProxyMessage: takes what renderLine makes, keeps nothing that it does not know, and refuses everything else", () => {
  const listeners = {
    a: { hash: "h", state: "programmed", address: "::", port: 80 },
    b: { hash: "h", state: "failed", message: "taken", code: "EADDRINUSE" },
    c: { hash: "h", state: "failed", message: "no" },
  } as const;
  const messages = [
    { kind: "ping" },
    { kind: "resync" },
    { kind: "hello", proxy: "web-1", version: "1" },
    { kind: "hello", proxy: "web-1", version: "1", hash: "#1" },
    { kind: "report", hash: "#1", listeners },
  ] as const;
  for (const message of messages) assert.deepEqual(parseProxyMessage(renderLine(message).trim()), message);
  const extra = { kind: "report", hash: "#1", listeners: { a: { ...listeners.a, extra: 1 } } };
  assert.deepEqual(parseProxyMessage(JSON.stringify(extra)), { ...extra, listeners: { a: listeners.a } });
  const row = (value: unknown) => JSON.stringify({ kind: "report", hash: "#1", listeners: { a: value } });
  const wrong = [
    "",
    "{}",
    '{"kind":"hello","proxy":"x"}',
    JSON.stringify({ kind: "hello", proxy: "x".repeat(254), version: "1" }),
    '{"kind":"report","hash":"#1","listeners":[]}',
    row(null),
    row({ ...listeners.a, hash: undefined }),
    row({ ...listeners.a, port: "80" }),
    row({ ...listeners.a, state: "fine" }),
    row({ ...listeners.b, message: 7 }),
    row({ ...listeners.b, message: "x".repeat(5000) }),
  ];
  for (const line of wrong) assert.throws(() => parseProxyMessage(line), ProtocolError, line.slice(0, 80));
});

test("retryDelayMs: the first tries come fast, later ones every few seconds, never two proxies in step", () => {
  assert.deepEqual(
    [0, 1, 2, 10, 1000].map((attempt) => retryDelayMs(attempt, () => 1)),
    [100, 200, 400, 3_000, 3_000],
  );
  assert.equal(
    retryDelayMs(0, () => 0),
    50,
  );
});
