import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import type { Filter } from "../../src/ir/filter.ts";
import { ask, type BackendAnswer, LabBackend, type Pair, startLab, testPairs } from "./filter-lab.ts";

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
};

const all: Filter = {
  kind: "compression",
  encodings: [
    { encoding: "br", minBytes: 30 },
    { encoding: "zstd", minBytes: 30 },
    { encoding: "gzip", minBytes: 30 },
  ],
};

const text = { "content-type": "text/plain" };

async function lab({ backend }: Pick<Pair, "backend">, answer: () => BackendAnswer) {
  const app = await LabBackend.start(backend, answer);
  const proxy = await startLab({ protocol: backend, port: app.port }, {}, { rule: { filters: [all] } });
  return {
    port: proxy.port,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

testPairs("random contents in random pieces are the same after decoding, in each encoding", async (pair) => {
  let answer: BackendAnswer = {};
  await using proxy = await lab(pair, () => answer);
  const piece = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.integer({ min: 1, max: 70_000 }).map((length) => randomBytes(length)),
    fc.integer({ min: 1, max: 200_000 }).map((length) => Buffer.alloc(length, "abc")),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 6 }),
      fc.constantFrom("br", "gzip", "zstd"),
      fc.boolean(),
      async (pieces, encoding, measured) => {
        const body = Buffer.concat(pieces.map((one) => Buffer.from(one)));
        const length = measured ? { "content-length": String(body.length) } : {};
        answer = { headers: { ...text, ...length }, pieces: pieces.filter((one) => one.length > 0) };
        const got = await ask(pair.client, proxy.port, { headers: { "accept-encoding": encoding } });
        assert.equal(got.status, 200);
        const encoded = got.headers["content-encoding"];
        if (measured && body.length < 30) assert.equal(encoded, undefined);
        if (body.length >= 30) assert.equal(encoded, encoding);
        const decoded = encoded === undefined ? got.body : decoders[String(encoded)]!(got.body);
        assert.ok(decoded.equals(body), `${decoded.length} bytes of ${body.length}`);
        assert.equal(got.headers["vary"], "Accept-Encoding");
      },
    ),
    { numRuns: 40 },
  );
});

const long = "some text ".repeat(50);

testPairs("what may not be encoded passes as it is", async (pair) => {
  const cases: readonly (readonly [why: string, answer: BackendAnswer])[] = [
    ["encoded", { headers: { ...text, "content-encoding": "x-own" } }],
    ["event stream", { headers: { "content-type": "text/event-stream" } }],
    ["image", { headers: { "content-type": "image/png" } }],
    ["no type", {}],
    ["no-transform", { headers: { ...text, "cache-control": "public, no-transform" } }],
    ["part", { status: 206, headers: { ...text, "content-range": "bytes 0-499/1000" } }],
    ["digest", { headers: { ...text, "content-digest": "sha-256=:AAAA:" } }],
    ["grpc", { headers: { "content-type": "application/grpc" } }],
  ];
  for (const [why, answer] of cases) {
    await using proxy = await lab(pair, () => ({ ...answer, pieces: [long] }));
    const got = await ask(pair.client, proxy.port, { headers: { "accept-encoding": "gzip, br, zstd" } });
    assert.equal(got.body.toString(), long, why);
    assert.equal(got.headers["content-encoding"], answer.headers?.["content-encoding"], why);
  }
});

testPairs("answers without content say nothing of an encoding", async (pair) => {
  for (const status of [204, 304]) {
    await using proxy = await lab(pair, () => ({ status, headers: text }));
    const got = await ask(pair.client, proxy.port, { headers: { "accept-encoding": "gzip" } });
    assert.deepEqual([got.status, got.headers["content-encoding"]], [status, undefined]);
  }
  await using proxy = await lab(pair, () => ({ headers: { ...text, "content-length": "500" } }));
  const got = await ask(pair.client, proxy.port, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
  assert.deepEqual([got.headers["content-encoding"], got.headers["content-length"]], [undefined, "500"]);
});

testPairs("an ETag becomes weak and the ways to ask for parts go", async (pair) => {
  const headers = {
    ...text,
    etag: '"1"',
    "accept-ranges": "bytes",
    vary: "Origin",
    "content-length": String(long.length),
  };
  await using proxy = await lab(pair, () => ({ headers, pieces: [long] }));
  const got = await ask(pair.client, proxy.port, { headers: { "accept-encoding": "gzip" } });
  assert.deepEqual(
    ["etag", "accept-ranges", "vary", "content-length"].map((name) => got.headers[name]),
    ['W/"1"', undefined, "Origin, Accept-Encoding", undefined],
  );
  const plain = await ask(pair.client, proxy.port);
  assert.deepEqual(
    ["etag", "accept-ranges", "vary", "content-encoding"].map((name) => plain.headers[name]),
    ['"1"', "bytes", "Origin, Accept-Encoding", undefined],
  );
});

test("content that comes slowly is sent on before it ends", async () => {
  let finish = (): void => {};
  const app = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.write("first");
    finish = () => void response.end("second");
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as { port: number };
  await using proxy = await startLab({ protocol: "http1", port }, {}, { rule: { filters: [all] } });
  const response = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { "accept-encoding": "gzip" } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "first");
  finish();
  assert.equal((await reader.read()).value, "second");
  assert.equal((await reader.read()).done, true);
  app.close();
});

test("clients that leave in the middle free their places: those that come later are still served compressed", async () => {
  // Nothing that a socket holds: the encoder has to wait for each client.
  const body = randomBytes(4_000_000).toString("base64");
  const app = createServer((_request, response) => response.writeHead(200, text).end(body));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as { port: number };
  await using proxy = await startLab({ protocol: "http1", port }, {}, { rule: { filters: [all] } });
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const socket = connect(proxy.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write("GET / HTTP/1.1\r\nhost: app.example.test\r\naccept-encoding: gzip\r\n\r\n");
        await new Promise((read) => socket.once("data", read));
        socket.destroy();
      }),
    );
  }
  // Places are given back when the proxy has seen that a client is gone; without that this never ends.
  let got = await ask("http1", proxy.port, { headers: { "accept-encoding": "gzip" } });
  while (got.headers["content-encoding"] === undefined)
    got = await ask("http1", proxy.port, { headers: { "accept-encoding": "gzip" } });
  assert.equal(gunzipSync(got.body).toString(), body);
  app.close();
});
