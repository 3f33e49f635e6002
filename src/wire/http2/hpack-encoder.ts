import { DynamicTable, fieldSize, type HeaderField, staticFields, staticNames, staticTable } from "./hpack-table.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";

/** Fields whose values differ on nearly every message: indexing them would only push others out of the table. */
const unindexed = new Set([
  ":path",
  "content-length",
  "etag",
  "last-modified",
  "age",
  "grpc-timeout",
  "x-request-id",
  "traceparent",
  "location",
  "set-cookie",
]);
/** Never indexed, and marked so for every hop behind us: their values are worth guessing. RFC 7541 section 7.1. */
const sensitive = new Set(["authorization", "cookie", "proxy-authorization"]);

/** Never the same twice, and mostly digits: Huffman's code saves little of them, and takes the time of all other fields together. */
const uncoded = new Set(["x-request-id", "traceparent"]);

/** Encodes header blocks of one connection. RFC 7541. Names must be lower case, values Latin-1 and valid: the caller has checked. */
export class HpackEncoder {
  readonly #table: DynamicTable;
  /** Age (insertion number) of what the dynamic table holds, by name and then by value. */
  readonly #ages = new Map<string, Map<string, number>>();
  readonly #held: HeaderField[] = [];
  #oldest = 0;
  /** Smallest table size since the last block, which must begin with it and the final one. RFC 7541 section 4.2. */
  #smallest: number | undefined;

  /** `tableLimitBytes`: the smaller of our own limit and the peer's SETTINGS_HEADER_TABLE_SIZE. */
  constructor(tableLimitBytes = 4096) {
    this.#table = new DynamicTable(tableLimitBytes);
  }

  /** Follows the peer's SETTINGS_HEADER_TABLE_SIZE, but never above 4096 bytes. */
  resize(peerLimitBytes: number): void {
    const limit = Math.min(peerLimitBytes, 4096);
    if (limit === this.#table.limit) return;
    const held = this.#table.length;
    this.#table.resize(limit);
    this.#forget(held - this.#table.length);
    this.#smallest = Math.min(limit, this.#smallest ?? limit);
  }

  /** Writes what must stand before the first field of a block; returns the offset behind it. */
  begin(out: Buffer, offset: number): number {
    const smallest = this.#smallest;
    if (smallest === undefined) return offset;
    this.#smallest = undefined;
    const { limit } = this.#table;
    const at = smallest < limit ? writeInteger(out, offset, { prefixBits: 5, first: 0x20, value: smallest }) : offset;
    return writeInteger(out, at, { prefixBits: 5, first: 0x20, value: limit });
  }

  /** Writes one field; returns the offset behind it. The caller has made room for {@link fieldBound} bytes. */
  field(out: Buffer, offset: number, field: { readonly name: string; readonly value: string }): number {
    const { name, value } = field;
    const fixed = staticFields.get(name)?.get(value);
    if (fixed !== undefined) return writeInteger(out, offset, { prefixBits: 7, first: 0x80, value: fixed });
    const age = this.#ages.get(name)?.get(value);
    if (age !== undefined) {
      const index = staticTable.length + this.#table.inserted - age;
      return writeInteger(out, offset, { prefixBits: 7, first: 0x80, value: index });
    }
    const nameIndex = staticNames.get(name) ?? 0;
    if (sensitive.has(name)) return writeLiteral(out, offset, { first: 0x10, prefixBits: 4, nameIndex, name, value });
    if (unindexed.has(name) || fieldSize(field) > this.#table.limit / 2) {
      return writeLiteral(out, offset, { first: 0x00, prefixBits: 4, nameIndex, name, value });
    }
    this.#remember(field);
    return writeLiteral(out, offset, { first: 0x40, prefixBits: 6, nameIndex, name, value });
  }

  #remember(field: HeaderField): void {
    this.#forget(this.#table.insert(field));
    const age = this.#table.inserted - 1;
    const byValue = this.#ages.get(field.name);
    if (byValue === undefined) this.#ages.set(field.name, new Map([[field.value, age]]));
    else byValue.set(field.value, age);
    this.#held.push(field);
  }

  #forget(evicted: number): void {
    for (let i = 0; i < evicted; i++) {
      const { name, value } = this.#held[this.#oldest++]!;
      const byValue = this.#ages.get(name)!;
      byValue.delete(value);
      if (byValue.size === 0) this.#ages.delete(name);
    }
    if (this.#oldest > 64 && this.#oldest * 2 > this.#held.length) {
      this.#held.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** Most bytes that a field can take in a block. */
export function fieldBound(name: string, value: string): number {
  return name.length + value.length + 18;
}

type Integer = { readonly prefixBits: number; readonly first: number; readonly value: number };

function writeInteger(out: Buffer, offset: number, { prefixBits, first, value }: Integer): number {
  const mask = (1 << prefixBits) - 1;
  let at = offset;
  if (value < mask) {
    out[at++] = first | value;
    return at;
  }
  out[at++] = first | mask;
  let rest = value - mask;
  while (rest >= 128) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

type Literal = {
  readonly first: number;
  readonly prefixBits: number;
  readonly nameIndex: number;
  readonly name: string;
  readonly value: string;
};

function writeLiteral(out: Buffer, offset: number, { first, prefixBits, nameIndex, name, value }: Literal): number {
  let at = writeInteger(out, offset, { prefixBits, first, value: nameIndex });
  if (nameIndex === 0) at = writeString(out, at, name);
  return uncoded.has(name) ? writePlain(out, at, value) : writeString(out, at, value);
}

/** Huffman-coded when that is shorter. */
function writeString(out: Buffer, offset: number, text: string): number {
  const coded = huffmanLength(text);
  if (coded < text.length) {
    return huffmanEncode(text, out, writeInteger(out, offset, { prefixBits: 7, first: 0x80, value: coded }));
  }
  return writePlain(out, offset, text);
}

function writePlain(out: Buffer, offset: number, text: string): number {
  const at = writeInteger(out, offset, { prefixBits: 7, first: 0, value: text.length });
  return at + out.latin1Write(text, at);
}
