import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCidr } from "../base/cidr.ts";
import {
  type ForwardedFields,
  type ForwardedTrust,
  parseForwarded,
  parseNodeAddress,
  readForwarded,
  trustNobody,
} from "./forwarded.ts";

const peer = { address: "10.0.0.9", scheme: "http", host: "a.test:8080" } as const;
const nothing: ForwardedFields = {
  xForwardedFor: undefined,
  xForwardedProto: undefined,
  xForwardedHost: undefined,
  forwarded: undefined,
  named: undefined,
};
const hops = (trustedHops: number, source: ForwardedTrust["source"] = "x-forwarded-for"): ForwardedTrust => ({
  ...trustNobody,
  trustedHops,
  source,
});

describe("readForwarded", () => {
  it("believes nobody by default: what came is dropped, the peer is the client", () => {
    const fields = {
      xForwardedFor: "1.1.1.1",
      xForwardedProto: "https",
      xForwardedHost: "evil",
      forwarded: "for=1.1.1.1",
      named: "1.1.1.1",
    };
    assert.deepEqual(readForwarded(trustNobody, fields, peer), {
      clientAddress: "10.0.0.9",
      scheme: "http",
      host: "a.test:8080",
      xForwardedFor: "10.0.0.9",
      forwarded: 'for=10.0.0.9;host="a.test:8080";proto=http',
    });
  });

  it("takes the N-th address from the right", () => {
    const fields = { ...nothing, xForwardedFor: "6.6.6.6, 1.1.1.1, 2.2.2.2" };
    assert.equal(readForwarded(hops(1), fields, peer).clientAddress, "2.2.2.2");
    assert.equal(readForwarded(hops(2), fields, peer).clientAddress, "1.1.1.1");
    assert.equal(readForwarded(hops(1), fields, peer).xForwardedFor, "6.6.6.6, 1.1.1.1, 2.2.2.2, 10.0.0.9");
  });

  it("takes the last address outside of trusted networks, when the peer is in one", () => {
    const networks = ["10.0.0.0/8", "2001:db8::/32"].flatMap((text) => parseCidr(text) ?? []);
    const trust = { ...trustNobody, networks };
    const client = (xForwardedFor: string, address: string) =>
      readForwarded(trust, { ...nothing, xForwardedFor }, { ...peer, address }).clientAddress;
    assert.equal(client("6.6.6.6, 1.1.1.1, 10.0.0.1, 2001:db8::1", "10.0.0.9"), "1.1.1.1");
    assert.equal(client("10.0.0.1, 10.0.0.2", "10.0.0.9"), "10.0.0.1");
    assert.equal(client("6.6.6.6, 1.1.1.1", "192.0.2.1"), "192.0.2.1");
    assert.equal(client("1.1.1.1, unknown, 10.0.0.1", "10.0.0.9"), "10.0.0.9");
  });

  it("takes the address that a header of its own names, or the peer's when it names none", () => {
    const trust = { ...trustNobody, header: "x-client" };
    const view = (named: string | undefined) =>
      readForwarded(trust, { ...nothing, named, xForwardedFor: "6.6.6.6" }, peer);
    assert.equal(view("1.1.1.1").clientAddress, "1.1.1.1");
    assert.equal(view("1.1.1.1").xForwardedFor, "1.1.1.1, 10.0.0.9");
    assert.deepEqual(view("nobody"), view(undefined));
    assert.equal(view(undefined).clientAddress, "10.0.0.9");
  });

  it("falls back to the peer when the list is short, long, empty in places or no address", () => {
    for (const list of [
      "",
      "unknown",
      "1.1.1.1,,",
      "a.test",
      Array<string>(33).fill("1.1.1.1").join(),
      "x".repeat(9_000),
    ]) {
      const view = readForwarded(hops(1), { ...nothing, xForwardedFor: list }, peer);
      assert.deepEqual([view.clientAddress, view.xForwardedFor], ["10.0.0.9", "10.0.0.9"], list.slice(0, 20));
    }
    assert.equal(readForwarded(hops(2), { ...nothing, xForwardedFor: "1.1.1.1" }, peer).clientAddress, "10.0.0.9");
  });

  it("takes scheme and host from trusted proxies only when they are valid", () => {
    const view = (xForwardedProto: string, xForwardedHost: string) =>
      readForwarded(hops(1), { ...nothing, xForwardedFor: "1.1.1.1", xForwardedProto, xForwardedHost }, peer);
    assert.deepEqual([view("HTTPS", "B.test").scheme, view("HTTPS", "B.test").host], ["https", "b.test"]);
    assert.deepEqual([view("ftp", "a@b").scheme, view("http, https", "a, b").host], ["http", "a.test:8080"]);
  });

  it("reads Forwarded when that is the trusted list, and never the other one", () => {
    const fields = {
      ...nothing,
      xForwardedFor: "6.6.6.6",
      forwarded: 'for=1.1.1.1, for="[2001:DB8::1]:80";proto=https;host=b.test',
    };
    const view = readForwarded(hops(1, "forwarded"), fields, peer);
    assert.deepEqual([view.clientAddress, view.scheme, view.host], ["2001:db8::1", "https", "b.test"]);
    assert.equal(view.xForwardedFor, "2001:db8::1, 10.0.0.9");
    assert.equal(
      readForwarded(hops(1, "forwarded"), { ...nothing, xForwardedFor: "6.6.6.6" }, peer).clientAddress,
      "10.0.0.9",
    );
  });
});

describe("parseForwarded", () => {
  it("reads elements, quoted values and parameter names in any case", () => {
    assert.deepEqual(parseForwarded('For="_gazonk";by=203.0.113.60 ; proto=http , for="a\\"b";secret=x'), [
      { for: "_gazonk", by: "203.0.113.60", proto: "http" },
      { for: 'a"b' },
    ]);
  });

  it("gives undefined for anything malformed or without bound", () => {
    for (const value of [
      "",
      "for",
      "for=",
      "for=a b",
      'for="a',
      "for=a;for=b",
      "for=a,",
      ";for=a",
      "for=a;;by=b",
      "for=[::1]",
    ]) {
      assert.equal(parseForwarded(value), undefined, value);
    }
    assert.equal(parseForwarded(Array<string>(33).fill("for=a").join()), undefined);
  });
});

describe("parseNodeAddress", () => {
  it("reads addresses with and without ports and brackets, nothing else", () => {
    assert.equal(parseNodeAddress("192.0.2.1"), "192.0.2.1");
    assert.equal(parseNodeAddress("192.0.2.1:80"), "192.0.2.1");
    assert.equal(parseNodeAddress("2001:DB8::1"), "2001:db8::1");
    assert.equal(parseNodeAddress("[::1]:80"), "::1");
    for (const node of [
      "",
      "unknown",
      "_hidden",
      "256.0.0.1",
      "1.2.3",
      "01.2.3.4",
      "-1.2.3.4",
      "[::1",
      "1.2.3.4\r\nx: y",
    ]) {
      assert.equal(parseNodeAddress(node), undefined, node);
    }
  });
});
