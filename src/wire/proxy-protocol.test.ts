import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readProxyHeader, writeProxyHeader } from "./proxy-protocol.ts";

const v4 = { sourceAddress: "192.0.2.1", sourcePort: 56324, destinationAddress: "198.51.100.2", destinationPort: 443 };
const v6 = { sourceAddress: "2001:db8::1", sourcePort: 1, destinationAddress: "::", destinationPort: 65535 };

test("readProxyHeader() reads v1, whatever follows", () => {
  const line = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n";
  assert.deepEqual(readProxyHeader(Buffer.from(`${line}GET /`)), {
    kind: "header",
    length: line.length,
    addresses: v4,
  });
  assert.deepEqual(readProxyHeader(Buffer.from("PROXY UNKNOWN ffff::1 x\r\n")).kind, "header");
  for (let end = 0; end < line.length; end++) {
    assert.equal(readProxyHeader(Buffer.from(line.slice(0, end))).kind, "more", `${end}`);
  }
});

for (const [version, addresses] of [
  ["v1", v4],
  ["v1", v6],
  ["v2", v4],
  ["v2", v6],
] as const) {
  test(`writeProxyHeader() and readProxyHeader() agree on ${addresses.sourceAddress}, ${version}`, () => {
    const header = writeProxyHeader(version, addresses);
    assert.deepEqual(readProxyHeader(Buffer.concat([header, Buffer.from("x")])), {
      kind: "header",
      length: header.length,
      addresses,
    });
    for (let end = 0; end < header.length; end++) assert.equal(readProxyHeader(header.subarray(0, end)).kind, "more");
  });
}

test("writeProxyHeader() says LOCAL, or UNKNOWN, when the families differ", () => {
  assert.equal(writeProxyHeader("v1", { ...v4, destinationAddress: "::1" }).latin1Slice(), "PROXY UNKNOWN\r\n");
  const header = writeProxyHeader("v2", { ...v4, destinationAddress: "::1" });
  assert.deepEqual(readProxyHeader(header), { kind: "header", length: 16, addresses: undefined });
});

for (const [what, text] of [
  ["no header", "GET / HTTP/1.1\r\n"],
  ["another family", "PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n"],
  ["an address of another family", "PROXY TCP4 ::1 198.51.100.2 1 2\r\n"],
  ["a port above 65535", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n"],
  ["a port with a leading zero", "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n"],
  ["too many words", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n"],
  ["a line without end", `PROXY TCP4 ${"1".repeat(200)}`],
] as const) {
  test(`readProxyHeader() refuses ${what}`, () => {
    assert.equal(readProxyHeader(Buffer.from(text)).kind, "invalid");
  });
}

test("readProxyHeader() refuses a v2 header that is too long, cut off or of another version", () => {
  const header = writeProxyHeader("v2", v4);
  const long = Buffer.from(header);
  long.writeUInt16BE(5000, 14);
  assert.equal(readProxyHeader(long).kind, "invalid");
  const short = Buffer.from(header);
  short.writeUInt16BE(8, 14);
  assert.equal(readProxyHeader(short).kind, "invalid");
  const version = Buffer.from(header);
  version[12] = 0x31;
  assert.equal(readProxyHeader(version).kind, "invalid");
});

test("readProxyHeader() never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (tail, v2) => {
      readProxyHeader(Buffer.concat([v2 ? writeProxyHeader("v2", v4).subarray(0, 12) : Buffer.from("PROXY "), tail]));
    }),
    { numRuns: 2000 },
  );
});
