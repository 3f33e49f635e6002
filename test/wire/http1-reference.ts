/**
 * What a request head and a path mean, written plainly with regular expressions and string splitting, far too slow and sharing
 * no code with the codec. The two must agree on every generated input.
 */
import { requestFields } from "../../src/wire/http1/known-field.ts";
import type { NormalPath } from "../../src/wire/http1/path.ts";

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const URL_BYTE = "\\-._~0-9A-Za-z:/\\[\\]@!$&'()*+,;=%";
const REQUEST_LINE = new RegExp(
  `^(${TOKEN}{1,32}) (?=.{1,8192} HTTP)([${URL_BYTE}|]*(?:\\?[${URL_BYTE}?]*)?) HTTP/1\\.([01])$`,
);
const FIELD = new RegExp(`^(${TOKEN}+):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[ \\t]*$`);
const HOST = /^(?:[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|\[(?:::1|::|2001:db8::1)\])(?::\d{1,5})?$/;
const OPTION_LIST = new RegExp(`^[ \\t,]*(?:${TOKEN}+[ \\t]*(?:,[ \\t,]*|$))*$`);

/** True when the first head in the text is a good request; `undefined` when no head ends in it. */
export function referenceAccepts(text: string): boolean | undefined {
  const body = text.startsWith("\r\n") ? text.slice(2) : text;
  const end = body.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...rest] = body.slice(0, end).split("\r\n");
  const start = REQUEST_LINE.exec(first);
  const fields = rest.map((line) => FIELD.exec(line));
  if (start === null || fields.includes(null)) return false;
  const all = fields.map((field) => [field![1]!.toLowerCase(), field![2]!] as const);
  const [, method = "", target = "", minor] = start;
  return targetIsGood(method, target, valuesOf(all, "host")) && fieldsAreGood(all, minor === "1") && all.length <= 128;
}

type Field = readonly [name: string, value: string];

function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  return fields.filter((field) => field[0] === name).map((field) => field[1]);
}

function targetIsGood(method: string, target: string, hosts: readonly string[]): boolean {
  if (method === "CONNECT") return false;
  if (target.startsWith("/")) return true;
  if (target === "*") return method === "OPTIONS";
  const authority = /^https?:\/\/([^/?]*)/i.exec(target)?.[1];
  if (authority === undefined || !HOST.test(authority)) return false;
  return hosts.every((host) => host.toLowerCase() === authority.toLowerCase());
}

function fieldsAreGood(fields: readonly Field[], newer: boolean): boolean {
  const hosts = valuesOf(fields, "host");
  const lengths = valuesOf(fields, "content-length");
  const codings = valuesOf(fields, "transfer-encoding");
  const expectations = valuesOf(fields, "expect");
  if (hosts.length > 1 || (newer && hosts.length === 0) || hosts.some((host) => !hostIsGood(host))) return false;
  if (
    lengths.length > 1 ||
    lengths.some((length) => !/^(?:0|[1-9]\d*)$/.test(length) || Number(length) > Number.MAX_SAFE_INTEGER)
  ) {
    return false;
  }
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== "chunked")) return false;
  if (codings.length > 0 && (lengths.length > 0 || !newer)) return false;
  if (newer && expectations.length > 0 && expectations.join().toLowerCase() !== "100-continue") return false;
  if (valuesOf(fields, "connection").some((value) => !OPTION_LIST.test(value))) return false;
  return !fields.some(([name]) => isAlias(name));
}

function hostIsGood(host: string): boolean {
  if (!HOST.test(host)) return false;
  const port = /:(\d+)$/.exec(host.replace(/^\[.*\]/, ""))?.[1];
  return port === undefined || Number(port) <= 65_535;
}

function isAlias(name: string): boolean {
  const id = requestFields.names.indexOf(name.replaceAll("_", "-"));
  return name.includes("_") && id >= 0 && id < requestFields.keptFrom;
}

/** The forms of a path, or `undefined` when it is refused. */
export function referencePath(sentPath: string): NormalPath | undefined {
  if (/%(?![0-9A-Fa-f]{2})|%(?:00|0a|0d)/i.test(sentPath)) return undefined;
  const spelled = sentPath.split("/").slice(1);
  const normal = spelled.map(normalSegment);
  const parts = normal.flatMap((segment) =>
    segment.split(/%2F|%5C/).map((part, _, all) => ({ part, alone: all.length === 1 })),
  );
  if (parts.some(({ part, alone }) => /^\.\.?(?:;|%3B)/.test(part) || (!alone && /^\.\.?$/.test(part))))
    return undefined;
  const out: number[] = [];
  for (const [i, segment] of normal.entries()) {
    if (segment === ".." && out.pop() === undefined) return undefined;
    if (segment !== "" && segment !== "." && segment !== "..") out.push(i);
  }
  const directory = /^\.{0,2}$/.test(normal.at(-1)!);
  const join = (segments: readonly string[]): string =>
    `/${[...out.map((i) => segments[i]!), ...(directory && out.length > 0 ? [""] : [])].join("/")}`;
  const path = join(normal);
  const literal = `/${normal.join("/")}`;
  const climbs = normal.some(
    (segment, i) => segment === ".." && /%2F|%5C|\/(?:;|%3B)/.test(`/${normal.slice(0, i).join("/")}`),
  );
  return { path, forwardedPath: join(spelled), keptPath: climbs ? undefined : literal, sentPath };
}

/** A segment as it is compared. */
function normalSegment(segment: string): string {
  return segment
    .replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
      const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
      return /[-._~0-9A-Za-z]/.test(character) ? character : triplet.toUpperCase();
    })
    .replace(/[|[\]]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
