/**
 * Feeds bytes to the HTTP/1.1 parsers as a network would: in pieces, at changing places of changing buffers, with the bytes of
 * earlier traffic behind them. The verdict must not depend on any of that.
 */
import assert from "node:assert/strict";
import { ChunkReader, nextContent, scanChunks } from "../../src/wire/http1/chunked.ts";
import { type FaultName, faultOf } from "../../src/wire/http1/fault.ts";
import type { MessageHead } from "../../src/wire/http1/message-head.ts";
import {
  defaultRequestLimits,
  parseRequestHead,
  RequestHead,
  type RequestLimits,
} from "../../src/wire/http1/request-head.ts";
import { parseResponseHead, ResponseHead } from "../../src/wire/http1/response-head.ts";

/** What a parser made of some bytes. `bytes` counts those that belong to the message. */
export type Verdict =
  | { readonly kind: "accepted"; readonly bytes: number; readonly message: Readonly<Record<string, unknown>> }
  | { readonly kind: "refused"; readonly fault: FaultName; readonly status: number }
  | { readonly kind: "incomplete" };

/** Bytes of the traffic before: line ends first, then complete heads, so that a parser that reads too far is caught. */
const STALE = Buffer.from("\n\r\n0\r\n\r\nGET /stale HTTP/1.1\r\nHost: stale\r\n\r\n\n5\r\nstale\r\n");
/** Longest input that is cut at every place and copied for each piece. */
const MAX_CUT_EVERYWHERE = 600;

export type Parse = (bytes: Buffer, cuts: readonly number[]) => Verdict;

/** Feeds a request head in the pieces that end at `cuts` and at the end of `input`. */
export function feedRequest(
  input: Buffer,
  cuts: readonly number[],
  limits: RequestLimits = defaultRequestLimits,
): Verdict {
  const head = new RequestHead();
  return feedHead(input, cuts, head, {
    parse: (bytes, start, end) => parseRequestHead(bytes, start, end, head, limits),
    describe: (bytes) => ({
      method: head.method(bytes),
      target: bytes.toString("latin1", head.targetStart, head.targetEnd),
      form: head.form,
      scheme: head.scheme,
      path: head.path(bytes),
      query: head.query(bytes),
      host: head.host(bytes),
      port: head.hostPort,
      expectContinue: head.expectContinue,
    }),
  });
}

/** As {@link feedRequest}, for a response. */
export function feedResponse(input: Buffer, cuts: readonly number[]): Verdict {
  const head = new ResponseHead();
  return feedHead(input, cuts, head, {
    parse: (bytes, start, end) => parseResponseHead(bytes, start, end, head),
    describe: () => ({ status: head.status, body: head.body("GET") }),
  });
}

type HeadFeed = {
  parse(bytes: Buffer, start: number, end: number): number;
  describe(bytes: Buffer): Readonly<Record<string, unknown>>;
};

function feedHead(input: Buffer, cuts: readonly number[], head: MessageHead, feed: HeadFeed): Verdict {
  let step = 0;
  for (const cut of [...cuts, input.length]) {
    const { bytes, start } = place(input, cut, step++);
    const end = start + Math.min(cut, input.length);
    const result = feed.parse(bytes, start, end);
    if (result < 0) return refusedFor(result);
    if (result === 0) continue;
    assert.ok(result > start && result <= end, "the head ends inside what was given");
    assertInBounds(head, start, result);
    return {
      kind: "accepted",
      bytes: result - start,
      message: { ...describeHead(bytes, head), ...feed.describe(bytes) },
    };
  }
  return { kind: "incomplete" };
}

/** Every offset that the head holds lies in the head. */
function assertInBounds(head: MessageHead, start: number, end: number): void {
  for (let i = 0; i < head.lineCount * 4; i++)
    assert.ok(head.lines[i]! >= start && head.lines[i]! <= end, "line offset");
  let last = start;
  for (let i = 0; i < head.runLength; i++) {
    assert.ok(head.runs[i]! >= last && head.runs[i]! <= end, "runs ascend inside the head");
    last = head.runs[i]!;
  }
}

function describeHead(bytes: Buffer, head: MessageHead): Readonly<Record<string, unknown>> {
  return {
    minor: head.minor,
    contentLength: head.contentLength,
    chunked: head.chunked,
    close: head.close,
    upgrade: head.upgrade,
    repeated: head.repeated,
    lines: Array.from({ length: head.lineCount }, (_, i) => [head.lineName(bytes, i), head.lineValue(bytes, i)]),
    kept: keptText(bytes, head),
  };
}

