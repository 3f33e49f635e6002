/**
 * Fuzzes the view of heads that the engine sees: a message of HTTP/2 and the same one in HTTP/1.1 must be refused alike, read
 * alike, and be passed on alike. `node test/fuzz/heads.ts [--runs 50000] [--seed N]`. Prints the seed and closes with `N passed, N
 * failed`.
 */
import assert from "node:assert/strict";
import type { FieldSection } from "../../src/wire/head/field-section.ts";
import { Http1AnswerHead } from "../../src/wire/head/http1-answer-head.ts";
import { Http1ReceivedRequest } from "../../src/wire/head/http1-received-request.ts";
import { readAnswerHead } from "../../src/wire/head/http2-answer-head.ts";
import { readReceivedRequest } from "../../src/wire/head/http2-received-request.ts";
import { RequestField, ResponseField, requestFields, responseFields } from "../../src/wire/http1/known-field.ts";
import { defaultRequestLimits, parseRequestHead, RequestHead } from "../../src/wire/http1/request-head.ts";
import { defaultResponseLimits, parseResponseHead, ResponseHead } from "../../src/wire/http1/response-head.ts";
import { HeadWriter } from "../../src/wire/http1/serialize.ts";
import type { HeaderField } from "../../src/wire/http2/hpack-table.ts";
import { readRequest, readResponse } from "../../src/wire/http2/message.ts";
import { type Law, readFuzzOptions, runLaws } from "./fuzz-laws.ts";
import type { Random } from "./random.ts";

const limits = { ...defaultRequestLimits, maxTargetBytes: 60, maxFields: 8 };

const methods = ["GET", "GET", "POST", "OPTIONS", "get", "PROPFIND", "M".repeat(33)] as const;
const authorities = [
  "a.test",
  "A.Test:8080",
  "a.test.",
  "a..test",
  "[::1]:80",
  "a.test:99999",
  "u@a.test",
  "",
] as const;
const targetParts = [
  "/",
  "a",
  ".",
  "..",
  "%2e",
  "%2F",
  "%",
  ";",
  "|",
  "\\",
  "?",
  "?q=1",
  "{}",
  "//",
  "b".repeat(30),
  "*",
] as const;
/** Neither field names of HTTP/2 nor, for `host`, a field there. */
const connectionNames = ["host", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "upgrade"];
const names = [
  ...["accept", "x-a", "x_a", "grpc-timeout", "x_forwarded_for", "proxy_authorization", "x-real-ip", "x-original-url"],
  ...[...requestFields.names, ...responseFields.names].filter((name) => !connectionNames.includes(name)),
];
const values = [
  "",
  "1",
  "trailers",
  "100-continue",
  "100-Continue",
  "a, b",
  "application/grpc",
  "é",
  "v".repeat(70),
] as const;

function fieldsOf(random: Random): readonly HeaderField[] {
  return Array.from({ length: random.int(random.pick([3, 9])) }, () => {
    const value = random.once(6) ? random.bytes(1 + random.int(6)).latin1Slice() : random.pick(values);
    return { name: random.pick(names), value };
  });
}

function linesOf(fields: readonly HeaderField[]): string {
  return fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
}

type Passed = FieldSection & {
  writeLines(writer: HeadWriter): void;
  addFields(fields: HeaderField[]): void;
};

/** What a head says, and what of it is passed on once some of its fields have been dropped. */
function meaning(head: Passed, dropped: readonly string[]): unknown {
  for (const [i, name] of dropped.entries()) {
    if (i % 2 === 0) head.drop(name);
    else head.dropAliases(name);
  }
  const fields: HeaderField[] = [];
  head.addFields(fields);
  const writer = new HeadWriter(64);
  head.writeLines(writer);
  return {
    names: Array.from({ length: head.count }, (_, i) => `${head.nameAt(i)}: ${head.valueAt(i)}`),
    found: names.map((name) => head.header(name)),
    fields: fields.map(({ name, value }) => [name, value]),
    lines: writer.written().latin1Slice(),
  };
}

/** Cookies of HTTP/2 come in crumbs that are joined behind the other fields: with more than one they stand elsewhere. */
function withoutCrumbs(fields: readonly HeaderField[]): readonly HeaderField[] {
  return [
    ...fields.filter(({ name }) => name !== "cookie"),
    ...fields.filter(({ name }) => name === "cookie").slice(0, 1),
  ];
}

