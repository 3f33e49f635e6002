/**
 * Fuzzes the reader of PROXY headers, v1 and v2: `node test/fuzz/proxy-protocol.ts [--runs 50000] [--seed N]`. Prints the seed
 * and closes with `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { isIP } from "node:net";
import {
  type ProxiedAddresses,
  type ProxyHeaderResult,
  proxyHeaderLimitBytes,
  readProxyHeader,
  writeProxyHeader,
} from "../../src/wire/proxy-protocol.ts";
import { type Law, readFuzzOptions, runLaws } from "./fuzz-laws.ts";
import { damage, type Random } from "./random.ts";

function addresses(random: Random): ProxiedAddresses {
  const four = (): string => [...random.bytes(4)].join(".");
  const six = (): string => {
    const groups = Array.from({ length: 8 }, () => (random.once(2) ? 0 : random.int(65_536)).toString(16));
    return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
  };
  const address = random.once(2) ? four : six;
  return {
    sourceAddress: address(),
    sourcePort: random.int(65_536),
    destinationAddress: address(),
    destinationPort: random.int(65_536),
  };
}

function writeLine(of: ProxiedAddresses): Buffer {
  const family = isIP(of.sourceAddress) === 4 ? "TCP4" : "TCP6";
  return Buffer.from(
    `PROXY ${family} ${of.sourceAddress} ${of.destinationAddress} ${of.sourcePort} ${of.destinationPort}\r\n`,
  );
}

const write = (of: ProxiedAddresses, random: Random): Buffer =>
  random.once(2) ? writeLine(of) : writeProxyHeader("v2", of);

function assertSane(result: ProxyHeaderResult, bytes: Buffer): void {
  if (result.kind !== "header") return;
  assert.ok(result.length > 0 && result.length <= Math.min(bytes.length, proxyHeaderLimitBytes));
  const { addresses: found } = result;
  if (found === undefined) return;
  assert.notEqual(isIP(found.sourceAddress), 0);
  assert.equal(isIP(found.sourceAddress), isIP(found.destinationAddress));
  for (const port of [found.sourcePort, found.destinationPort]) assert.ok(port >= 0 && port <= 65_535);
}

/** The verdict on more bytes may be a first one; it never takes an earlier one back. */
function assertSteady(bytes: Buffer, random: Random): void {
  let before: ProxyHeaderResult = { kind: "more" };
  for (let length = 0; length < bytes.length; ) {
    length = Math.min(bytes.length, length + 1 + random.int(bytes.length > 300 ? 97 : 5));
    const part = bytes.subarray(0, length);
    const now = readProxyHeader(part);
    assertSane(now, part);
    if (before.kind === "header") assert.deepEqual(now, before);
    if (before.kind === "invalid") assert.equal(now.kind, "invalid");
    before = now;
  }
}

const laws: Readonly<Record<string, Law>> = {
  "what is written is read, and nothing behind it": (random) => {
    const of = addresses(random);
    const bytes = write(of, random);
    const result = readProxyHeader(Buffer.concat([bytes, random.bytes(random.int(40))]));
    assert.deepEqual(result, { kind: "header", length: bytes.length, addresses: of });
    assertSteady(bytes, random);
  },
  "damaged headers never throw, and a verdict stands however many bytes follow": (random) => {
    assertSteady(damage(write(addresses(random), random), random), random);
  },
  "noise never throws": (random) => {
    const start = random.pick(["PROXY ", "PROXY TCP4 ", "\r\n\r\n\0\r\nQUIT\n", ""]);
    assertSteady(Buffer.concat([Buffer.from(start, "latin1"), random.bytes(random.int(160))]), random);
  },
  "nobody is waited for beyond the limit": (random) => {
    const start = damage(write(addresses(random), random), random);
    const bytes = Buffer.concat([start, Buffer.alloc(proxyHeaderLimitBytes, random.int(256))]);
    assert.notEqual(readProxyHeader(bytes).kind, "more");
  },
};

runLaws(laws, readFuzzOptions());
