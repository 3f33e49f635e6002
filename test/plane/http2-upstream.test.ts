import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import { connectionPreface } from "../../src/wire/http2/frame.ts";
import { eventually } from "./eventually.ts";
import { bodyOf, Http2Server, type OnRequest } from "./http2-upstream-server.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

type PlaneOptions = Parameters<typeof startRules>[1];

/** Everything to one backend that is spoken to with HTTP/2. */
function startTo(ports: readonly number[], options: PlaneOptions = {}): Promise<PlaneFixture> {
  return startRules([{ name: "app", backends: [{ name: "app", ports, cluster: { protocol: "http2" } }] }], options);
}

const echo: OnRequest = ({ stream, headers }) => {
  void bodyOf(stream).then((body) => {
    stream.respond({ ":status": 200, "x-seen": JSON.stringify(headers) });
    stream.end(body);
  });
};

function seen(response: { readonly headers: ReadonlyMap<string, string> }): Record<string, string> {
  return JSON.parse(response.headers.get("x-seen") ?? "{}");
}

test("HTTP/2 upstream: a request of HTTP/1.1 becomes fields, without what belongs to its connection", async () => {
  await using upstream = await Http2Server.start(echo);
  await using gateway = await startTo([upstream.port]);
  const lines = "Connection: keep-alive, x-gone\r\nX-Gone: 1\r\nKeep-Alive: 3\r\nX-Kept:  two words \r\nTE: gzip\r\n";
  const response = await exchange(gateway.port, get("/a/b?c=d", lines));
  assert.equal(response.status, 200);
  const fields = seen(response);
  assert.equal(fields[":method"], "GET");
  assert.equal(fields[":scheme"], "http");
  assert.equal(fields[":authority"], "app.example.test");
  assert.equal(fields[":path"], "/a/b?c=d");
  assert.equal(fields["x-kept"], "two words");
  assert.equal(fields["x-forwarded-host"], "app.example.test");
  for (const name of ["connection", "keep-alive", "x-gone", "te", "host", "content-length", "transfer-encoding"]) {
    assert.equal(fields[name], undefined, name);
  }
});

test("HTTP/2 upstream: bodies with a length and in chunks arrive whole, TE: trailers is passed on", async () => {
  await using upstream = await Http2Server.start(echo);
  await using gateway = await startTo([upstream.port]);
  const counted = await exchange(gateway.port, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
  assert.equal(counted.body, "hello");
  assert.equal(seen(counted)["content-length"], "5");
  const head =
    "POST / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: te\r\nTransfer-Encoding: chunked\r\n\r\n";
  const chunked = await exchange(gateway.port, `${head}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`);
  assert.equal(chunked.body, "hello world");
  assert.equal(seen(chunked)["te"], "trailers");
  assert.equal(seen(chunked)["content-length"], undefined);
});

test("HTTP/2 upstream: trailers go both ways", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.on("trailers", (trailers) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-back": `got ${trailers["x-sum"]}` }));
      stream.end("body");
    });
    stream.resume();
  });
  await using gateway = await startTo([upstream.port]);
  const head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
  const response = await exchange(gateway.port, `${head}3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n`);
  assert.equal(response.body, "body");
  assert.equal(response.trailers, "x-back: got 42\r\n");
});

test("HTTP/2 upstream: answers without a body, to HEAD, and interim ones", async () => {
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    switch (headers[":path"]) {
      case "/head":
        stream.respond({ ":status": 200, "content-length": "1234" }, { endStream: true });
        return;
      case "/204":
        stream.respond({ ":status": 204 }, { endStream: true });
        return;
      case "/304":
        stream.respond({ ":status": 304, etag: "x" }, { endStream: true });
        return;
      case "/hints":
        stream.additionalHeaders({ ":status": 103, link: "</a.css>" });
        stream.respond({ ":status": 200 }, { endStream: true });
        return;
    }
  });
  await using gateway = await startTo([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("HEAD /head HTTP/1.1\r\nHost: a.test\r\n\r\n");
  assert.equal((await client.response("HEAD")).headers.get("content-length"), "1234");
  client.send(get("/204"));
  const empty = await client.response();
  assert.equal(empty.status, 204);
  assert.equal(empty.headers.get("content-length"), undefined);
  client.send(get("/304"));
  assert.equal((await client.response()).status, 304);
  client.send(get("/hints"));
  const hints = await client.response();
  assert.equal(hints.status, 103);
  assert.equal(hints.headers.get("link"), "</a.css>");
  const final = await client.response();
  assert.equal(final.status, 200);
  assert.equal(final.headers.get("content-length"), "0");
});

