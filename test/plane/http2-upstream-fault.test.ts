import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frameType, settingId } from "../../src/wire/http2/frame.ts";
import { makeCertificate } from "../test-certificate.ts";
import { eventually } from "./eventually.ts";
import {
  endBoth,
  endHeaders,
  endStream,
  type RawFrame,
  type RawHttp2Peer,
  RawHttp2Server,
} from "./http2-raw-server.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";

function startTo(port: number, options: Parameters<typeof startRules>[1] = {}): Promise<PlaneFixture> {
  return startRules(
    [{ name: "app", backends: [{ name: "app", ports: [port], cluster: { protocol: "http2" } }] }],
    options,
  );
}

type Fields = readonly (readonly [name: string, value: string])[];
const ok: Fields = [[":status", "200"]];

/** Calls back for each request, with its stream. */
function onRequest(
  serve: (peer: RawHttp2Peer, streamId: number) => void,
): (peer: RawHttp2Peer, frame: RawFrame) => void {
  return (peer, frame) => {
    if (frame.type === frameType.headers) serve(peer, frame.streamId);
  };
}

/** Answers that HTTP/2 forbids, or that mean nothing in HTTP/1.1. Each is a 502, or breaks off what was begun. */
const malformed: Readonly<Record<string, (peer: RawHttp2Peer, id: number) => void>> = {
  "no status": (peer, id) => peer.headers(id, [["x", "1"]], endBoth),
  "a status out of range": (peer, id) => peer.headers(id, [[":status", "999"]], endBoth),
  "a 101": (peer, id) => peer.headers(id, [[":status", "101"]], endBoth),
  "an upper-case name": (peer, id) => peer.headers(id, [...ok, ["X-A", "1"]], endBoth),
  "a line feed in a value": (peer, id) => peer.headers(id, [...ok, ["x", "1\r\ny: 2"]], endBoth),
  "a colon in a name": (peer, id) => peer.headers(id, [...ok, ["x:", "1"]], endBoth),
  "a connection field": (peer, id) => peer.headers(id, [...ok, ["connection", "close"]], endBoth),
  "transfer-encoding": (peer, id) => peer.headers(id, [...ok, ["transfer-encoding", "chunked"]], endBoth),
  "two lengths": (peer, id) => peer.headers(id, [...ok, ["content-length", "1"], ["content-length", "1"]], endHeaders),
  "a length without a body": (peer, id) => peer.headers(id, [...ok, ["content-length", "5"]], endBoth),
  "a pseudo-header of requests": (peer, id) => peer.headers(id, [...ok, [":path", "/"]], endBoth),
  "an interim answer that ends the stream": (peer, id) => peer.headers(id, [[":status", "103"]], endBoth),
  "interim answers without end": (peer, id) => {
    for (let i = 0; i < 40; i++) peer.headers(id, [[":status", "103"]], endHeaders);
  },
  "more fields than anyone needs": (peer, id) => {
    const fields = Array.from({ length: 300 }, (_, i): readonly [string, string] => [`x-${i}`, "1"]);
    peer.headers(id, [...ok, ...fields], endBoth);
  },
};

for (const [name, serve] of Object.entries(malformed)) {
  test(`HTTP/2 upstream: an answer with ${name} is a 502, and the connection stays`, async () => {
    await using upstream = await RawHttp2Server.start(
      onRequest((peer, id) => {
        if (id === 1) serve(peer, id);
        else peer.headers(id, ok, endBoth);
      }),
    );
    await using gateway = await startTo(upstream.port);
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    let response = await client.response();
    while (response.status < 200) response = await client.response();
    assert.equal(response.status, 502);
    assert.equal(gateway.records[0]!.responseFlag, "UPE");
    assert.equal((await exchange(gateway.port, get("/"))).status, 200);
    assert.equal(upstream.peers.length, 1);
  });
}

const reset = (code: number) => Buffer.from([0, 0, 0, code]);
const goaway = (lastStreamId: number) => Buffer.from([0, 0, 0, lastStreamId, 0, 0, 0, 0]);

