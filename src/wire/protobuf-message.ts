/** Parts of messages, as generated code would find them. */
import { type ProtobufField, readProtobuf, readProtobufText } from "./protobuf.ts";

/** Fields of one message, and header options of one list, that are read; more makes the answer unreadable. */
export const maxFields = 1_024;

export const empty = Buffer.alloc(0);

/** The last field of a number that has a length: proto3 lets the last one win. */
export function last(fields: readonly ProtobufField[], number: number): Buffer | undefined {
  const found = fields.findLast((field) => field.number === number && field.kind === "bytes");
  return found?.kind === "bytes" ? found.value : undefined;
}

/** A number in a message of its own; 0 when absent, `undefined` when the message is broken or the field is no number. */
export function numberIn(bytes: Buffer, number: number): number | undefined {
  const fields = readProtobuf(bytes, maxFields);
  const found = fields?.findLast((field) => field.number === number);
  if (fields === undefined || found?.kind === "bytes") return undefined;
  return found?.value ?? 0;
}

/** All fields of a number that have a length. */
export function every(fields: readonly ProtobufField[], number: number): readonly Buffer[] {
  return fields.flatMap((field) => (field.number === number && field.kind === "bytes" ? [field.value] : []));
}

export function texts(fields: readonly ProtobufField[], number: number): readonly string[] | undefined {
  return all(every(fields, number).map(readProtobufText));
}

/** The list when none of it is `undefined`. */
export function all<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  return values.every((value) => value !== undefined) ? (values as readonly T[]) : undefined;
}