test("HTTP/2 upstream: requests share one connection, and another is opened when the endpoint's limit is reached", async () => {
  for (const [limit, connections] of [
    [100, 1],
    [2, 4],
  ] as const) {
    const held: (() => void)[] = [];
    await using upstream = await Http2Server.start(
      ({ stream }) => {
        held.push(() => {
          stream.respond({ ":status": 200 });
          stream.end("ok");
        });
        if (held.length === 8) for (const answer of held) answer();
      },
      { settings: { maxConcurrentStreams: limit } },
    );
    await using gateway = await startTo([upstream.port]);
    const responses = await Promise.all(Array.from({ length: 8 }, () => exchange(gateway.port, get("/"))));
    assert.deepEqual(
      responses.map(({ status }) => status),
      Array(8).fill(200),
    );
    assert.equal(upstream.connections, connections);
  }
});

test("HTTP/2 upstream: an endpoint that allows no stream at all is no reason to open one connection after the other", async () => {
  await using upstream = await Http2Server.start(() => {}, { settings: { maxConcurrentStreams: 0 } });
  await using gateway = await startTo([upstream.port]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 503);
  assert.equal(upstream.connections, 1);
});

test("HTTP/2 upstream: a client that leaves cancels its stream, and the connection stays", async () => {
  let code: number | undefined;
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    if (headers[":path"] === "/held") {
      stream.on("close", () => {
        code = stream.rstCode;
      });
      return;
    }
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  await using gateway = await startTo([upstream.port]);
  const client = await RawClient.connect(gateway.port);
  client.send(get("/held"));
  await eventually(() => upstream.requests.length === 1);
  client.socket.resetAndDestroy();
  await eventually(() => code !== undefined);
  assert.equal(code, 8);
  assert.equal((await exchange(gateway.port, get("/"))).body, "ok");
  assert.equal(upstream.connections, 1);
});

const size = 4 * 1024 * 1024;
const content = Buffer.alloc(size);
for (let i = 0; i < size; i++) content[i] = (i * 7 + (i >> 8) * 13) & 255;
const digest = createHash("md5").update(content).digest("hex");

function* parts(): Generator<Buffer> {
  for (let at = 0; at < size; at += 16_384) yield content.subarray(at, at + 16_384);
}

test("HTTP/2 upstream: a slow reader gets all of a large answer, holds little here, and holds up nobody else", async () => {
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    stream.respond({ ":status": 200, "content-length": String(headers[":path"] === "/large" ? size : 2) });
    // In parts: the server refuses new streams while it holds too much itself.
    if (headers[":path"] === "/large") Readable.from(parts()).pipe(stream);
    else stream.end("ok");
  });
  await using gateway = await startTo([upstream.port]);
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect({ port: gateway.port, host: "127.0.0.1" });
    socket.pause();
    socket.write(get("/large", "Connection: close\r\n"));
    return socket;
  });
  await eventually(() => upstream.requests.length === 20);
  // Twenty stalled streams would use up a connection window of 1 MiB.
  for (let round = 0; round < 20; round++) assert.equal((await exchange(gateway.port, get("/small"))).body, "ok");
  assert.equal(upstream.connections, 1);
  assert.ok(gateway.plane.queuedBytes <= 20 * 160 * 1024, `${gateway.plane.queuedBytes} bytes wait`);
  for (const socket of sockets.slice(1)) socket.destroy();
  const chunks: Buffer[] = [];
  for await (const chunk of sockets[0]!) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks);
  const body = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
  assert.equal(createHash("md5").update(body).digest("hex"), digest);
});

