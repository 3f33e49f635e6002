import { asciiBytes, CGI_FOLD, DASH } from "./ascii.ts";
import { foldsTo } from "./client-claim.ts";

/**
 * Header fields that the engine treats by number, so that no name becomes a string on the way through. The first seven are
 * the same for requests and responses: they frame the message or belong to one connection.
 */
export const RequestField = {
  contentLength: 0,
  transferEncoding: 1,
  connection: 2,
  keepAlive: 3,
  proxyConnection: 4,
  te: 5,
  upgrade: 6,
  host: 7,
  expect: 8,
  proxyAuthorization: 9,
  proxyAuthenticate: 10,
  xForwardedFor: 11,
  xForwardedHost: 12,
  xForwardedProto: 13,
  xForwardedPort: 14,
  forwarded: 15,
  xRequestId: 16,
  traceparent: 17,
  xForwardedClientCert: 18,
  tracestate: 19,
  trailer: 20,
  userAgent: 21,
  origin: 22,
  cookie: 23,
  authorization: 24,
  contentType: 25,
  contentEncoding: 26,
  cacheControl: 27,
  accessControlRequestMethod: 28,
} as const;
export type RequestField = (typeof RequestField)[keyof typeof RequestField];

/** As {@link RequestField}, for what an upstream sends. */
export const ResponseField = {
  contentLength: 0,
  transferEncoding: 1,
  connection: 2,
  keepAlive: 3,
  proxyConnection: 4,
  te: 5,
  upgrade: 6,
  proxyAuthenticate: 7,
  trailer: 8,
  date: 9,
  server: 10,
  location: 11,
  contentType: 12,
  contentEncoding: 13,
  cacheControl: 14,
  setCookie: 15,
  grpcStatus: 16,
  wwwAuthenticate: 17,
} as const;
export type ResponseField = (typeof ResponseField)[keyof typeof ResponseField];

/** Most known fields in one table: {@link MessageHead.repeated} keeps a bit for each. */
const MAX_KNOWN = 31;

type KnownField = { readonly id: number; readonly name: Uint8Array; readonly hyphenated: boolean };

/** The known fields of one direction, found by length first. */
export type FieldTable = {
  readonly names: readonly string[];
  /** Fields numbered below are left out of the kept runs: the engine writes them anew or not at all. */
  readonly keptFrom: number;
  readonly byLength: readonly (readonly KnownField[] | undefined)[];
};

function buildTable(fields: Readonly<Record<string, number>>, keptFrom: number): FieldTable {
  const names: string[] = [];
  const byLength: KnownField[][] = [];
  for (const [property, id] of Object.entries(fields)) {
    const name = property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    names[id] = name;
    const known = { id, name: asciiBytes(name), hyphenated: name.includes("-") };
    byLength[name.length] = [...(byLength[name.length] ?? []), known];
  }
  if (names.length > MAX_KNOWN) throw new Error(`more than ${MAX_KNOWN} known fields`);
  return { names, keptFrom, byLength };
}

/** Names (lower case) of fields that belong to one connection: they are not passed on, and HTTP/2 does not know them but for TE. */
export const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

export const requestFields: FieldTable = buildTable(RequestField, RequestField.tracestate);
export const responseFields: FieldTable = buildTable(ResponseField, ResponseField.trailer);

/** {@link knownField} of a name that is not in the table. */
export const UNKNOWN_FIELD = -1;
/** {@link knownField} of a name that stands for a field left out of the runs, but for an underscore in place of a hyphen. */
export const ALIAS_FIELD = -2;

/** Number of the field whose name the range holds, letter case aside. */
export function knownField(table: FieldTable, bytes: Uint8Array, start: number, end: number): number {
  const candidates = table.byLength[end - start];
  if (candidates === undefined) return UNKNOWN_FIELD;
  for (let i = 0; i < candidates.length; i++) {
    const known = candidates[i]!;
    if (!foldsTo(bytes, start, known.name)) continue;
    if (!known.hyphenated || !hasUnderscore(bytes, start, end)) return known.id;
    return known.id < table.keptFrom ? ALIAS_FIELD : UNKNOWN_FIELD;
  }
  return UNKNOWN_FIELD;
}

function hasUnderscore(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (CGI_FOLD[bytes[i]!] === DASH && bytes[i] !== DASH) return true;
  }
  return false;
}
