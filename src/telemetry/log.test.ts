import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLogger, type LogOptions } from "./log.ts";

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    write: (line) => lines.push(line),
    nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    ...options,
  });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "") as Record<string, unknown> };
}

test("createLogger: one JSON object a line, and levels below the threshold are silent", () => {
  const { log, lines, last } = capture({ level: "warn" });
  log.debug("no");
  log.info("no");
  log.warn("Something is odd.", { port: 80 });
  assert.equal(lines.length, 1);
  assert.deepEqual(last(), { port: 80, time: "2026-01-02T03:04:05.006Z", level: "warn", message: "Something is odd." });
});

test("createLogger: text for people", () => {
  const { log, lines } = capture({ format: "text" });
  log.with({ listener: "http" }).info("Listening.", { address: "127.0.0.1:80", why: "a b" });
  assert.deepEqual(lines, ['03:04:05.006 INFO  Listening. listener=http address=127.0.0.1:80 why="a b"\n']);
});

test("createLogger: secrets do not reach the log, however deep they are", () => {
  const { log, lines } = capture();
  log.info("x", {
    headers: { Authorization: "Bearer hush", "Set-Cookie": "hush", "X-Api-Key": "hush", accept: "*/*" },
    list: [{ client_secret: "hush", keyPem: "hush", "tls.key": "hush" }],
    text: "-----BEGIN EC PRIVATE KEY-----\nhush\n-----END EC PRIVATE KEY-----",
    cut: "-----BEGIN PRIVATE KEY-----\nhush",
  });
  assert.doesNotMatch(lines.join(""), /hush/);
  assert.match(lines.join(""), /\*\/\*/);
});

test("createLogger: an error is told with its cause and code, and its key material is cut out", () => {
  const { log, last } = capture();
  const cause = Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  log.error("Failed.", { error: new Error("bind -----BEGIN PRIVATE KEY-----hush", { cause }) });
  const error = last()["error"] as { message: string; cause: { code: string; message: string } };
  assert.equal(error.message, "bind [redacted]");
  assert.deepEqual([error.cause.code, error.cause.message], ["EADDRINUSE", "in use"]);
});

test("createLogger: cycles, getters that throw and strange values cost nothing but their text", () => {
  const { log, lines } = capture();
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const hostile = {
    get boom() {
      throw new Error("no");
    },
  };
  log.info("x", { cycle, hostile, big: 10n, symbol: Symbol("s"), bytes: Buffer.from("hush"), missing: undefined });
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]?.includes("hush"));
});

test("createLogger: no message or field can forge a line or drive a terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom("json" as const, "text" as const), (text, format) => {
      const { log, lines } = capture({ format });
      log.info(text, { [text]: text });
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? "", /^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\n$/);
      if (format === "json") JSON.parse(lines[0] ?? "");
    }),
  );
});

test("createLogger() gives stack traces to machines and not to people", () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const error = new TypeError("no such field");
  createLogger({ write, format: "text" }).error("Failed.", { error });
  createLogger({ write, format: "json" }).error("Failed.", { error });
  assert.match(lines[0] ?? "", /no such field/);
  assert.doesNotMatch(lines[0] ?? "", /log\.test\.ts/);
  assert.match(lines[1] ?? "", /log\.test\.ts/);
});

test("createLogger() gives no stack trace of what is only warned of, nor of its cause", () => {
  const lines: string[] = [];
  const cause = new Error("connect ECONNREFUSED");
  const error = new Error("Cannot get leases.", { cause });
  createLogger({ write: (line) => lines.push(line) }).warn("It is tried again.", { error });
  const logged = JSON.parse(lines[0] ?? "");
  assert.deepEqual(logged.error, {
    name: "Error",
    message: "Cannot get leases.",
    cause: { name: "Error", message: "connect ECONNREFUSED" },
  });
});
