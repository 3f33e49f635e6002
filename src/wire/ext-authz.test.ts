import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CheckRequest, decodeCheckResponse, encodeCheckRequest } from "./ext-authz.ts";
import { ProtobufWriter, readProtobuf } from "./protobuf.ts";

const check: CheckRequest = {
  source: { address: "10.0.0.1", port: 0 },
  destination: { address: "", port: 80 },
  startMs: 1_500,
  id: "i",
  method: "GET",
  headers: [["a", "b"]],
  path: "/x?y",
  host: "h",
  scheme: "http",
  protocol: "HTTP/1.1",
  size: 0,
  body: Buffer.alloc(0),
  context: [],
  route: undefined,
};

test("encodeCheckRequest() writes the bytes that the protobuf schema asks for", () => {
  const source = "0a0e0a0c0a0a120831302e302e302e31";
  const destination = "12060a040a021850";
  const time = "0a0808011080cab5ee01";
  const http = "0a016912034745541a060a016112016222042f783f792a01683204687474705208485454502f312e31";
  const encoded = encodeCheckRequest(check).toString("hex");
  assert.ok(encoded.includes(source), encoded);
  assert.ok(encoded.includes(destination), encoded);
  assert.ok(encoded.includes(time), encoded);
  assert.ok(encoded.includes(http), encoded);
});

test("encodeCheckRequest() sends a body that is no UTF-8 as raw bytes", () => {
  const text = encodeCheckRequest({ ...check, body: Buffer.from("hi") }).toString("hex");
  const raw = encodeCheckRequest({ ...check, body: Buffer.from([0xff, 0xfe]) }).toString("hex");
  assert.ok(text.endsWith("5a026869"), text);
  assert.ok(raw.endsWith("6202fffe"), raw);
});

const header = (name: string, value: string) => new ProtobufWriter().string(1, name).string(2, value);
const option = (name: string, value: string) => new ProtobufWriter().message(1, header(name, value));
const refused = new ProtobufWriter().varint(1, 7);

test("decodeCheckResponse() reads a permission with everything that it changes", () => {
  const ok = new ProtobufWriter()
    .message(2, option("X-User", "ann"))
    .message(2, option("x-group", "a").message(2, new ProtobufWriter().varint(1, 1)))
    .message(2, option("x-once", "1").varint(3, 1))
    .string(5, "X-Secret")
    .message(6, option("set-cookie", "s=1"))
    .message(7, header("tenant", "t 1"))
    .string(8, "token");
  assert.deepEqual(decodeCheckResponse(new ProtobufWriter().message(3, ok).finish()), {
    kind: "ok",
    headers: [
      { name: "x-user", value: "ann", how: "set" },
      { name: "x-group", value: "a", how: "add" },
      { name: "x-once", value: "1", how: "addIfAbsent" },
    ],
    removeHeaders: ["x-secret"],
    responseHeaders: [{ name: "set-cookie", value: "s=1", how: "add" }],
    setQuery: [["tenant", "t 1"]],
    removeQuery: ["token"],
  });
});

test("decodeCheckResponse() takes an OK status alone for a permission without changes, and an answer without a word for none", () => {
  assert.equal(decodeCheckResponse(Buffer.of(0x0a, 0))?.kind, "ok");
  assert.equal(decodeCheckResponse(Buffer.alloc(0)), undefined);
});

test("decodeCheckResponse() takes no message of another schema for a permission", () => {
  // Its own question come back: the status would be a message where a number belongs.
  const source = new ProtobufWriter().string(2, "192.0.2.1");
  const attributes = new ProtobufWriter().message(1, source);
  assert.equal(decodeCheckResponse(new ProtobufWriter().message(1, attributes).finish()), undefined);
  assert.equal(decodeCheckResponse(new ProtobufWriter().varint(1, 1).finish()), undefined);
});

test("decodeCheckResponse() reads a refusal with its own answer", () => {
  const answer = new ProtobufWriter()
    .message(1, new ProtobufWriter().varint(1, 401))
    .message(2, option("WWW-Authenticate", "Basic"))
    .string(3, "no");
  const bytes = new ProtobufWriter().message(1, refused).message(2, answer).finish();
  assert.deepEqual(decodeCheckResponse(bytes), {
    kind: "denied",
    status: 401,
    headers: [{ name: "www-authenticate", value: "Basic", how: "set" }],
    body: Buffer.from("no"),
  });
});

test("decodeCheckResponse() lets a refusal win over a permission in the same answer", () => {
  const both = new ProtobufWriter().message(2, new ProtobufWriter()).message(3, new ProtobufWriter()).finish();
  assert.equal(decodeCheckResponse(both)?.kind, "denied");
  const code = new ProtobufWriter().message(1, refused).message(3, new ProtobufWriter()).finish();
  assert.equal(decodeCheckResponse(code)?.kind, "denied");
});

test("decodeCheckResponse() gives nothing for bytes that are no message", () => {
  for (const hex of ["0a", "0aff", "07", "0b", "08ffffffffffffffffffffff01", "1a0312017a"]) {
    assert.equal(decodeCheckResponse(Buffer.from(hex, "hex")), undefined, hex);
  }
});

test("decodeCheckResponse() never throws, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeCheckResponse(Buffer.from(bytes))));
});

test("readProtobuf() reads back what ProtobufWriter wrote", () => {
  const numbers = fc.integer({ min: 1, max: 1_000 });
  const field = fc.oneof(
    fc
      .tuple(numbers, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
      .map(([number, value]) => ({ number, kind: "varint", value }) as const),
    fc
      .tuple(numbers, fc.uint8Array({ minLength: 1 }))
      .map(([number, value]) => ({ number, kind: "bytes", value: Buffer.from(value) }) as const),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const writer = new ProtobufWriter();
      for (const one of fields) {
        if (one.kind === "varint") writer.varint(one.number, one.value);
        else writer.bytes(one.number, one.value);
      }
      assert.deepEqual(readProtobuf(writer.finish(), 20), fields);
    }),
  );
});

test("readProtobuf() refuses more fields than it was told to read", () => {
  const writer = new ProtobufWriter().varint(1, 1).varint(1, 2);
  assert.equal(readProtobuf(writer.finish(), 1), undefined);
});