/** The kept header lines as one text. */
export function keptText(bytes: Buffer, head: MessageHead): string {
  let text = "";
  for (let i = 0; i < head.runLength; i += 2) text += bytes.toString("latin1", head.runs[i], head.runs[i + 1]);
  return text;
}

/** A buffer that holds the first `length` bytes of the input somewhere, and old traffic behind. */
function place(input: Buffer, length: number, step: number): { bytes: Buffer; start: number } {
  // Copies for each piece would be quadratic in a large input: those stay where they are, followed by their own bytes.
  if (input.length > MAX_CUT_EVERYWHERE) return { bytes: input, start: 0 };
  const start = (step * 7) % 23;
  return { bytes: Buffer.concat([Buffer.alloc(start, "\n"), input.subarray(0, length), STALE]), start };
}

/** Feeds a chunked body both ways: as it is passed on, and as content only. */
export function feedChunks(input: Buffer, cuts: readonly number[]): Verdict {
  const passed = new ChunkReader("client");
  const decoded = new ChunkReader("client");
  const content: Buffer[] = [];
  let consumed = 0;
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    const piece = Buffer.concat([Buffer.from("\n"), input.subarray(from, cut), STALE]);
    const end = 1 + cut - from;
    const result = scanChunks(passed, piece, 1, end);
    const own = decodeAll(decoded, piece, 1, end, content);
    assert.equal(own, result, "both readers judge alike");
    if (result < 0) {
      assert.equal(scanChunks(passed, piece, 1, end), result, "a fault stays");
      return refusedFor(result);
    }
    assert.ok(
      result >= 1 && result <= end && (result === end || passed.done),
      "everything is consumed before the end of the body",
    );
    consumed += result - 1;
    if (passed.done) {
      const text = Buffer.concat(content).toString("latin1");
      assert.equal(passed.contentBytes, text.length);
      return { kind: "accepted", bytes: consumed, message: { content: text } };
    }
    from = cut;
  }
  return { kind: "incomplete" };
}

function decodeAll(reader: ChunkReader, bytes: Buffer, start: number, end: number, content: Buffer[]): number {
  let at = start;
  while (at < end && !reader.done) {
    at = nextContent(reader, bytes, at, end);
    if (at < 0) return at;
    assert.ok(reader.contentStart >= start && reader.contentEnd <= end && reader.contentStart <= reader.contentEnd);
    content.push(Buffer.from(bytes.subarray(reader.contentStart, reader.contentEnd)));
  }
  return at;
}

function refusedFor(code: number): Verdict {
  const { name, status } = faultOf(code);
  return { kind: "refused", fault: name, status };
}

/** The verdict on the whole input, after asserting that no way of cutting it gives another. */
export function judge(parse: Parse, text: string | Buffer): Verdict {
  const input = typeof text === "string" ? Buffer.from(text, "latin1") : text;
  const whole = parse(input, []);
  const everyByte = Array.from({ length: Math.max(0, input.length - 1) }, (_, i) => i + 1);
  assert.deepEqual(parse(input, everyByte), whole, "byte by byte");
  if (input.length <= MAX_CUT_EVERYWHERE) {
    for (const cut of everyByte) assert.deepEqual(parse(input, [cut]), whole, `cut after byte ${cut}`);
  }
  return whole;
}

export const judgeRequest = (text: string | Buffer): Verdict => judge(feedRequest, text);
export const judgeResponse = (text: string | Buffer): Verdict => judge(feedResponse, text);
export const judgeChunks = (text: string | Buffer): Verdict => judge(feedChunks, text);

/** Asserts that a message is refused for one reason, however it is cut. */
export function assertRefused(verdict: Verdict, fault: FaultName): void {
  assert.equal(verdict.kind === "refused" ? verdict.fault : verdict.kind, fault);
}

/** Asserts that a message is accepted, however it is cut, and returns what was read. */
export function accepted(verdict: Verdict): Readonly<Record<string, unknown>> {
  assert.equal(verdict.kind === "refused" ? verdict.fault : verdict.kind, "accepted");
  return verdict.kind === "accepted" ? verdict.message : {};
}

/** A GET with these header lines after a good Host. */
export function requestWith(...lines: readonly string[]): string {
  return ["GET / HTTP/1.1", "Host: example.test", ...lines, "", ""].join("\r\n");
}

/** A 200 with these header lines. */
export function responseWith(...lines: readonly string[]): string {
  return ["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n");
}
