/** Connection options: what concerns one hop must not reach the next, and must not take away what the next relies on. RFC 9110 §7.6.1. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestField, requestFields } from "../../src/wire/http1/known-field.ts";
import { parseRequestHead, RequestHead } from "../../src/wire/http1/request-head.ts";
import { accepted, assertRefused, judgeRequest, judgeResponse, requestWith, responseWith } from "./feed.ts";

const kept = (...lines: readonly string[]): unknown => accepted(judgeRequest(requestWith(...lines)))["kept"];

describe("hop-by-hop abuse", () => {
  it("fields of one hop are left out without being named", () => {
    assert.equal(
      kept(
        "Keep-Alive: 5",
        "A: b",
        "Proxy-Connection: x",
        "TE: trailers",
        "Upgrade: h2c",
        "Proxy-Authorization: x",
        "C: d",
      ),
      "A: b\r\nC: d\r\n",
    );
  });

  it("named fields are dropped, in any case, from any number of lines", () => {
    assert.equal(kept("X-A: 1", "Connection: x-a, X-B", "x-b: 2", "X-C: 3", "X-A: 4", "connection: X-C"), "");
    assert.equal(kept("X-A: 1", "X-AB: 2", "Connection: X-A", "X: 3"), "X-AB: 2\r\nX: 3\r\n");
    assert.equal(kept("X-A:  padded ", "Connection: x-a", "B: c"), "B: c\r\n");
  });

  it("named fields are gone for whoever asks, and what is known is still found", () => {
    const bytes = Buffer.from(
      requestWith("X-A: 1", "Cookie: c", "x-b: 2", "Connection: x-a, X-B", "X-A: 3", "Origin: o", "X-C: 4"),
    );
    const head = new RequestHead();
    assert.ok(parseRequestHead(bytes, 0, bytes.length, head) > 0);
    assert.deepEqual(
      ["x-a", "x-b", "x-c", "cookie", "origin"].map((name) => head.header(bytes, name)),
      [undefined, undefined, "4", "c", "o"],
    );
    assert.deepEqual(
      [RequestField.cookie, RequestField.origin, RequestField.connection].map((field) => head.value(bytes, field)),
      ["c", "o", "x-a, X-B"],
    );
    const names = Array.from({ length: head.lineCount }, (_, line) => head.lineName(bytes, line));
    assert.deepEqual(names, ["host", "cookie", "connection", "origin", "x-c"]);
  });

  it("claims of a client are told apart, and go in any spelling when nobody is trusted", () => {
    const claims = [
      "X-Forwarded-Prefix: /a",
      "x_real_ip: 1",
      "X-Original-URL: /b",
      "X-Forwarded_Ssl: on",
      "x-forwarded: 1",
    ];
    const bytes = Buffer.from(
      requestWith("A: 1", ...claims, "X-Forward: 2", "Origin: o", "X-Originals: 3", "X-Real-IPs: 4"),
    );
    const head = new RequestHead();
    assert.ok(parseRequestHead(bytes, 0, bytes.length, head) > 0);
    assert.ok(head.claims);
    head.forgetClaims(bytes);
    const names = Array.from({ length: head.lineCount }, (_, line) => head.lineName(bytes, line));
    assert.deepEqual(names, ["host", "a", "x-forward", "origin", "x-originals", "x-real-ips"]);
    assert.equal(head.value(bytes, RequestField.origin), "o");
    const kept = Array.from({ length: head.runLength / 2 }, (_, i) =>
      bytes.toString("latin1", head.runs[2 * i], head.runs[2 * i + 1]),
    );
    assert.equal(kept.join(""), "A: 1\r\nX-Forward: 2\r\nOrigin: o\r\nX-Originals: 3\r\nX-Real-IPs: 4\r\n");
  });

  it("fields that backends rely on are not dropped by naming them", () => {
    for (const [id, name] of requestFields.names.entries()) {
      if (id < requestFields.keptFrom) continue;
      assert.equal(kept(`${name}: value`, `Connection: close, ${name}`), `${name}: value\r\n`);
    }
  });

  it("naming Host, Content-Length or Transfer-Encoding does not change how the message is read", () => {
    const message = accepted(
      judgeRequest(requestWith("Content-Length: 5", "Connection: host, content-length, transfer-encoding")),
    );
    assert.deepEqual([message["host"], message["contentLength"]], ["example.test", 5]);
  });

  it("what the gateway writes itself is never kept", () => {
    assert.equal(
      kept(
        "X-Forwarded-For: 1",
        "X-Forwarded-Host: 1",
        "X-Forwarded-Proto: 1",
        "X-Forwarded-Port: 1",
        "Forwarded: for=1",
        "X-Request-Id: 1",
        "traceparent: 1",
        "Expect: 100-continue",
      ),
      "",
    );
  });

  it("a Connection that is no token list, or names too many fields, is refused", () => {
    for (const value of ["close x", "a=b", '"close"', "close;", "a, (b)", "a\xe9"]) {
      assertRefused(judgeRequest(requestWith(`Connection: ${value}`)), "connectionOptions");
      assertRefused(judgeResponse(responseWith(`Connection: ${value}`)), "connectionOptions");
    }
    const names = Array.from({ length: 17 }, (_, i) => `x-${i}`);
    assertRefused(judgeRequest(requestWith(`Connection: ${names.join(",")}`)), "connectionOptions");
    accepted(judgeRequest(requestWith(`Connection: ${names.slice(1).join(", ")}, close, keep-alive, te`)));
  });

  it("persistence follows version and tokens, and close wins", () => {
    const close = (text: string): unknown => accepted(judgeRequest(text))["close"];
    assert.equal(close(requestWith()), false);
    assert.equal(close(requestWith("Connection: Close")), true);
    assert.equal(close(requestWith("Connection: keep-alive, close")), true);
    assert.equal(close(requestWith("Connection: ,, keep-alive ,")), false);
    assert.equal(close("GET / HTTP/1.0\r\n\r\n"), true);
    assert.equal(close("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), false);
    assert.equal(close("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), true);
  });

  it("an upgrade needs the token and exactly one Upgrade line", () => {
    const upgrade = (...lines: readonly string[]): unknown => accepted(judgeRequest(requestWith(...lines)))["upgrade"];
    assert.equal(upgrade("Connection: Upgrade", "Upgrade: websocket"), true);
    assert.equal(upgrade("Upgrade: websocket"), false);
    assert.equal(upgrade("Connection: upgrade"), false);
    assert.equal(upgrade("Connection: upgrade", "Upgrade: websocket", "Upgrade: h2c"), false);
    const older = "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert.equal(accepted(judgeRequest(older))["upgrade"], false);
  });
});
