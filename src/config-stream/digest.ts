import { hash } from "node:crypto";
import { BucketedRecord, largeRecord } from "./bucketed-record.ts";
import { describeChunks, largeArray } from "./chunked-array.ts";

/** Texts longer than this are replaced by their hash in the text of what holds them: about twice the length of a hash. */
const inlineLength = 48;

const known = new WeakMap<object, string>();

/**
 * Names a plain JSON value by its content: equal values (whatever the order of their members; members that are `undefined`
 * count as absent) have equal digests, and others differ but for a collision of 128 bits. Large parts are remembered by identity,
 * so that a value that shares most of its structure with another costs only what differs; a large record or array that is known to
 * be made from another (`noteChanges`, `noteRange`) costs its changed members. Values must never change.
 */
export function digestOf(value: unknown): string {
  const text = describe(value);
  return text.startsWith("#") ? text : hashed(text);
}

/** Canonical JSON, with the large parts replaced by `#` and their hash, which no JSON begins with. */
function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const before = known.get(value);
  if (before !== undefined) return before;
  const text = Array.isArray(value) ? describeArray(value) : describeRecord(value as Readonly<Record<string, unknown>>);
  if (text.length <= inlineLength) return text;
  const digest = hashed(text);
  known.set(value, digest);
  return digest;
}

function describeArray(value: readonly unknown[]): string {
  return value.length < largeArray ? `[${value.map(describe).join()}]` : describeChunks(value, describe);
}

function describeRecord(value: Readonly<Record<string, unknown>>): string {
  const derived = BucketedRecord.derive(value, describeMembers);
  if (derived !== undefined) return derived.text;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (keys.length >= largeRecord) return BucketedRecord.build(value, keys, describeMembers).text;
  return `{${describeMembers(value, keys)}}`;
}

function describeMembers(value: Readonly<Record<string, unknown>>, keys: readonly string[]): string {
  let text = "";
  for (const key of keys.toSorted()) {
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${describe(value[key])}`;
  }
  return text;
}

function hashed(text: string): string {
  return `#${hash("sha256", text, "base64url").slice(0, 22)}`;
}
