import assert from "node:assert/strict";
import { test } from "node:test";
import { createGzip, type Gzip, gunzipSync } from "node:zlib";
import type { ContentStream } from "../../src/filter/contract/content.ts";
import { waiting } from "../../src/filter/contract/exchange.ts";
import type { FilterHook, HookOf } from "../../src/filter/contract/hook.ts";
import { problem } from "../../src/filter/contract/local-reply.ts";
import { eventually } from "./eventually.ts";
import { ask, hooksOnly, LabBackend, startLab, testPairs } from "./filter-lab.ts";

const tooMuch = problem(413, "DL", "Too much.");

/** Holds the whole content, and sends it on in capitals. */
const shouts: HookOf<"requestContent"> = {
  phase: "requestContent",
  above: "refuse",
  maxBytes: 1_000,
  onContent: (content, request) => {
    request.setHeader("x-length", String(content.bytes.length));
    content.replace(Buffer.from(content.bytes.toString().toUpperCase()));
    return undefined;
  },
  cancel: () => {},
};

testPairs("a filter holds a whole content and replaces it", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({}));
  await using proxy = await startLab({ protocol: backend, port: app.port }, { shouts: hooksOnly(shouts) });
  for (const asked of [{ body: "one two" }, { pieces: ["one ", "two"] }]) {
    assert.equal((await ask(client, proxy.port, asked)).status, 200);
  }
  await ask(client, proxy.port);
  assert.deepEqual(
    app.arrived.map(({ headers, body }) => [headers["x-length"], body]),
    [
      ["7", "ONE TWO"],
      ["7", "ONE TWO"],
      ["0", ""],
    ],
  );
});

testPairs("content above what a filter holds gets 413, announced or not", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({}));
  await using proxy = await startLab({ protocol: backend, port: app.port }, { shouts: hooksOnly(shouts) });
  assert.equal((await ask(client, proxy.port, { body: "x".repeat(1_001) })).status, 413);
  assert.equal((await ask(client, proxy.port, { pieces: ["x".repeat(600), "x".repeat(401)] })).status, 413);
  assert.equal((await ask(client, proxy.port, { body: "x".repeat(1_000) })).status, 200);
  assert.deepEqual(app.arrived.length, 1);
});

/** Refuses content beyond some bytes, which it lets through. */
function refusesBeyond(maxBytes: number): HookOf<"requestStream"> {
  return {
    phase: "requestStream",
    start: (_request, exchange) => {
      exchange.state = 0;
      return "see";
    },
    onContent: (bytes, stream) => {
      const { exchange } = stream;
      exchange.state = (exchange.state as number) + bytes.length;
      if ((exchange.state as number) > maxBytes) stream.refuse(tooMuch);
    },
    onEnd: () => {},
    cancel: () => {},
  };
}

testPairs("a filter refuses content in the middle", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({}));
  await using proxy = await startLab({ protocol: backend, port: app.port }, { limit: hooksOnly(refusesBeyond(10)) });
  const refused = await ask(client, proxy.port, { pieces: ["123456", "789012", "345"] });
  assert.deepEqual([refused.status, refused.body.toString().split("\n")[0]], [413, "Too much."]);
  assert.equal((await ask(client, proxy.port, { pieces: ["123456", "7890"] })).status, 200);
  assert.equal((await ask(client, proxy.port, { body: "1234567890" })).status, 200);
  assert.deepEqual(
    app.arrived.map(({ body }) => body),
    ["1234567890", "1234567890"],
  );
});

/** Passes content on some bytes at a time, a moment apart, and holds its source meanwhile. */
class Pace {
  readonly #stream: ContentStream;
  readonly #atOnce: number;
  #waiting = Buffer.alloc(0);
  #ended = false;
  #timer: NodeJS.Timeout | undefined;
  /** The most that waited. */
  most = 0;

  constructor(stream: ContentStream, atOnce: number) {
    this.#stream = stream;
    this.#atOnce = atOnce;
  }

  add(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.most = Math.max(this.most, this.#waiting.length);
    this.#stream.pause();
    this.#timer ??= setInterval(() => this.#step(), 1);
  }

  end(): void {
    this.#ended = true;
    if (this.#timer === undefined) this.#stream.end();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    if (this.#stream.congested) return;
    this.#stream.push(this.#waiting.subarray(0, this.#atOnce));
    this.#waiting = this.#waiting.subarray(this.#atOnce);
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#ended) this.#stream.end();
    else this.#stream.resume();
  }
}

const paces: Pace[] = [];
const pacing = {
  onContent: (bytes: Buffer, { exchange }: ContentStream) => (exchange.state as Pace).add(bytes),
  onEnd: ({ exchange }: ContentStream) => (exchange.state as Pace).end(),
  cancel: ({ exchange }: ContentStream) => (exchange.state as Pace).stop(),
};

/** Its state is made with the first of the content: where that goes is not known before. */
function paced(hook: typeof pacing): typeof pacing {
  return {
    ...hook,
    onContent: (bytes, stream) => {
      if (stream.exchange.state === undefined) {
        const pace = new Pace(stream, 64 * 1024);
        paces.push(pace);
        stream.exchange.state = pace;
      }
      hook.onContent(bytes, stream);
    },
  };
}

const large = Buffer.alloc(3 * 1024 * 1024, "abcdefghij");

testPairs("a filter delays a request's content, and the client is held meanwhile", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({}));
  const hook: HookOf<"requestStream"> = { phase: "requestStream", start: () => "pace", ...paced(pacing) };
  await using proxy = await startLab({ protocol: backend, port: app.port }, { pace: hooksOnly(hook) });
  paces.length = 0;
  assert.equal((await ask(client, proxy.port, { body: large })).status, 200);
  const [{ headers, body } = { headers: {}, body: "" }] = app.arrived;
  assert.equal(body, large.toString());
  assert.equal(headers["content-length"], String(large.length));
  assert.ok(paces[0]!.most < 1024 * 1024, `${paces[0]!.most} bytes were held`);
});