test("HTTP/2 upstream: an upload to an endpoint that does not read stops, and arrives whole when it does", async () => {
  const received = createHash("md5");
  let begin: () => void = () => {};
  await using upstream = await Http2Server.start(({ stream }) => {
    begin = () => {
      stream.on("data", (chunk: Buffer) => received.update(chunk));
      stream.on("end", () => {
        stream.respond({ ":status": 200 });
        stream.end("ok");
      });
    };
  });
  await using gateway = await startTo([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n`);
  let flushed = false;
  client.socket.write(content, () => {
    flushed = true;
  });
  await eventually(() => upstream.requests.length === 1);
  let queued = -1;
  for (let still = 0; still < 100; still++) {
    await new Promise(setImmediate);
    if (client.socket.writableLength !== queued) still = 0;
    queued = client.socket.writableLength;
  }
  assert.ok(!flushed, "the gateway took the whole upload");
  begin();
  assert.equal((await client.response()).body, "ok");
  assert.equal(received.digest("hex"), digest);
});

test("HTTP/2 upstream: an idle connection is closed after its time", async () => {
  await using upstream = await Http2Server.start(echo);
  await using gateway = await startTo([upstream.port], { limits: { upstreamIdleMs: 20 } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  await eventually(() => upstream.sessions.size === 0);
  assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  assert.equal(upstream.connections, 2);
});

test("HTTP/2 upstream: a backend of HTTP/1.1 is told apart, in clear text", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
  });
  await using gateway = await startTo([upstream.port]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 502);
  assert.equal(gateway.records[0]!.responseFlag, "UPE");
});

test("HTTP/2 upstream: an endpoint that cannot be reached makes room for another", async () => {
  await using upstream = await Http2Server.start(echo);
  const closed = await Http2Server.start(echo);
  const { port } = closed;
  await closed[Symbol.asyncDispose]();
  await using gateway = await startTo([port, upstream.port]);
  const responses = await Promise.all(Array.from({ length: 4 }, () => exchange(gateway.port, get("/"))));
  assert.deepEqual(
    responses.map(({ status }) => status),
    [200, 200, 200, 200],
  );
});

test("HTTP/2 upstream: an endpoint that says nothing after the connection is made is given up in time", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.resume());
  const rule = {
    name: "app",
    backends: [
      {
        name: "app",
        ports: [upstream.port],
        cluster: { protocol: "http2" },
        traffic: { connectTimeoutMs: 30 },
      } as const,
    ],
  };
  await using gateway = await startRules([rule]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
  assert.equal(gateway.records[0]!.responseFlag, "UF");
});

test("HTTP/2 upstream: requests under way survive the end of their endpoint in the configuration", async () => {
  let answer: () => void = () => {};
  await using upstream = await Http2Server.start(({ stream }) => {
    answer = () => {
      stream.respond({ ":status": 200 });
      stream.end("late");
    };
  });
  const update = (ports: readonly number[]) =>
    buildUpdate([
      {
        name: "http",
        port: 80,
        rules: [{ name: "app", backends: [{ name: "app", ports, cluster: { protocol: "http2" } }] }],
      },
    ]);
  await using gateway = await startPlane(update([upstream.port]));
  const pending = exchange(gateway.port, get("/"));
  await eventually(() => upstream.requests.length === 1);
  await gateway.plane.apply(update([]));
  answer();
  assert.equal((await pending).body, "late");
  await eventually(() => upstream.sessions.size === 0);
});

const upgrade = get(
  "/chat",
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
);

test("HTTP/2 upstream: a WebSocket upgrade becomes an extended CONNECT", async () => {
  await using upstream = await Http2Server.start(
    ({ stream, headers }) => {
      assert.equal(headers[":method"], "CONNECT");
      assert.equal(headers[":protocol"], "websocket");
      assert.equal(headers[":path"], "/chat");
      assert.equal(headers["sec-websocket-version"], "13");
      assert.equal(headers["sec-websocket-key"], undefined);
      stream.respond({ ":status": 200, "sec-websocket-protocol": "chat" });
      stream.pipe(stream);
    },
    { settings: { enableConnectProtocol: true } },
  );
  await using gateway = await startTo([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(upgrade);
  const response = await client.response();
  assert.equal(response.status, 101);
  assert.equal(response.headers.get("upgrade"), "websocket");
  assert.equal(response.headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assert.equal(response.headers.get("sec-websocket-protocol"), "chat");
  client.send("ping");
  assert.equal(await client.bytes(4), "ping");
  client.socket.end("last");
  assert.equal(await client.bytes(4), "last");
  assert.equal((await client.ending()).how, "end");
  await eventually(() => gateway.records.length === 1);
  assert.equal(gateway.records[0]!.responseFlag, "-");
});

test("HTTP/2 upstream: an upgrade that the endpoint cannot take is a 502", async () => {
  await using upstream = await Http2Server.start(echo);
  await using gateway = await startTo([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(upgrade);
  assert.equal((await client.response()).status, 502);
  assert.equal(gateway.records[0]!.responseFlag, "UPE");
  assert.equal(upstream.requests.length, 0);
});

test("HTTP/2 upstream: the preface is what RFC 9113 says", async () => {
  const first = Promise.withResolvers<Buffer>();
  await using upstream = await RawUpstream.startRaw((socket) => socket.once("data", first.resolve));
  await using gateway = await startTo([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  const bytes = await first.promise;
  assert.ok(bytes.subarray(0, connectionPreface.length).equals(connectionPreface));
  assert.equal(bytes[connectionPreface.length + 3], 4, "SETTINGS come first");
  client.socket.destroy();
  await once(client.socket, "close");
});

test("HTTP/1.1 to HTTP/2: chunks pass both ways as they come", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  await using gateway = await startTo([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.until("\r\n\r\n");
  for (const word of ["one", "three", "eleven"]) {
    client.send(`${word.length.toString(16)}\r\n${word}\r\n`);
    assert.equal(await client.until(`${word}\r\n`), `${word.length.toString(16)}\r\n${word}\r\n`);
  }
  client.send("0\r\n\r\n");
  assert.equal(await client.until("\r\n\r\n"), "0\r\n\r\n");
});

test("HTTP/2 to HTTP/2: a WebSocket tunnel is an extended CONNECT on both sides", async () => {
  await using upstream = await Http2Server.start(
    ({ stream, headers }) => {
      assert.equal(headers[":protocol"], "websocket");
      assert.equal(headers["sec-websocket-key"], undefined);
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    },
    { settings: { enableConnectProtocol: true } },
  );
  await using gateway = await startTo([upstream.port]);
  const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  await once(session, "remoteSettings");
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "http",
    ":path": "/chat",
    ":authority": "a.test",
    "sec-websocket-version": "13",
  });
  const [head] = await once(stream, "response");
  assert.equal(head[":status"], 200);
  assert.equal(head["sec-websocket-accept"], undefined);
  stream.write("ping");
  assert.equal(String((await once(stream, "data"))[0]), "ping");
  stream.end();
  stream.resume();
  await once(stream, "close");
  session.destroy();
});

test("HTTP/2 upstream: connections that end gracefully under load lose no request", async () => {
  let served = 0;
  await using upstream = await Http2Server.start(({ stream, session }) => {
    // Announces the end of this connection every twenty requests, and serves those under way.
    if (++served % 20 === 0) session.close();
    setImmediate(() => {
      if (stream.destroyed) return;
      stream.respond({ ":status": 200 });
      stream.end("ok");
    });
  });
  await using gateway = await startTo([upstream.port]);
  const statuses: number[] = [];
  const client = async () => {
    await using connection = await RawClient.connect(gateway.port);
    for (let i = 0; i < 50; i++) {
      connection.send(i % 2 === 0 ? get("/") : "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
      statuses.push((await connection.response()).status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  assert.equal(statuses.length, 400);
  assert.deepEqual(
    statuses.filter((status) => status !== 200),
    [],
  );
  assert.ok(upstream.connections > 5, `${upstream.connections} connections`);
});
