/**
 * The same requests through HTTP/1.1 and HTTP/2. Whatever both codecs judge they have to judge alike, and a backend has to get
 * the same from both. Where a rule of one protocol alone decides, the row says so.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { forbiddenTrailers } from "../../src/wire/http1/trailer-field.ts";
import { frameFlag, frameType, maxFrameBytes } from "../../src/wire/http2/frame.ts";
import { frame, Http2RawClient } from "./http2-raw-client.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** 400 stands for a stream reset as malformed too: RFC 9113 §8.1.1 leaves the answer open. */
type Verdict = 200 | 400 | 404 | 405 | 413 | 414 | 417 | 431 | 501;

type Row = {
  readonly what: string;
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly fields?: Fields;
  /** Content of the body; with trailers it comes in one chunk. */
  readonly body?: string;
  readonly trailers?: Fields;
  readonly verdict: Verdict;
  /** Where RFC 9113 asks for another. */
  readonly http2?: Verdict;
};

const path = (text: string, verdict: Verdict): Row => ({ what: `the path ${text.slice(0, 60)}`, path: text, verdict });
const host = (text: string, verdict: Verdict): Row => ({
  what: `the host ${text.slice(0, 60) || "(empty)"}`,
  authority: text,
  verdict,
});
const field = (name: string, value: string, verdict: Verdict, http2: Verdict = verdict): Row => ({
  what: `the field ${name}: ${value.slice(0, 40)}`,
  fields: [[name, value]],
  verdict,
  http2,
});
const trailer = (name: string, verdict: Verdict): Row => ({
  what: `the trailer ${name}`,
  method: "POST",
  body: "abc",
  trailers: [[name, "1"]],
  verdict,
});

const rows: readonly Row[] = [
  // Targets.
  path("/", 200),
  path("/a|b[c]", 200),
  path("/event/%24a%3aexample.org/%7Ejo", 200),
  path("/a/./b/%2e%2e//c%2fd?x=%2e", 200),
  path("/a%5cb%09", 200),
  path("/?q={a}|^`\\", 200),
  path("/..", 400),
  path("/a/..%2fb", 400),
  path("/a/..%5cb", 400),
  path("/a/..;/b", 400),
  path("/a%", 400),
  path("/a%00", 400),
  path("/a%0d%0a", 400),
  path("/a\\b", 400),
  path("/a#b", 400),
  path("/a^b", 400),
  path("/{a}", 400),
  path('/"', 400),
  path("/\xe4", 400),
  path(`/${"a".repeat(16_383)}`, 200),
  path(`/${"a".repeat(16_384)}`, 414),
  // Well-formed, and no route is for it: `*` is no path.
  { what: "OPTIONS *", method: "OPTIONS", path: "*", verdict: 404 },
  { what: "GET *", path: "*", verdict: 400 },
  { what: "CONNECT", method: "CONNECT", path: "app.example.test:80", authority: "app.example.test:80", verdict: 405 },
  // Methods.
  { what: "a method that nobody knows", method: "BREW", verdict: 200 },
  { what: "a method in lower case", method: "get", verdict: 200 },
  { what: "a long method", method: "A".repeat(33), verdict: 501 },
  { what: "a method with a slash", method: "GE/T", verdict: 400 },
  // Hosts.
  host("app.example.test.", 200),
  host("APP.example.test:8080", 200),
  host("[::1]:80", 200),
  host("127.0.0.1", 200),
  host("under_score.test", 200),
  host("", 400),
  host("a..test", 400),
  host("app.example.test..", 400),
  host(".", 400),
  host("app.example.test:", 400),
  host("app.example.test:65536", 400),
  host("user@app.example.test", 400),
  host("app.example.test/a", 400),
  host("%61pp.example.test", 400),
  host("[::1%25eth0]", 400),
  host(`${"a".repeat(64)}.test`, 400),
  { what: "two hosts that differ", fields: [["host", "other.example.test"]], verdict: 400 },
  // Fields.
  field("x-plain", "v", 200),
  field("x-latin", "caf\xe9", 200),
  field("x-empty", "", 200),
  field("x-tab", "a\tb", 200),
  field("x-control", "a\x01b", 400),
  field("x-delete", "a\x7fb", 400),
  field("x-null", "a\0b", 400),
  field("x name", "v", 400),
  field("x(name)", "v", 400),
  field("", "v", 400),
  field("x_forwarded_for", "9.9.9.9", 400),
  field("x-forwarded_client-cert", "Hash=1", 400),
  field("content_length", "5", 400),
  field("x_plain", "v", 200),
  field("x-forwarded-prefix", "/a", 200),
  field("x-real-ip", "9.9.9.9", 200),
  field("forwarded", "for=9.9.9.9", 200),
  field("expect", "100-continue", 200),
  field("expect", "200-ok", 417),
  field("te", "trailers", 200),
  field("te", "gzip", 200, 400),
  field("keep-alive", "timeout=5", 200, 400),
  field("proxy-connection", "close", 200, 400),
  field("upgrade", "websocket", 200, 400),
  field("transfer-encoding", "gzip", 501, 400),
  { what: "many fields", fields: Array.from({ length: 126 }, (_, i) => [`x-${i}`, "v"] as const), verdict: 200 },
  { what: "too many fields", fields: Array.from({ length: 128 }, (_, i) => [`x-${i}`, "v"] as const), verdict: 431 },
  {
    what: "too large a head",
    fields: Array.from({ length: 9 }, (_, i) => [`x-${i}`, "v".repeat(8_000)] as const),
    verdict: 431,
  },
  // Lengths.
  { what: "a length that holds", method: "POST", fields: [["content-length", "3"]], body: "abc", verdict: 200 },
  {
    what: "a length with a leading zero",
    method: "POST",
    fields: [["content-length", "03"]],
    body: "abc",
    verdict: 400,
  },
  { what: "a length with a sign", method: "POST", fields: [["content-length", "+3"]], body: "abc", verdict: 400 },
  {
    what: "a length twice",
    method: "POST",
    fields: [
      ["content-length", "3"],
      ["content-length", "3"],
    ],
    body: "abc",
    verdict: 400,
  },
  { what: "a length in a list", method: "POST", fields: [["content-length", "3, 3"]], body: "abc", verdict: 400 },
  {
    what: "a length beyond numbers",
    method: "POST",
    fields: [["content-length", "9007199254740992"]],
    verdict: 413,
    http2: 400,
  },
  // Trailers.
  trailer("x-sum", 200),
  trailer("grpc-status", 200),
  ...forbiddenTrailers.client.map((name) => trailer(name, 400)),
  ...["x-forwarded-prefix", "x_forwarded_ssl", "x-original-url", "content_length", "x_real_ip", "set_cookie"].map(
    (name) => trailer(name, 400),
  ),
];

