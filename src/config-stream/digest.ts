import { hash } from "node:crypto";

/** Texts longer than this are replaced by their hash in the text of what holds them: about twice the length of a hash. */
const inlineLength = 48;

const known = new WeakMap<object, string>();

/**
 * Names a plain JSON value by its content: equal values (whatever the order of their members; members that are `undefined`
 * count as absent) have equal digests, and others differ but for a collision of 128 bits. Large parts are remembered by identity,
 * so that a value that shares most of its structure with another costs only what differs. Values must never change.
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
  const text = Array.isArray(value)
    ? `[${value.map(describe).join()}]`
    : describeMembers(value as Readonly<Record<string, unknown>>);
  if (text.length <= inlineLength) return text;
  const digest = hashed(text);
  known.set(value, digest);
  return digest;
}

function describeMembers(value: Readonly<Record<string, unknown>>): string {
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${describe(member)}`;
  }
  return `{${text}}`;
}

function hashed(text: string): string {
  return `#${hash("sha256", text, "base64url").slice(0, 22)}`;
}
