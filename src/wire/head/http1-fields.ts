import { LOWERCASE } from "../http1/ascii.ts";
import { LINE_SLOTS, type MessageHead } from "../http1/message-head.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import type { HeaderField } from "../http2/hpack-table.ts";
import type { FieldSection } from "./field-section.ts";

/** The fields of a parsed head of HTTP/1.1: offsets into `bytes`, valid as long as those. */
export class Http1Fields<Head extends MessageHead> implements FieldSection {
  readonly bytes: Buffer;
  readonly head: Head;

  constructor(bytes: Buffer, head: Head) {
    this.bytes = bytes;
    this.head = head;
  }

  get count(): number {
    return this.head.lineCount;
  }

  nameAt(index: number): string {
    return this.head.lineName(this.bytes, index);
  }

  valueAt(index: number): string {
    return this.head.lineValue(this.bytes, index);
  }

  header(name: string): string | undefined {
    return this.head.header(this.bytes, name);
  }

  drop(name: string): void {
    this.head.dropField(this.bytes, name);
  }

  dropAliases(name: string): void {
    this.head.dropAliases(this.bytes, name);
  }

  /** Copies the lines that are passed on. */
  writeLines(writer: HeadWriter): void {
    writer.runs(this.head, this.bytes);
  }

  /** Adds the lines that are passed on, as fields of HTTP/2. */
  addFields(fields: HeaderField[]): void {
    const { bytes } = this;
    const { lines, lineCount, runs, runLength } = this.head;
    // A line is kept when its first byte lies in a kept run; both lists ascend.
    let run = 0;
    for (let line = 0; line < lineCount; line++) {
      const slot = line * LINE_SLOTS;
      const start = lines[slot]!;
      while (run < runLength && runs[run + 1]! <= start) run += 2;
      if (run === runLength) return;
      if (runs[run]! > start) continue;
      const name = fieldName(bytes, start, lines[slot + 1]!);
      fields.push({ name, value: bytes.latin1Slice(lines[slot + 2]!, lines[slot + 3]!) });
    }
  }
}

/** Lower-case names met so far, by hash: nearly every message uses the same few. Long ones are not remembered. */
const knownNames = new Map<number, string>();
const maxKnownNames = 512;
const maxNameLength = 64;

/** A field name in lower case, without making a string for one that was met before. */
function fieldName(bytes: Buffer, start: number, end: number): string {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + LOWERCASE[bytes[i]!]!) | 0;
  const known = knownNames.get(hash);
  if (known !== undefined && known.length === end - start) {
    let i = 0;
    while (i < known.length && known.charCodeAt(i) === LOWERCASE[bytes[start + i]!]) i++;
    if (i === known.length) return known;
  }
  const name = bytes.latin1Slice(start, end).toLowerCase();
  if (knownNames.size < maxKnownNames && name.length <= maxNameLength) knownNames.set(hash, name);
  return name;
}