testPairs("a filter delays an answer's content, and the backend is held meanwhile", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({
    headers: { "content-length": String(large.length) },
    pieces: [large],
  }));
  const hook: HookOf<"responseStream"> = { phase: "responseStream", start: () => "pace", ...paced(pacing) };
  await using proxy = await startLab({ protocol: backend, port: app.port }, { pace: hooksOnly(hook) });
  paces.length = 0;
  const answered = await ask(client, proxy.port);
  assert.ok(answered.body.equals(large));
  assert.equal(answered.headers["content-length"], String(large.length));
  assert.ok(paces[0]!.most < 1024 * 1024, `${paces[0]!.most} bytes were held`);
});

/** Compresses with a stream of Node's, which works off the loop: pieces come later than they went in. */
const compresses: HookOf<"responseStream"> = {
  phase: "responseStream",
  start: (response) => {
    response.setHeader("content-encoding", "gzip");
    return "change";
  },
  onContent: (bytes, stream) => {
    const gzip = gzipOf(stream);
    if (!gzip.write(Buffer.from(bytes))) {
      stream.pause();
      gzip.once("drain", () => stream.resume());
    }
  },
  onEnd: (stream) => gzipOf(stream).end(),
  cancel: ({ exchange }) => (exchange.state as Gzip | undefined)?.destroy(),
};

function gzipOf(stream: ContentStream): Gzip {
  const { exchange } = stream;
  if (exchange.state === undefined) {
    const gzip = createGzip();
    gzip.on("data", (piece: Buffer) => stream.push(piece));
    gzip.on("end", () => stream.end());
    exchange.state = gzip;
  }
  return exchange.state as Gzip;
}

testPairs("a filter compresses an answer: its length goes, its trailers stay", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, ({ path }) =>
    path === "/length"
      ? { headers: { "content-length": String(large.length) }, pieces: [large] }
      : { pieces: ["one ", "two ", large], trailers: { "x-sum": "42" } },
  );
  await using proxy = await startLab({ protocol: backend, port: app.port }, { gzip: hooksOnly(compresses) });
  const known = await ask(client, proxy.port, { path: "/length" });
  assert.deepEqual([known.headers["content-encoding"], known.headers["content-length"]], ["gzip", undefined]);
  assert.ok(gunzipSync(known.body).equals(large));
  const chunked = await ask(client, proxy.port, { path: "/chunked" });
  assert.ok(gunzipSync(chunked.body).equals(Buffer.concat([Buffer.from("one two "), large])));
  assert.equal(chunked.trailers["x-sum"], "42");
  const head = await ask(client, proxy.port, { method: "HEAD", path: "/length" });
  assert.deepEqual([head.status, head.headers["content-encoding"]], [200, undefined]);
});

testPairs("two filters change a request's content one after the other", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({}));
  const wrap = (open: string, close: string): HookOf<"requestStream"> => ({
    phase: "requestStream",
    start: () => "change",
    onContent: (bytes, stream) => {
      if (stream.exchange.state === undefined) stream.push(Buffer.from(open));
      stream.exchange.state = true;
      stream.push(bytes);
    },
    onEnd: (stream) => {
      stream.push(Buffer.from(close));
      stream.end();
    },
    cancel: () => {},
  });
  await using proxy = await startLab(
    { protocol: backend, port: app.port },
    { inner: hooksOnly(wrap("<a>", "</a>")), outer: hooksOnly(wrap("<b>", "</b>")) },
  );
  await ask(client, proxy.port, { body: "text" });
  await ask(client, proxy.port, { pieces: ["te", "xt"] });
  assert.deepEqual(
    app.arrived.map(({ body }) => body),
    ["<b><a>text</a></b>", "<b><a>text</a></b>"],
  );
});

test("a filter of content is told when its exchange ends early", async () => {
  await using app = await LabBackend.start("http1", () => ({ pieces: ["some"], silent: false }));
  let cancelled = 0;
  const withholds: HookOf<"requestStream"> = {
    phase: "requestStream",
    start: () => "change",
    onContent: () => {},
    onEnd: () => {},
    cancel: () => {
      cancelled++;
    },
  };
  await using proxy = await startLab({ protocol: "http1", port: app.port }, { withhold: hooksOnly(withholds) });
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked = ask("http1", proxy.port, { body: "text", until: promise });
  setTimeout(resolve, 50);
  await assert.rejects(asked);
  await eventually(() => cancelled === 1);
});

/** Lets the request wait, and passes its content on in its own time. */
const waitsAndPasses: readonly FilterHook[] = [
  {
    phase: "request",
    onRequest: (_request, exchange) => {
      setTimeout(() => exchange.resume(undefined), 50);
      return waiting;
    },
    cancel: () => {},
  },
  {
    phase: "requestStream",
    start: () => "change",
    onContent: (bytes, stream) => {
      const kept = Buffer.from(bytes);
      setImmediate(() => stream.push(kept));
    },
    onEnd: (stream) => void setImmediate(() => stream.end()),
    cancel: () => {},
  },
];

testPairs("a client that was stopped while a filter waited is read on when filters have its content", async (pair) => {
  await using app = await LabBackend.start(pair.backend, () => ({}));
  const filters = { waits: hooksOnly(...waitsAndPasses) };
  await using proxy = await startLab({ protocol: pair.backend, port: app.port }, filters);
  const body = "some words ".repeat(50_000);
  assert.equal((await ask(pair.client, proxy.port, { body })).status, 200);
  assert.ok(app.arrived[0]?.body === body);
});
