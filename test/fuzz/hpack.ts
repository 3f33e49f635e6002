/**
 * Fuzzes the HPACK codec: `node test/fuzz/hpack.ts [--runs 50000] [--seed N]`. Prints the seed and closes with
 * `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { HpackDecoder } from "../../src/wire/http2/hpack-decoder.ts";
import { fieldBound, HpackEncoder } from "../../src/wire/http2/hpack-encoder.ts";
import type { HeaderField } from "../../src/wire/http2/hpack-table.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "../../src/wire/http2/huffman.ts";
import { type Law, readFuzzOptions, runLaws } from "./fuzz-laws.ts";
import { damage, type Random } from "./random.ts";

const names = [":method", ":path", "accept", "cookie", "date", "x-a", "x-b", "x-long", "authorization"] as const;
const values = ["", "GET", "/", "gzip, deflate", "1", "ü".repeat(9), "v".repeat(700), "w".repeat(3_000)] as const;

function field(random: Random): HeaderField {
  const value = random.once(3) ? random.bytes(random.int(60)).latin1Slice() : random.pick(values);
  return { name: random.pick(names), value };
}

function encode(encoder: HpackEncoder, fields: readonly HeaderField[]): Buffer {
  const bound = fields.reduce((sum, { name, value }) => sum + fieldBound(name, value), 8);
  const out = Buffer.alloc(bound);
  let end = encoder.begin(out, 0);
  for (const one of fields) end = encoder.field(out, end, one);
  assert.ok(end <= bound, "the bound holds");
  return out.subarray(0, end);
}

function decode(decoder: HpackDecoder, bytes: Buffer): HeaderField[] | undefined {
  const fields: HeaderField[] = [];
  const good = decoder.decode(bytes, 0, bytes.length, (one) => {
    fields.push({ name: one.name, value: one.value });
    return true;
  });
  return good ? fields : undefined;
}

const blockOf = (random: Random): HeaderField[] => Array.from({ length: random.int(12) }, () => field(random));

const laws: Readonly<Record<string, Law>> = {
  "block after block is decoded as it was encoded, also while the peer changes the table's size": (random) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    for (let blocks = 1 + random.int(12); blocks > 0; blocks--) {
      for (let sizes = random.once(3) ? 1 + random.int(3) : 0; sizes > 0; sizes--) {
        encoder.resize(random.pick([0, 40, 100, 1_000, 4_096, 65_536]));
      }
      const fields = blockOf(random);
      assert.deepEqual(decode(decoder, encode(encoder, fields)), fields);
    }
  },
  "damaged blocks never throw, and give at most a field a byte": (random) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    for (let blocks = 1 + random.int(4); blocks > 0; blocks--) {
      const bytes = encode(encoder, blockOf(random));
      const given = random.once(3) ? bytes : damage(bytes, random);
      const fields = decode(decoder, given);
      if (fields === undefined) return;
      assert.ok(fields.length <= given.length);
    }
  },
  "noise never throws, and a field is judged alike wherever it lies in memory": (random) => {
    const bytes = random.bytes(random.int(120));
    const moved = Buffer.concat([random.bytes(13), bytes, random.bytes(9)]).subarray(13, 13 + bytes.length);
    assert.deepEqual(decode(new HpackDecoder(), moved), decode(new HpackDecoder(), bytes));
  },
  "Huffman coding gives every text back, and noise never throws or grows beyond its code": (random) => {
    const text = random.bytes(random.int(200)).latin1Slice();
    const coded = Buffer.alloc(huffmanLength(text));
    assert.equal(huffmanEncode(text, coded, 0), coded.length);
    const out = Buffer.alloc(400);
    assert.equal(out.latin1Slice(0, huffmanDecode(coded, 0, coded.length, out)), text);
    const noise = random.bytes(random.int(100));
    // The shortest code has five bits.
    assert.ok(huffmanDecode(noise, 0, noise.length, out) <= (noise.length * 8) / 5);
  },
};

runLaws(laws, readFuzzOptions());