type Outcome = { readonly verdict: Verdict; readonly got: readonly string[] };

describe("HTTP/1.1 and HTTP/2 judge alike", () => {
  let upstream: RawUpstream;
  let gateway: PlaneFixture;

  before(async () => {
    upstream = await RawUpstream.start(() => ok(""));
    gateway = await startProxy([upstream.port]);
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  for (const row of rows) {
    test(row.what, async () => {
      const first = await outcomeOf(() => overHttp1(gateway.port, row));
      const second = await outcomeOf(() => overHttp2(gateway.port, row));
      assert.deepEqual([first.verdict, second.verdict], [row.verdict, row.http2 ?? row.verdict]);
      if (first.verdict === 200 && second.verdict === 200) assert.deepEqual(second.got, first.got);
    });
  }

  /** The answer, and what the backend got: its target and fields in order of their names, but for ids. */
  async function outcomeOf(send: () => Promise<Verdict>): Promise<Outcome> {
    const count = upstream.requests.length;
    const verdict = await send();
    const lines = upstream.requests[count]?.head.split("\r\n") ?? [];
    const [line = "", ...fields] = lines.filter((one) => one !== "");
    const named = fields
      .map((one) => one.replace(/^[^:]+/, (name) => name.toLowerCase()))
      .filter((one) => !/^(x-request-id|traceparent):/.test(one));
    return { verdict, got: [line, ...named.sort()] };
  }
});

function head({ method = "GET", path: target = "/", authority = "app.example.test", fields = [] }: Row): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n${lines.join("")}`;
}

async function overHttp1(port: number, row: Row): Promise<Verdict> {
  await using client = await RawClient.connect(port);
  const { body, trailers } = row;
  if (body === undefined) client.send(`${head(row)}\r\n`);
  else if (trailers === undefined) client.send(`${head(row)}\r\n${body}`);
  else {
    const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n${lines}\r\n`;
    client.send(`${head(row)}transfer-encoding: chunked\r\n\r\n${chunk}`);
  }
  const { status } = await client.response(row.method);
  return status as Verdict;
}

/** A header block in as many frames as it needs. */
function blockFrames(block: Buffer, ends: boolean): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += maxFrameBytes) {
    const last = at + maxFrameBytes >= block.length;
    const flags = (last ? frameFlag.endHeaders : 0) | (at === 0 && ends ? frameFlag.endStream : 0);
    const payload = block.subarray(at, at + maxFrameBytes);
    frames.push(frame(at === 0 ? frameType.headers : frameType.continuation, 1, { flags, payload }));
  }
  return frames;
}

async function overHttp2(port: number, row: Row): Promise<Verdict> {
  await using client = await Http2RawClient.connect(port);
  const { method = "GET", path: target = "/", authority = "app.example.test", fields = [], body, trailers } = row;
  const tunnel = method === "CONNECT";
  const block: Fields = [
    [":method", method],
    ...(tunnel
      ? []
      : ([
          [":scheme", "http"],
          [":path", target],
        ] as const)),
    [":authority", authority],
    ...fields,
  ];
  const parts = blockFrames(client.block(block), body === undefined);
  if (body !== undefined) parts.push(client.data(1, body, trailers === undefined ? "end" : "open"));
  if (trailers !== undefined) parts.push(client.headers(1, trailers));
  client.send(...parts);
  for (;;) {
    const answers = client.frames.filter(({ streamId }) => streamId === 1);
    const status = answers.find(({ type }) => type === frameType.headers)?.fields[0];
    if (status !== undefined) return Number(status.slice(":status: ".length)) as Verdict;
    if (answers.some(({ type }) => type === frameType.rstStream)) return 400;
    assert.ok(!client.ended, "the connection ended");
    await client.more();
  }
}
