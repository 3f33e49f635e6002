import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  addressFamily,
  cidrContains,
  isLoopback,
  normalizeAddress,
  nthAddress,
  parseCidr,
  usableAddresses,
} from "./cidr.ts";

describe("normalizeAddress()", () => {
  const rows: readonly [text: string, expected: string | undefined][] = [
    ["10.0.0.1", "10.0.0.1"],
    ["010.0.0.1", undefined],
    ["10.1", undefined],
    ["0x7f.0.0.1", undefined],
    ["256.0.0.1", undefined],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::", "::"],
    ["[::1]", undefined],
    ["fe80::1%eth0", undefined],
    ["example.com", undefined],
    ["", undefined],
    ["1".repeat(1000), undefined],
  ];
  for (const [text, expected] of rows) {
    test(`${JSON.stringify(text.slice(0, 30))} is ${expected ?? "no address"}`, () => {
      assert.equal(normalizeAddress(text), expected);
    });
  }
});

test("addressFamily() tells IPv4 from IPv6", () => {
  assert.equal(addressFamily("10.0.0.1"), 4);
  assert.equal(addressFamily("::1"), 6);
  assert.equal(addressFamily("localhost"), undefined);
});

test("isLoopback() knows both families", () => {
  assert.deepEqual(["127.9.9.9", "::1", "::ffff:127.0.0.1", "10.0.0.1", "::2", "localhost"].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe("parseCidr()", () => {
  const rows: readonly [text: string, expected: string | undefined][] = [
    ["10.1.2.3/16", "10.1.0.0/16"],
    ["10.1.2.3", "10.1.2.3/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:db8::ff/64", "2001:db8::/64"],
    ["::1", "::1/128"],
    ["10.0.0.0/33", undefined],
    ["10.0.0.0/", undefined],
    ["10.0.0.0/08", undefined],
    ["10.0.0.0/8/8", undefined],
    ["/8", undefined],
    ["::/129", undefined],
  ];
  for (const [text, expected] of rows) {
    test(`${JSON.stringify(text)} is ${expected ?? "no network"}`, () => {
      assert.equal(parseCidr(text)?.text, expected);
    });
  }
});

test("cidrContains() compares the prefix only, and never across families", () => {
  const net = parseCidr("10.1.128.0/17")!;
  assert.equal(cidrContains(net, "10.1.200.7"), true);
  assert.equal(cidrContains(net, "10.1.127.255"), false);
  assert.equal(cidrContains(net, "::ffff:10.1.200.7"), true);
  assert.equal(cidrContains(net, "::1"), false);
  assert.equal(cidrContains(net, "nonsense"), false);
  assert.equal(cidrContains(parseCidr("0.0.0.0/0")!, "203.0.113.9"), true);
});

describe("nthAddress()", () => {
  const rows: readonly [cidr: string, index: number, expected: string | undefined][] = [
    ["127.0.1.0/24", 0, "127.0.1.1"],
    ["127.0.1.0/24", 253, "127.0.1.254"],
    ["127.0.1.0/24", 254, undefined],
    ["127.0.0.0/8", 255, "127.0.1.0"],
    ["127.0.0.8/31", 1, "127.0.0.9"],
    ["127.0.0.8/32", 0, "127.0.0.8"],
    ["127.0.0.8/32", 1, undefined],
    ["fd00::/64", 65535, "fd00::1:0"],
    ["fd00::/64", -1, undefined],
    ["fd00::/64", 0.5, undefined],
  ];
  for (const [cidr, index, expected] of rows) {
    test(`address ${index} of ${cidr} is ${expected ?? "none"}`, () => {
      assert.equal(nthAddress(parseCidr(cidr)!, index), expected);
    });
  }

  test("every address given lies in its network, and none twice", () => {
    const net = parseCidr("192.0.2.0/27")!;
    const all = Array.from({ length: usableAddresses(net) }, (_, index) => nthAddress(net, index)!);
    assert.equal(new Set(all).size, 30);
    assert.ok(all.every((address) => cidrContains(net, address)));
  });
});