/** Answers that go wrong after their head was passed on. */
const broken: Readonly<Record<string, (peer: RawHttp2Peer, id: number) => void>> = {
  "more content than announced": (peer, id) => {
    peer.headers(id, [...ok, ["content-length", "3"]], endHeaders);
    peer.send(frameType.data, 0, id, "ab");
    peer.send(frameType.data, endStream, id, "cd");
  },
  "less content than announced": (peer, id) => {
    peer.headers(id, [...ok, ["content-length", "3"]], endHeaders);
    peer.send(frameType.data, endStream, id, "ab");
  },
  "a pseudo-header in trailers": (peer, id) => {
    peer.headers(id, ok, endHeaders);
    peer.headers(id, [[":status", "200"]], endBoth);
  },
  "a field in trailers that must not stand there": (peer, id) => {
    peer.headers(id, ok, endHeaders);
    peer.headers(id, [["transfer-encoding", "chunked"]], endBoth);
  },
  "content for a stream that announced none": (peer, id) => {
    peer.headers(id, [...ok, ["content-length", "0"]], endHeaders);
    peer.send(frameType.data, endStream, id, "x");
  },
  "a reset behind part of its length": (peer, id) => {
    peer.headers(id, [...ok, ["content-length", "100"]], endHeaders);
    peer.send(frameType.data, 0, id, "part");
    peer.send(frameType.rstStream, 0, id, reset(2));
  },
  "a reset behind part of a body without length": (peer, id) => {
    peer.headers(id, ok, endHeaders);
    peer.send(frameType.data, 0, id, "part");
    peer.send(frameType.rstStream, 0, id, reset(0));
  },
  "a connection that closes before its end": (peer, id) => {
    peer.headers(id, ok, endHeaders);
    peer.send(frameType.data, 0, id, "part");
    peer.socket.end();
  },
  "a second head": (peer, id) => {
    peer.headers(id, ok, endHeaders);
    peer.headers(id, ok, endHeaders);
  },
};

for (const [name, serve] of Object.entries(broken)) {
  test(`HTTP/2 upstream: an answer with ${name} is broken off`, async () => {
    await using upstream = await RawHttp2Server.start(onRequest(serve));
    await using gateway = await startTo(upstream.port);
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    const { how, left } = await client.ending();
    assert.equal(how, "reset");
    assert.ok(!left.includes("\r\n0\r\n\r\n"), left);
    assert.notEqual(gateway.records[0]!.responseFlag, "-");
  });
}

test("HTTP/2 upstream: a frame that breaks the connection's rules fails all its requests, and the next gets another", async () => {
  const waiting: number[] = [];
  await using upstream = await RawHttp2Server.start((peer, frame) => {
    if (frame.type !== frameType.headers) return;
    if (upstream.peers.length > 1) {
      peer.headers(frame.streamId, ok, endBoth);
      return;
    }
    waiting.push(frame.streamId);
    // DATA for a stream that nobody opened.
    if (waiting.length === 2) peer.send(frameType.data, 0, 99, "x");
  });
  await using gateway = await startTo(upstream.port);
  const both = await Promise.all([exchange(gateway.port, get("/")), exchange(gateway.port, get("/"))]);
  assert.deepEqual(
    both.map(({ status }) => status),
    [502, 502],
  );
  assert.equal((await exchange(gateway.port, get("/"))).status, 200);
});

const post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc";

test("HTTP/2 upstream: a refused stream is sent again, whatever its method, body included", async () => {
  const bodies: string[] = [];
  await using upstream = await RawHttp2Server.start((peer, { type, streamId, payload }) => {
    if (type !== frameType.data) return;
    bodies.push(payload.latin1Slice());
    if (streamId === 1) peer.send(frameType.rstStream, 0, streamId, reset(7));
    else peer.headers(streamId, ok, endBoth);
  });
  await using gateway = await startTo(upstream.port);
  assert.equal((await exchange(gateway.port, post)).status, 200);
  assert.deepEqual(bodies, ["abc", "abc"]);
});

