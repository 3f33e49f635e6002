/** Requests whose host one hop reads differently from the next: wrong tenant, poisoned cache, bypassed rule. RFC 9112 §3.2. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { accepted, assertRefused, judgeRequest } from "./feed.ts";

const withHost = (host: string): string => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

const invalid: readonly string[] = [
  "",
  " ",
  "a b",
  "a, b",
  "a,b",
  "user@evil",
  "user:pass@evil",
  "a/b",
  "a\\b",
  "a?b",
  "a#b",
  "a%2eb",
  "http://a",
  "a:",
  ":80",
  "a:65536",
  "a:123456",
  "a:+80",
  "a:80:90",
  "a:8o",
  ".a",
  "a..b",
  ".",
  "a..",
  "*",
  "*.example.test",
  "[",
  "[]",
  "[::1",
  "::1",
  "[::1]a",
  "[::1]:",
  "[::1%eth0]",
  "[::1%25eth0]",
  "[v1.a]",
  "[1:2:3:4:5:6:7]",
  "[1:2:3:4:5:6:7:8:9]",
  "[1::2::3]",
  "[12345::]",
  "[:1]",
  "[1:]",
  "[::1.2.3.256]",
  "[::1.2.3]",
  "[::01.2.3.4]",
  "\xe4.test",
  "'a'",
  `${"a".repeat(64)}.test`,
  `${"a.".repeat(128)}a`,
];

const valid: readonly (readonly [sent: string, host: string, port: number])[] = [
  ["example.test", "example.test", -1],
  ["EXAMPLE.Test:8080", "example.test", 8080],
  ["example.test.", "example.test", -1],
  ["example.test.:80", "example.test", 80],
  ["localhost", "localhost", -1],
  ["a_b.test", "a_b.test", -1],
  ["xn--bcher-kva.test:65535", "xn--bcher-kva.test", 65535],
  ["127.0.0.1:0", "127.0.0.1", 0],
  ["[::1]", "[::1]", -1],
  ["[2001:DB8::1]:443", "[2001:db8::1]", 443],
  ["[::]", "[::]", -1],
  ["[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", -1],
  ["[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]", -1],
  ["[::ffff:192.0.2.1]:80", "[::ffff:192.0.2.1]", 80],
  [`${"a".repeat(63)}.test`, `${"a".repeat(63)}.test`, -1],
];

const refused: readonly (readonly [title: string, fault: FaultName, text: string])[] = [
  ["two equal Hosts", "hostRepeated", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
  ["two Hosts apart and in other case", "hostRepeated", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nHOST: b\r\n\r\n"],
  ["two Hosts in HTTP/1.0", "hostRepeated", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"],
  ["no Host", "hostMissing", "GET / HTTP/1.1\r\n\r\n"],
  ["no Host, but in the target", "hostMissing", "GET http://a/ HTTP/1.1\r\n\r\n"],
  ["Host with a space before the colon", "spaceBeforeColon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
  ["target and Host differ", "hostDisagrees", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"],
  ["target and Host differ in the port", "hostDisagrees", "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["target and Host differ in the dot", "hostDisagrees", "GET http://a./ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["empty Host with a target", "hostInvalid", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n"],
  ["target without host", "targetAuthority", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["user information in the target", "targetAuthority", "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n"],
  ["backslash in the authority", "pathBackslash", "GET http://a\\@b/ HTTP/1.1\r\nHost: b\r\n\r\n"],
];

describe("host confusion", () => {
  for (const host of invalid) {
    it(`Host ${JSON.stringify(host)} is refused`, () => assertRefused(judgeRequest(withHost(host)), "hostInvalid"));
  }
  for (const [sent, host, port] of valid) {
    it(`Host ${sent} is ${host}`, () => {
      const message = accepted(judgeRequest(withHost(sent)));
      assert.deepEqual([message["host"], message["port"]], [host, port]);
    });
  }
  for (const [title, fault, text] of refused) {
    it(`${title}: refused`, () => assertRefused(judgeRequest(text), fault));
  }

  it("a target that agrees with Host, letter case aside, is read as its path", () => {
    const message = accepted(judgeRequest("GET HTTP://A.test:80/b?c HTTP/1.1\r\nHost: a.TEST:80\r\n\r\n"));
    assert.deepEqual(
      [message["form"], message["scheme"], message["host"], message["port"], message["path"], message["query"]],
      ["absolute", "http", "a.test", 80, "/b", "c"],
    );
  });

  it("a target without path is the root, with or without query", () => {
    assert.equal(accepted(judgeRequest("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n"))["path"], "/");
    const message = accepted(judgeRequest("GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert.deepEqual([message["path"], message["query"]], ["/", "b"]);
  });

  it("HTTP/1.0 needs no Host, and takes one from the target", () => {
    assert.equal(accepted(judgeRequest("GET / HTTP/1.0\r\n\r\n"))["host"], "");
    assert.equal(accepted(judgeRequest("GET http://a/ HTTP/1.0\r\n\r\n"))["host"], "a");
    assertRefused(judgeRequest("GET / HTTP/1.0\r\nHost: a@b\r\n\r\n"), "hostInvalid");
  });

  it("Host is not among the kept lines: the writer sends the one that was judged", () => {
    assert.equal(
      accepted(judgeRequest("GET / HTTP/1.1\r\nA: b\r\nHost: a\r\nC: d\r\n\r\n"))["kept"],
      "A: b\r\nC: d\r\n",
    );
  });
});
