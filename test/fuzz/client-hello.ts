/**
 * Fuzzes the reader of TLS ClientHellos: `node test/fuzz/client-hello.ts [--runs 50000] [--seed N]`. Prints the seed and closes
 * with `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { type ClientHelloResult, clientHelloLimitBytes, readClientHello } from "../../src/wire/client-hello.ts";
import { type Law, readFuzzOptions, runLaws } from "./fuzz-laws.ts";
import { damage, type Random } from "./random.ts";

const names = ["a", "a.example.test", "xn--bcher-kva.example", "x".repeat(63), `${"a.".repeat(120)}test`] as const;

function vector(width: 1 | 2, content: Buffer): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(content.length, 0, width);
  return Buffer.concat([length, content]);
}

function extension(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(type);
  return Buffer.concat([head, vector(2, body)]);
}

type Written = { readonly bytes: Buffer; readonly serverName: string; readonly alpn: readonly string[] };

/** A well-formed hello in records of any size, with extensions in any order. */
function writeHello(random: Random): Written {
  const serverName = random.once(4) ? "" : random.pick(names);
  const alpn = random.once(2)
    ? []
    : Array.from({ length: 1 + random.int(3) }, () => random.pick(["h2", "http/1.1", "x"]));
  const extensions = [extension(random.pick([0xff01, 0x0a0a, 43, 51]), random.bytes(random.int(80)))];
  if (serverName !== "") {
    extensions.push(extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, Buffer.from(serverName))]))));
  }
  if (alpn.length > 0) {
    extensions.push(extension(16, vector(2, Buffer.concat(alpn.map((name) => vector(1, Buffer.from(name)))))));
  }
  if (random.once(2)) extensions.reverse();
  const body = Buffer.concat([
    Buffer.of(3, 3),
    random.bytes(32),
    vector(1, random.bytes(random.pick([0, 32]))),
    vector(2, random.bytes(2 * (1 + random.int(20)))),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  const header = Buffer.of(1, 0, body.length >> 8, body.length & 0xff);
  return { bytes: inRecords(Buffer.concat([header, body]), random), serverName, alpn };
}

function inRecords(message: Buffer, random: Random): Buffer {
  const longest = random.pick([1, 3, 50, message.length]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; ) {
    const end = Math.min(message.length, at + 1 + random.int(longest));
    records.push(Buffer.concat([Buffer.of(22, 3, random.int(5)), vector(2, message.subarray(at, end))]));
    at = end;
  }
  return Buffer.concat(records);
}

/** The verdict on more bytes may be a first one; it never takes an earlier one back. */
function assertSteady(bytes: Buffer, random: Random): void {
  let before: ClientHelloResult = { kind: "more" };
  let length = 0;
  while (length < bytes.length) {
    length = Math.min(bytes.length, length + 1 + random.int(bytes.length > 300 ? 97 : 5));
    const now = readClientHello(bytes.subarray(0, length));
    if (before.kind === "hello") assert.deepEqual(now, before);
    if (before.kind === "invalid") assert.equal(now.kind, "invalid");
    before = now;
  }
  assert.deepEqual(readClientHello(bytes), before);
}

const laws: Readonly<Record<string, Law>> = {
  "a well-formed hello is read, however it is split over records": (random) => {
    const { bytes, serverName, alpn } = writeHello(random);
    const behind = random.once(2) ? random.bytes(random.int(40)) : Buffer.alloc(0);
    assert.deepEqual(readClientHello(Buffer.concat([bytes, behind])), { kind: "hello", hello: { serverName, alpn } });
    assertSteady(bytes, random);
  },
  "damaged hellos never throw, and a verdict stands however many bytes follow": (random) => {
    assertSteady(damage(writeHello(random).bytes, random), random);
  },
  "noise never throws": (random) => {
    const start = random.once(2) ? Buffer.of(22, 3, 1) : Buffer.alloc(0);
    assertSteady(Buffer.concat([start, random.bytes(random.int(200))]), random);
  },
  "nobody is waited for beyond the limit": (random) => {
    const fill = inRecords(Buffer.concat([Buffer.of(1, 0, 63, 250), random.bytes(200)]), random);
    const bytes = Buffer.concat([fill, Buffer.alloc(clientHelloLimitBytes)]);
    assert.notEqual(readClientHello(bytes.subarray(0, clientHelloLimitBytes)).kind, "more");
  },
};

runLaws(laws, readFuzzOptions());