test("HTTP/2 upstream: an endpoint that refuses every stream is a 502 after three attempts", async () => {
  let streams = 0;
  await using upstream = await RawHttp2Server.start(
    onRequest((peer, id) => {
      streams++;
      peer.send(frameType.rstStream, 0, id, reset(7));
    }),
  );
  await using gateway = await startTo(upstream.port);
  assert.equal((await exchange(gateway.port, post)).status, 502);
  assert.equal(streams, 3);
});

test("HTTP/2 upstream: a POST whose stream was reset for another reason is not sent again", async () => {
  let streams = 0;
  await using upstream = await RawHttp2Server.start(
    onRequest((peer, id) => {
      streams++;
      peer.send(frameType.rstStream, 0, id, reset(2));
    }),
  );
  await using gateway = await startTo(upstream.port);
  assert.equal((await exchange(gateway.port, post)).status, 502);
  assert.equal(streams, 1);
});

test("HTTP/2 upstream: GOAWAY sends what was not looked at to a new connection and lets the rest finish", async () => {
  const served: string[] = [];
  await using upstream = await RawHttp2Server.start(
    onRequest((peer, id) => {
      const connection = upstream.peers.indexOf(peer);
      served.push(`${connection}/${id}`);
      if (connection > 0) peer.headers(id, ok, endBoth);
      else if (id === 3) {
        peer.send(frameType.goaway, 0, 0, goaway(1));
        peer.headers(1, ok, endBoth);
      }
    }),
  );
  await using gateway = await startTo(upstream.port);
  const both = await Promise.all([exchange(gateway.port, post), exchange(gateway.port, post)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    [200, 200],
  );
  assert.deepEqual(served, ["0/1", "0/3", "1/1"]);
  await eventually(() => upstream.peers[0]!.socket.readyState !== "open");
});

test("HTTP/2 upstream: an answer that crosses the reset of its stream does not hurt the connection", async () => {
  await using upstream = await RawHttp2Server.start((peer, frame) => {
    if (frame.type === frameType.rstStream) {
      peer.headers(frame.streamId, [...ok, ["x-late", "1"]], endHeaders);
      peer.send(frameType.data, 0, frame.streamId, "late");
      peer.headers(frame.streamId, [["x-later", "1"]], endBoth);
    } else if (frame.type === frameType.headers && frame.streamId > 1) {
      peer.headers(frame.streamId, [...ok, ["x-late", "1"]], endBoth);
    }
  });
  await using gateway = await startTo(upstream.port);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  await eventually(() => upstream.peers[0]?.frames.some(({ type }) => type === frameType.headers) === true);
  client.socket.resetAndDestroy();
  await eventually(() => upstream.peers[0]!.frames.some(({ type }) => type === frameType.rstStream));
  const response = await exchange(gateway.port, get("/"));
  assert.equal(response.headers.get("x-late"), "1");
  assert.equal(upstream.peers.length, 1);
});

test("HTTP/2 upstream: a connection that went silent under a request is asked by PING, then given up", async () => {
  let pings = 0;
  await using upstream = await RawHttp2Server.start((peer, frame) => {
    if (frame.type === frameType.ping && ++pings === 1) peer.send(frameType.ping, 1, 0, frame.payload);
  });
  await using gateway = await startTo(upstream.port, { limits: { pingAfterMs: 10, pingTimeoutMs: 10 } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
  assert.equal(pings, 2);
});

test("HTTP/2 upstream: a small window lets an upload through in steps", async () => {
  let body = "";
  await using upstream = await RawHttp2Server.start(
    (peer, { type, flags, streamId, payload }) => {
      if (type !== frameType.data) return;
      body += payload.latin1Slice();
      assert.ok(payload.length <= 10, "more than the window");
      if ((flags & endStream) !== 0) peer.headers(streamId, ok, endBoth);
      else if (payload.length > 0) {
        peer.send(frameType.windowUpdate, 0, streamId, Buffer.from([0, 0, 0, payload.length]));
      }
    },
    [[settingId.initialWindowSize, 10]],
  );
  await using gateway = await startTo(upstream.port);
  const sent = "0123456789".repeat(12);
  const head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
  const response = await exchange(gateway.port, `${head}${sent.length.toString(16)}\r\n${sent}\r\n0\r\n\r\n`);
  assert.equal(response.status, 200);
  assert.equal(body, sent);
});

const authority = makeCertificate({ commonName: "test authority", authority: "yes" });
const certificate = makeCertificate({ names: ["backend.test"], issuer: authority });

function startSecured(port: number): Promise<PlaneFixture> {
  const update = buildUpdate(
    [
      {
        name: "http",
        port: 80,
        rules: [
          {
            name: "app",
            backends: [
              {
                name: "app",
                ports: [port],
                cluster: {
                  protocol: "http2",
                  tls: {
                    hostname: "backend.test",
                    ca: [{ kind: "bundle", key: "ca", fingerprint: "f" }],
                    subjectAltNames: [],
                  },
                },
              },
            ],
          },
        ],
      },
    ],
    new Map([["ca", { kind: "ca", bundlePem: authority.certPem }]]),
  );
  return startPlane(update);
}

const tls = { cert: certificate.certPem, key: certificate.keyPem };

test("HTTP/2 upstream over TLS: agreed on by ALPN, with https as the scheme", async () => {
  await using upstream = await Http2Server.start(
    ({ stream, headers }) => {
      stream.respond({ ":status": 200 });
      stream.end(headers[":scheme"]);
    },
    { tls },
  );
  await using gateway = await startSecured(upstream.port);
  assert.equal((await exchange(gateway.port, get("/"))).body, "https");
  assert.equal((await exchange(gateway.port, get("/"))).body, "https");
  assert.equal(upstream.connections, 1);
});

test("HTTP/2 upstream over TLS: an endpoint that does not agree on HTTP/2 is a 502 with a flag of its own", async () => {
  const { createServer } = await import("node:tls");
  const { once } = await import("node:events");
  for (const [ALPNProtocols, flag] of [
    [[], "UPE"],
    [["http/1.1"], "UPE"],
  ] as const) {
    const server = createServer({ ...tls, ALPNProtocols: [...ALPNProtocols] }, (socket) =>
      socket.on("error", () => {}),
    );
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    await using gateway = await startSecured(address.port);
    assert.equal((await exchange(gateway.port, get("/"))).status, 502);
    assert.equal(gateway.records[0]!.responseFlag, flag);
    server.close();
  }
});

test("HTTP/2 upstream: random frames break one request at most, never the gateway", async () => {
  const anyFrame = fc.record({
    type: fc.integer({ min: 0, max: 11 }),
    flags: fc.nat(255),
    streamId: fc.integer({ min: 0, max: 4 }),
    payload: fc.uint8Array({ maxLength: 40 }),
  });
  let frames: readonly { type: number; flags: number; streamId: number; payload: Uint8Array }[] = [];
  let hostile: RawHttp2Peer | undefined;
  await using upstream = await RawHttp2Server.start(
    onRequest((peer, id) => {
      hostile ??= peer;
      if (peer !== hostile || id > 1) {
        peer.headers(id, ok, endBoth);
        return;
      }
      for (const { type, flags, streamId, payload } of frames) peer.send(type, flags, streamId, Buffer.from(payload));
      peer.socket.end();
    }),
  );
  await using gateway = await startTo(upstream.port);
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { maxLength: 8 }), async (these) => {
      frames = these;
      hostile = undefined;
      const first = await exchange(gateway.port, get("/")).catch(() => undefined);
      assert.ok(first === undefined || [200, 502].includes(first.status), `${first?.status}`);
      // The connection that was closed is gone by now, or is found to be stale and replaced.
      assert.equal((await exchange(gateway.port, get("/"))).status, 200);
    }),
    { numRuns: 150, seed: 7 },
  );
  assert.deepEqual(gateway.bugs, []);
});
