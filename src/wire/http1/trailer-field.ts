import { asciiBytes } from "./ascii.ts";
import { clientClaims, foldsTo, isClientClaim } from "./client-claim.ts";
import { RequestField, requestFields } from "./known-field.ts";

/** Whose message trailers belong to. */
export type TrailerSender = "client" | "backend";

/** Fields that frame, route or authorise a message, or say how to read it: too late in a trailer. RFC 9110 §6.5.1. */
const forbiddenToAll: readonly string[] = [
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-request-id",
];

/**
 * Names that a trailer may not have. A client's may not be what the gateway writes or drops in a head either: a backend that
 * merges trailers into the head would believe them.
 */
export const forbiddenTrailers: Readonly<Record<TrailerSender, readonly string[]>> = {
  client: [
    ...new Set([
      ...forbiddenToAll,
      ...requestFields.names.slice(0, requestFields.keptFrom),
      requestFields.names[RequestField.tracestate]!,
      ...clientClaims.names,
    ]),
  ].sort(),
  backend: forbiddenToAll,
};

const forbidden = {
  client: forbiddenTrailers.client.map(asciiBytes),
  backend: forbiddenTrailers.backend.map(asciiBytes),
};

/** Further names that may not stand in the trailers of one body. `name` holds at least the first {@link JUDGED_NAME_BYTES} bytes. */
export interface TrailerClaims {
  claims(name: Uint8Array, length: number): boolean;
}

/** No further names. */
export const noTrailerClaims: TrailerClaims = { claims: () => false };

/** Bytes of a name that suffice to judge it. */
export const JUDGED_NAME_BYTES: number = Math.max(...forbiddenTrailers.client.map((name) => name.length));

/**
 * Whether a name may not stand in trailers, letter case and underscores for hyphens aside. `name` holds at least its first
 * {@link JUDGED_NAME_BYTES} bytes; `length` is that of the whole name.
 */
export function isForbiddenTrailer(name: Uint8Array, length: number, from: TrailerSender): boolean {
  const list = forbidden[from];
  for (let i = 0; i < list.length; i++) if (list[i]!.length === length && foldsTo(name, 0, list[i]!)) return true;
  return from === "client" && isClientClaim(name, 0, length);
}

/** Verdicts on names met so far: nearly every call ends in the same two. Long names are not remembered. */
const verdicts = { client: new Map<string, boolean>(), backend: new Map<string, boolean>() };
const maxVerdicts = 256;
const maxNameLength = 64;

/** {@link isForbiddenTrailer} of a whole name. */
export function isForbiddenTrailerName(name: string, from: TrailerSender): boolean {
  const known = verdicts[from].get(name);
  if (known !== undefined) return known;
  const verdict = isForbiddenTrailer(asciiBytes(name), name.length, from);
  if (verdicts[from].size < maxVerdicts && name.length <= maxNameLength) verdicts[from].set(name, verdict);
  return verdict;
}
