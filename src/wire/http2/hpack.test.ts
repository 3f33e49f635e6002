import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { DynamicTable, type HeaderField, staticTable } from "./hpack-table.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

function decodeAll(decoder: HpackDecoder, block: Buffer): HeaderField[] | undefined {
  const fields: HeaderField[] = [];
  return decoder.decode(block, 0, block.length, (field) => fields.push({ name: field.name, value: field.value }) > 0)
    ? fields
    : undefined;
}

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 80,
});

test("huffman: every string of bytes survives, in the announced length", () => {
  fc.assert(
    fc.property(latin1, (text) => {
      const out = Buffer.alloc(400);
      const end = huffmanEncode(text, out, 0);
      assert.equal(end, huffmanLength(text));
      const back = Buffer.alloc(400);
      assert.equal(back.latin1Slice(0, huffmanDecode(out, 0, end, back)), text);
    }),
  );
});

test("huffman: the words of RFC 7541 appendix C.4", () => {
  const out = Buffer.alloc(64);
  assert.equal(out.subarray(0, huffmanEncode("www.example.com", out, 0)).toString("hex"), "f1e3c2e5f23a6ba0ab90f4ff");
  assert.equal(out.subarray(0, huffmanEncode("no-cache", out, 0)).toString("hex"), "a8eb10649cbf");
  assert.equal(out.subarray(0, huffmanEncode("custom-value", out, 0)).toString("hex"), "25a849e95bb8e8b4bf");
});

test("huffman: refuses EOS, padding of eight bits and padding that is not ones", () => {
  const out = Buffer.alloc(64);
  assert.equal(huffmanDecode(bytes("ffffffff"), 0, 4, out), -1);
  assert.equal(huffmanDecode(bytes("1fff"), 0, 2, out), -1);
  assert.equal(huffmanDecode(bytes("18"), 0, 1, out), -1);
  assert.equal(huffmanDecode(bytes("1f"), 0, 1, out), 1);
});

test("HpackDecoder: the requests of RFC 7541 appendix C.4, over one table", () => {
  const decoder = new HpackDecoder();
  assert.deepEqual(decodeAll(decoder, bytes("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff")), [
    { name: ":method", value: "GET" },
    { name: ":scheme", value: "http" },
    { name: ":path", value: "/" },
    { name: ":authority", value: "www.example.com" },
  ]);
  assert.deepEqual(decodeAll(decoder, bytes("8286 84be 5886 a8eb 1064 9cbf"))?.slice(3), [
    { name: ":authority", value: "www.example.com" },
    { name: "cache-control", value: "no-cache" },
  ]);
  assert.deepEqual(decodeAll(decoder, bytes("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))?.slice(1), [
    { name: ":scheme", value: "https" },
    { name: ":path", value: "/index.html" },
    { name: ":authority", value: "www.example.com" },
    { name: "custom-key", value: "custom-value" },
  ]);
});

for (const [what, hex] of [
  ["index zero", "80"],
  ["an index behind the tables", "be"],
  ["an integer without end", "ffffffffffff7f"],
  ["a cut string", "400a637573"],
  ["a table size above the limit", "3fe21f"],
  ["a size update behind a field", "8220"],
  ["a bad Huffman code", "0081ff0100"],
] as const) {
  test(`HpackDecoder refuses ${what}`, () => {
    assert.equal(decodeAll(new HpackDecoder(), bytes(hex)), undefined);
  });
}

test("HpackDecoder goes on decoding when the sink wants no more, so that the table stays in step", () => {
  const encoder = new HpackEncoder();
  const out = Buffer.alloc(1024);
  let end = 0;
  for (const name of ["x-a", "x-b", "x-c"]) end = encoder.field(out, end, { name, value: "1" });
  const decoder = new HpackDecoder();
  let given = 0;
  assert.ok(decoder.decode(out, 0, end, () => ++given < 1));
  assert.equal(given, 1);
  const again = Buffer.alloc(64);
  assert.deepEqual(decodeAll(decoder, again.subarray(0, encoder.field(again, 0, { name: "x-c", value: "1" }))), [
    { name: "x-c", value: "1" },
  ]);
});

test("HpackEncoder and HpackDecoder agree over many blocks, sizes and resizes", () => {
  const name = fc.constantFrom(
    "x-a",
    "x-b",
    "accept",
    "cookie",
    "set-cookie",
    "content-type",
    ":path",
    "authorization",
  );
  const field = fc.record({ name, value: latin1 }, { noNullPrototype: true });
  const step = fc.record({
    fields: fc.array(field, { maxLength: 12 }),
    resize: fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder();
      for (const { fields, resize } of steps) {
        if (resize !== undefined) encoder.resize(resize);
        const out = Buffer.alloc(8192);
        let end = encoder.begin(out, 0);
        for (const one of fields) end = encoder.field(out, end, one);
        assert.deepEqual(decodeAll(decoder, out.subarray(0, end)), fields);
      }
    }),
  );
});

test("HpackDecoder never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (blocks) => {
      const decoder = new HpackDecoder();
      for (const block of blocks) decodeAll(decoder, Buffer.from(block));
    }),
    { numRuns: 500 },
  );
});

test("DynamicTable evicts the oldest and keeps indexes from the newest", () => {
  const table = new DynamicTable(34 * 3);
  for (const value of ["1", "2", "3", "4"]) table.insert({ name: "a", value });
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => table.at(i)?.value),
    ["4", "3", "2", undefined],
  );
  table.resize(34);
  assert.equal(table.length, 1);
  table.insert({ name: "too", value: "x".repeat(50) });
  assert.equal(table.length, 0);
  assert.equal(staticTable.length, 61);
});

test("HpackEncoder names the smallest size that its table had between two blocks, then the last one", () => {
  const encoder = new HpackEncoder();
  const out = Buffer.alloc(64);
  encoder.field(out, 0, { name: "x-a", value: "b" });
  encoder.resize(0);
  encoder.resize(4096);
  const end = encoder.begin(out, 0);
  assert.equal(out.toString("hex", 0, end), "203fe11f");
  assert.equal(encoder.begin(out, 0), 0);
});
