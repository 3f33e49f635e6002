import { DynamicTable, type HeaderField, staticTable } from "./hpack-table.ts";
import { huffmanDecode } from "./huffman.ts";

/** Largest string that a block may hold, in bytes after decoding: bounds the scratch buffer. */
const stringLimitBytes = 65_536;
const scratch = Buffer.allocUnsafeSlow(stringLimitBytes * 2);

/** Receives the fields of a block in order. Returning `false` is not an error of HPACK: the rest is still decoded, so that the table stays in step, and not handed over. */
export type FieldSink = (field: HeaderField) => boolean;

/** Decodes header blocks of one connection. RFC 7541. Any fault is a connection error (COMPRESSION_ERROR). */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #limit: number;
  #bytes: Buffer = scratch;
  #at = 0;
  #end = 0;

  /** `tableLimitBytes`: the SETTINGS_HEADER_TABLE_SIZE that we announced; 4096 by default. */
  constructor(tableLimitBytes = 4096) {
    this.#limit = tableLimitBytes;
    this.#table = new DynamicTable(tableLimitBytes);
  }

  /** Decodes a whole block; `false` when it is malformed, after which the connection must be closed. */
  decode(bytes: Buffer, start: number, end: number, sink: FieldSink): boolean {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    let wanted = true;
    let seenField = false;
    let resizes = 0;
    while (this.#at < end) {
      const first = bytes[this.#at] as number;
      let field: HeaderField | undefined;
      if (first & 0x80) {
        field = this.#entry(this.#integer(7));
      } else if (first & 0x40) {
        field = this.#literal(6);
        if (field !== undefined) this.#table.insert(field);
      } else if (first & 0x20) {
        const size = this.#integer(5);
        // Size updates stand before the first field, the smallest since the last block and the final one. RFC 7541 section 4.2.
        if (seenField || ++resizes > 2 || size < 0 || size > this.#limit) return false;
        this.#table.resize(size);
        continue;
      } else {
        field = this.#literal(4);
      }
      if (field === undefined) return false;
      seenField = true;
      wanted = wanted && sink(field);
    }
    return true;
  }

  #entry(index: number): HeaderField | undefined {
    if (index < 1) return undefined;
    return index <= staticTable.length ? staticTable[index - 1] : this.#table.at(index - staticTable.length - 1);
  }

  #literal(prefixBits: number): HeaderField | undefined {
    const index = this.#integer(prefixBits);
    if (index < 0) return undefined;
    const name = index === 0 ? this.#string() : this.#entry(index)?.name;
    if (name === undefined) return undefined;
    const value = this.#string();
    return value === undefined ? undefined : { name, value, checked: false };
  }

  /** RFC 7541 section 5.1; -1 when it is cut off or above 2^28, which no limit of ours comes near. */
  #integer(prefixBits: number): number {
    if (this.#at >= this.#end) return -1;
    const mask = (1 << prefixBits) - 1;
    let value = (this.#bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) return -1;
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    return -1;
  }

  #string(): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const huffman = ((this.#bytes[this.#at] as number) & 0x80) !== 0;
    const length = this.#integer(7);
    if (length < 0 || length > stringLimitBytes || this.#at + length > this.#end) return undefined;
    const start = this.#at;
    this.#at += length;
    if (!huffman) return this.#bytes.latin1Slice(start, this.#at);
    const decoded = huffmanDecode(this.#bytes, start, this.#at, scratch);
    return decoded < 0 ? undefined : scratch.latin1Slice(0, decoded);
  }
}
