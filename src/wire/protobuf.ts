/**
 * The part of the protobuf wire format that a small, known set of messages needs. Unknown fields are skipped; whatever is cut
 * off, overlong or of a retired wire type makes the whole message unreadable. https://protobuf.dev/programming-guides/encoding/
 */

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const maxVarintBytes = 10;
const maxFieldNumber = 2 ** 29 - 1;

/** Builds one message. Fields at their default (0, false, empty) are left out, as proto3 has it. */
export class ProtobufWriter {
  readonly #parts: Buffer[] = [];

  /** A whole number, at least 0 and at most 2^53 - 1. */
  varint(field: number, value: number): this {
    if (value !== 0) this.#parts.push(encodeVarint(field * 8 + wireType.varint), encodeVarint(value));
    return this;
  }

  /** A 64-bit number of a fixed size. */
  fixed64(field: number, value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    this.#parts.push(encodeVarint(field * 8 + wireType.fixed64), bytes);
    return this;
  }

  /** Text as UTF-8. */
  string(field: number, value: string): this {
    return value === "" ? this : this.bytes(field, Buffer.from(value, "utf8"));
  }

  bytes(field: number, value: Buffer): this {
    if (value.length > 0) this.#length(field, value);
    return this;
  }

  /** A message, also an empty one: its being there says something. */
  message(field: number, value: ProtobufWriter): this {
    this.#length(field, value.finish());
    return this;
  }

  /** One entry of a `map<string, string>`. */
  entry(field: number, key: string, value: string): this {
    return this.message(field, new ProtobufWriter().string(1, key).string(2, value));
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #length(field: number, value: Buffer): void {
    this.#parts.push(encodeVarint(field * 8 + wireType.bytes), encodeVarint(value.length), value);
  }
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** One field of a message: numbers for varints, bytes for everything that has a length. */
export type ProtobufField =
  | { readonly number: number; readonly kind: "varint"; readonly value: number }
  | { readonly number: number; readonly kind: "bytes"; readonly value: Buffer };

/**
 * The fields of a message in their order, those of a fixed size left out; `undefined` when the bytes are no message, or have
 * more than `maxFields` fields. Varints above 2^53 lose precision. Values are views of `bytes`.
 */
export function readProtobuf(bytes: Buffer, maxFields: number): readonly ProtobufField[] | undefined {
  const fields: ProtobufField[] = [];
  const cursor = { at: 0 };
  let seen = 0;
  while (cursor.at < bytes.length) {
    if (++seen > maxFields) return undefined;
    const tag = readVarint(bytes, cursor);
    if (tag === undefined) return undefined;
    const number = Math.floor(tag / 8);
    if (number < 1 || number > maxFieldNumber) return undefined;
    switch (tag % 8) {
      case wireType.varint: {
        const value = readVarint(bytes, cursor);
        if (value === undefined) return undefined;
        fields.push({ number, kind: "varint", value });
        break;
      }
      case wireType.bytes: {
        const length = readVarint(bytes, cursor);
        if (length === undefined || length > bytes.length - cursor.at) return undefined;
        fields.push({ number, kind: "bytes", value: bytes.subarray(cursor.at, cursor.at + length) });
        cursor.at += length;
        break;
      }
      case wireType.fixed64:
        cursor.at += 8;
        break;
      case wireType.fixed32:
        cursor.at += 4;
        break;
      default:
        return undefined;
    }
  }
  return cursor.at === bytes.length ? fields : undefined;
}

/** Text of a field; `undefined` when it is not UTF-8. */
export function readProtobufText(value: Buffer): string | undefined {
  try {
    return utf8.decode(value);
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readVarint(bytes: Buffer, cursor: { at: number }): number | undefined {
  let value = 0;
  let factor = 1;
  for (let count = 0; count < maxVarintBytes; count++) {
    const byte = bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at++;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
    factor *= 128;
  }
  return undefined;
}