function requestsAgree(random: Random): void {
  const fields = withoutCrumbs(fieldsOf(random)).filter(({ name, value }) => name !== "cookie" || value !== "");
  const method = random.pick(methods);
  const path = random.once(9)
    ? "*"
    : `/${Array.from({ length: random.int(6) }, () => random.pick(targetParts)).join("")}`;
  const authority = random.pick(authorities);
  const message = readRequest([
    { name: ":method", value: method },
    { name: ":scheme", value: "http" },
    { name: ":authority", value: authority },
    { name: ":path", value: path },
    ...fields,
  ]);
  // What HTTP/2 itself has no place for has no counterpart.
  if ("malformed" in message) return;
  const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n${linesOf(fields)}\r\n`, "latin1");
  const head = new RequestHead();
  const end = parseRequestHead(bytes, 0, bytes.length, head, limits);
  const received = readReceivedRequest(message, "none", limits);
  assert.equal(typeof received === "number", end !== bytes.length, `refused alike: ${String(received)} and ${end}`);
  if (typeof received === "number") return;
  const other = new Http1ReceivedRequest(bytes, head);
  const claims = [received.claims, other.claims];
  assert.equal(claims[0], claims[1]);
  if (claims[0] && random.once(2)) {
    received.forgetClaims();
    other.forgetClaims();
  }
  const dropped = Array.from({ length: random.int(3) }, () => random.pick(names));
  const [of2, of1] = [received, other].map((one) => {
    const paths = [one.path(), one.oddPath];
    const known = Object.values(RequestField)
      // Host is no field of HTTP/2.
      .filter((field) => field !== RequestField.host)
      .map((field) => [one.has(field), one.known(field), one.isRepeated(field)]);
    const { host, hostText, query, queryText } = one;
    const writer = new HeadWriter(64);
    if (one.oddPath === undefined && typeof paths[0] === "string") one.writePath(writer);
    one.writeQuery(writer);
    one.writeHost(writer);
    return {
      method: one.method,
      host,
      hostText,
      query,
      queryText,
      paths,
      known,
      start: writer.written().latin1Slice(),
    };
  });
  assert.deepEqual(of2, of1);
  assert.deepEqual(withoutHost(meaning(received, dropped)), withoutHost(meaning(other, dropped)));
}

function withoutHost(said: unknown): unknown {
  const { names: all, ...rest } = said as { names: readonly string[] };
  return { ...rest, names: all.filter((line) => !line.startsWith("host: ")) };
}

function answersAgree(random: Random): void {
  const fields = fieldsOf(random);
  const status = random.pick(["200", "204", "304", "404", "599"]);
  const message = readResponse([{ name: ":status", value: status }, ...fields]);
  if ("malformed" in message) return;
  const bytes = Buffer.from(`HTTP/1.1 ${status} \r\n${linesOf(fields)}\r\n`, "latin1");
  const head = new ResponseHead();
  const end = parseResponseHead(bytes, 0, bytes.length, head, { ...defaultResponseLimits, maxFields: 8 });
  const place = { method: random.pick(["GET", "HEAD"]), endStream: false };
  const answer = readAnswerHead(message, place, { ...defaultResponseLimits, maxFields: 8 });
  assert.equal(answer === undefined, end !== bytes.length, `refused alike: ${end}`);
  if (answer === undefined) return;
  const other = new Http1AnswerHead(bytes, head);
  const dropped = Array.from({ length: random.int(3) }, () => random.pick(names));
  const [of2, of1] = [answer, other].map((one) => ({
    status: one.status,
    hasBody: one.body(place.method) !== "none",
    known: Object.values(ResponseField).map((field) => [one.has(field), one.known(field)]),
  }));
  assert.deepEqual(of2, of1);
  assert.deepEqual(meaning(answer, dropped), meaning(other, dropped));
}

const laws: Readonly<Record<string, Law>> = {
  "a request of HTTP/2 is judged, read and passed on as the same one of HTTP/1.1": requestsAgree,
  "so is an answer": answersAgree,
};

runLaws(laws, readFuzzOptions());
