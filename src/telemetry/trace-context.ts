/** W3C Trace Context: reads what a client sent, makes what is missing. https://www.w3.org/TR/trace-context/ */
import { randomFillSync } from "node:crypto";

/** Ids are lower-case hex: 32 and 16 digits. `flags` is one byte; its lowest bit means "sampled". */
export type TraceContext = { readonly traceId: string; readonly parentId: string; readonly flags: number };

/** Length in bytes of a version 00 `traceparent` value. */
export const traceparentLength = 55;

const zeroTraceId = "0".repeat(32);
const zeroSpanId = "0".repeat(16);
const poolBytes = 4096;
const pool = Buffer.alloc(poolBytes);
let poolHex = "";
let poolOffset = 0;

/** Random lower-case hex from a pool, since one call to the system for each id would cost more than the id. */
function randomHex(digits: number): string {
  if (poolOffset + digits > poolHex.length) {
    randomFillSync(pool);
    poolHex = pool.toString("hex");
    poolOffset = 0;
  }
  const start = poolOffset;
  poolOffset += digits;
  return poolHex.slice(start, poolOffset);
}

/** A random id of 32 hex digits that is not zero. Also the form of request ids. */
export function createTraceId(): string {
  const id = randomHex(32);
  return id === zeroTraceId ? createTraceId() : id;
}

/** A random id of 16 hex digits that is not zero. */
export function createSpanId(): string {
  const id = randomHex(16);
  return id === zeroSpanId ? createSpanId() : id;
}

/** A request id: 32 hex digits, random. */
export const createRequestId: () => string = createTraceId;

/**
 * Starts a trace. It is marked as sampled: services that follow their parent's decision would otherwise record nothing
 * behind the gateway.
 */
export function createTraceContext(): TraceContext {
  return { traceId: createTraceId(), parentId: createSpanId(), flags: 1 };
}

/**
 * Reads a `traceparent` value. `undefined` when it is malformed: upper-case hex, zero ids, version `ff`, or a version 00
 * of the wrong length; the caller then starts a trace and drops `tracestate`. Later versions are read by their first
 * four fields. Several header lines (joined by a comma) are malformed too. Spec: section 3.2.
 */
export function parseTraceparent(text: string): TraceContext | undefined {
  if (text.length < traceparentLength) return undefined;
  if (text.charCodeAt(2) !== dash || text.charCodeAt(35) !== dash || text.charCodeAt(52) !== dash) return undefined;
  if (!isHex(text, 0, 2) || !isHex(text, 3, 35) || !isHex(text, 36, 52) || !isHex(text, 53, 55)) return undefined;
  if (text.startsWith("ff")) return undefined;
  if (text.length > traceparentLength && (text.startsWith("00") || text.charCodeAt(55) !== dash)) return undefined;
  const traceId = text.slice(3, 35);
  const parentId = text.slice(36, 52);
  if (traceId === zeroTraceId || parentId === zeroSpanId) return undefined;
  return { traceId, parentId, flags: Number.parseInt(text.slice(53, 55), 16) };
}

/** The value of a `traceparent` header, version 00. Flags that this version does not know are cleared. */
export function renderTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.parentId}-${(context.flags & 1) === 1 ? "01" : "00"}`;
}

/** Writes what {@link renderTraceparent} returns and returns the offset after it. Needs {@link traceparentLength} bytes. */
export function writeTraceparent(context: TraceContext, target: Buffer, offset: number): number {
  return offset + target.write(renderTraceparent(context), offset, "latin1");
}

const maxTracestateMembers = 32;
const simpleKey = /^[a-z][a-z0-9_\-*/]{0,255}$/;
const tenantKey = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/;
const memberValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Whether a `tracestate` value (several lines joined with commas) may be passed on. False for a malformed member, a key
 * that comes twice, or more than 32 members; the whole header is then dropped. Spec: section 3.3.
 */
export function isTracestate(text: string): boolean {
  if (text.length > 16_384) return false;
  const keys = new Set<string>();
  for (const part of text.split(",")) {
    const member = withoutBlanks(part);
    if (member === "") continue;
    const equals = member.indexOf("=");
    const key = member.slice(0, Math.max(equals, 0));
    if (!(simpleKey.test(key) || tenantKey.test(key)) || !memberValue.test(member.slice(equals + 1))) return false;
    if (keys.has(key) || keys.size === maxTracestateMembers) return false;
    keys.add(key);
  }
  return true;
}

/** Without spaces and tabs at both ends. A pattern for them would take quadratic time where they stand in the middle. */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const dash = 0x2d;

function isHex(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}
