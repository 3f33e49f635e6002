/** Laws of the HTTP/1.1 codec as fast-check properties: the tests run each some thousand times, `test/fuzz/http1.ts` as often as asked. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { normalizePath } from "../../src/wire/http1/path.ts";
import { parseRequestHead, RequestHead } from "../../src/wire/http1/request-head.ts";
import { HeadWriter } from "../../src/wire/http1/serialize.ts";
import { feedChunks, feedRequest, feedResponse, type Parse } from "./feed.ts";
import { chunkBytes, cutPositions, cutsOf, requestBytes, responseBytes, targetText } from "./http1-arbitrary.ts";
import { referenceAccepts, referencePath } from "./http1-reference.ts";

const sameHoweverCut = (parse: Parse, bytes: fc.Arbitrary<Buffer>) =>
  fc.property(bytes, cutPositions, (input, positions) => {
    const whole = parse(input, []);
    assert.deepEqual(parse(input, cutsOf(input, positions)), whole);
    const everyByte = Array.from({ length: Math.max(0, input.length - 1) }, (_, i) => i + 1);
    assert.deepEqual(parse(input, everyByte), whole);
  });

const agreesWithReference = fc.property(requestBytes, (input) => {
  const verdict = feedRequest(input, []);
  const expected = referenceAccepts(input.toString("latin1"));
  if (expected === undefined) assert.notEqual(verdict.kind, "accepted");
  else assert.equal(verdict.kind === "accepted", expected);
});

const pathAgrees = fc.property(targetText, (target) => {
  const path = target.split("?")[0]!;
  const bytes = Buffer.from(path);
  const result = normalizePath(bytes, 0, bytes.length);
  assert.deepEqual(typeof result === "number" ? undefined : result, referencePath(path));
  if (typeof result === "number") return;
  for (const form of [result.path, result.forwardedPath]) {
    const again = normalizePath(Buffer.from(form), 0, form.length);
    assert.equal(typeof again === "number" ? again : again.path, result.path, "a second pass changes nothing");
  }
});

const quickPathAgrees = fc.property(targetText, (target) => {
  const head = new RequestHead();
  const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  assert.ok(parseRequestHead(bytes, 0, bytes.length, head) > 0);
  const normal = normalizePath(bytes, head.pathStart, head.pathEnd);
  const path = head.path(bytes);
  if (typeof normal === "number") assert.equal(path, normal);
  else {
    assert.equal(path, normal.path);
    const sent = bytes.latin1Slice(head.pathStart, head.pathEnd);
    if (head.oddPath === undefined) assert.deepEqual([...new Set(Object.values(normal))], [sent]);
    else assert.deepEqual(head.oddPath, normal);
  }
});

const rewrittenMeansTheSame = fc.property(requestBytes, (input) => {
  const head = new RequestHead();
  if (parseRequestHead(input, 0, input.length, head) <= 0) return;
  const path = head.path(input);
  if (typeof path !== "string" || head.host(input) === "") return;
  const written = rewrite(head, input, head.oddPath?.forwardedPath ?? path);
  const again = new RequestHead();
  assert.equal(parseRequestHead(written, 0, written.length, again), written.length);
  const meaning = (of: RequestHead, bytes: Buffer) => [
    of.method(bytes),
    of.path(bytes),
    of.query(bytes),
    of.host(bytes),
    of.hostPort,
    of.contentLength,
    of.chunked,
  ];
  assert.deepEqual(meaning(again, written), meaning(head, input));
  assert.deepEqual(
    rewrite(again, written, again.oddPath?.forwardedPath ?? path),
    written,
    "a second pass changes nothing",
  );
});

/** A head as the engine sends it upstream, without what the gateway adds. */
function rewrite(head: RequestHead, bytes: Buffer, path: string): Buffer {
  const writer = new HeadWriter(16);
  writer
    .text(head.method(bytes))
    .text(" ")
    .text(path)
    .copy(bytes, head.pathEnd, head.targetEnd)
    .text(" HTTP/1.1")
    .crlf();
  writer.field("host", bytes.toString("latin1", head.hostStart, head.hostEnd));
  writer.runs(head, bytes);
  if (head.contentLength >= 0) writer.contentLength(head.contentLength);
  if (head.chunked) writer.field("transfer-encoding", "chunked");
  return writer.crlf().take();
}

const chunksComeBack = fc.property(
  fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
  cutPositions,
  (chunks, positions) => {
    const writer = new HeadWriter(16);
    for (const chunk of chunks) writer.chunkSize(chunk.length).copy(Buffer.from(chunk), 0, chunk.length).crlf();
    const body = writer.text("0").crlf().crlf().take();
    const verdict = feedChunks(body, cutsOf(body, positions));
    const content = Buffer.concat(chunks).toString("latin1");
    assert.deepEqual(verdict, { kind: "accepted", bytes: body.length, message: { content } });
  },
);

export const laws = {
  "a request head is judged alike however it is cut": sameHoweverCut(feedRequest, requestBytes),
  "a response head is judged alike however it is cut": sameHoweverCut(feedResponse, responseBytes),
  "a chunked body is judged alike however it is cut": sameHoweverCut(feedChunks, chunkBytes),
  "requests are accepted exactly when the plain reference accepts them": agreesWithReference,
  "an accepted request means the same after it was written anew": rewrittenMeansTheSame,
  "paths are normalised as the plain reference does, once and for all": pathAgrees,
  "a path that needs no normalisation is left alone": quickPathAgrees,
  "what is written as chunks is read back": chunksComeBack,
} as const;
