/**
 * The messages of `envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit`, as far as a gateway sends and heeds them.
 * Spec: Envoy API v3, `service/ratelimit/v3/rls.proto` and `extensions/common/ratelimit/v3/ratelimit.proto`.
 */
import { ProtobufWriter, readProtobuf } from "./protobuf.ts";

/** Path of the method. */
export const shouldRateLimitPath = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

/** Numbers of the units in `RateLimitUnit`. */
const unitNumbers = { Second: 1, Minute: 2, Hour: 3, Day: 4, Month: 5, Year: 6, Week: 7 } as const;

/** What one limit is asked about a request. */
export type LimitDescriptor = {
  readonly entries: readonly (readonly [key: string, value: string])[];
  /** The limit that holds, whatever the service's own configuration says of these entries. */
  readonly limit: { readonly requests: number; readonly unit: keyof typeof unitNumbers };
  /** Counted by this question. */
  readonly hits: number;
};

/** What a service says of one descriptor. */
export type LimitStatus = {
  readonly over: boolean;
  /** Requests that are left. */
  readonly remaining: number;
  /** Until the limit begins anew. Milliseconds. */
  readonly resetMs: number;
};

/** Fields of one message that are read; more makes the answer unreadable. */
const maxFields = 1_024;

export function encodeRateLimitRequest(domain: string, descriptors: readonly LimitDescriptor[]): Buffer {
  const request = new ProtobufWriter().string(1, domain);
  for (const { entries, limit, hits } of descriptors) {
    const descriptor = new ProtobufWriter();
    for (const [key, value] of entries) descriptor.message(1, new ProtobufWriter().string(1, key).string(2, value));
    descriptor.message(2, new ProtobufWriter().varint(1, limit.requests).varint(2, unitNumbers[limit.unit]));
    // A wrapper: 0 is said by its being there.
    descriptor.message(3, new ProtobufWriter().varint(1, hits));
    request.message(2, descriptor);
  }
  return request.finish();
}

const codes = { ok: 1, over: 2 } as const;

/** Reads an answer: one status for each descriptor. `undefined` when it cannot be understood, or says something of another number of them. */
export function decodeRateLimitResponse(bytes: Buffer, descriptors: number): readonly LimitStatus[] | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const statuses: LimitStatus[] = [];
  for (const field of fields) {
    if (field.number !== 2) continue;
    const status = field.kind === "bytes" ? decodeStatus(field.value) : undefined;
    if (status === undefined) return undefined;
    statuses.push(status);
  }
  return statuses.length === descriptors ? statuses : undefined;
}

function decodeStatus(bytes: Buffer): LimitStatus | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  let code = 0;
  let remaining = 0;
  let resetMs = 0;
  for (const { number, kind, value } of fields) {
    if (number === 1 && kind === "varint") code = value;
    else if (number === 3 && kind === "varint") remaining = value;
    else if (number === 4 && kind === "bytes") resetMs = decodeDuration(value) ?? 0;
  }
  if (code !== codes.ok && code !== codes.over) return undefined;
  return { over: code === codes.over, remaining, resetMs };
}

/** Milliseconds of a `google.protobuf.Duration`, rounded up. */
function decodeDuration(bytes: Buffer): number | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const part = (wanted: number): number => {
    const found = fields.findLast(({ number, kind }) => number === wanted && kind === "varint");
    return found?.kind === "varint" ? found.value : 0;
  };
  return part(1) * 1_000 + Math.ceil(part(2) / 1_000_000);
}
