import assert from "node:assert/strict";
import { test } from "node:test";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("EmbeddedPlane: several requests use one connection on both sides", async () => {
  await using upstream = await RawUpstream.start(({ earlier }) => ok(`answer ${earlier}`));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  for (let i = 0; i < 5; i++) {
    client.send(get(`/${i}`));
    assert.equal((await client.response()).body, `answer ${i}`);
  }
  assert.equal(upstream.connections, 1);
});

test("EmbeddedPlane: pipelined requests are answered in order", async () => {
  await using upstream = await RawUpstream.start(({ head }) => ok(head.split(" ")[1]!));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(
    `${get("/a")}POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc` +
      `POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n${get("/d")}`,
  );
  for (const path of ["/a", "/b", "/c", "/d"]) assert.equal((await client.response()).body, path);
  assert.deepEqual(
    upstream.requests.map(({ body }) => body),
    ["", "abc", "xyz", ""],
  );
});

test("EmbeddedPlane: a request that comes byte by byte is served", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  const request = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
  for (const byte of request) {
    client.send(byte);
    await new Promise(setImmediate);
  }
  assert.equal((await client.response()).body, "hello!");
});

test("EmbeddedPlane: an answer that comes byte by byte is passed on", async () => {
  const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  await using upstream = await RawUpstream.start(async ({ socket }) => {
    for (const byte of answer) {
      socket.write(byte);
      await new Promise(setImmediate);
    }
    return undefined;
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  for (let i = 0; i < 2; i++) {
    client.send(get("/"));
    const response = await client.response();
    assert.equal(response.body, "abc");
    assert.equal(response.headers.get("x-a"), "b");
  }
  assert.equal(upstream.connections, 1);
});

test("EmbeddedPlane: trailers pass both ways", async () => {
  await using upstream = await RawUpstream.start(
    () => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n",
  );
  await using gateway = await startProxy([upstream.port]);
  const response = await exchange(
    gateway.port,
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Mine: 1\r\n\r\n",
  );
  assert.equal(response.trailers, "X-Sum: 7\r\n");
  assert.match(upstream.requests[0]!.rawBody, /0\r\nX-Mine: 1\r\n\r\n$/);
});

test("EmbeddedPlane: answers to HEAD, 204 and 304 have no body and keep the client's connection", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 1000\r\n\r\n',
    ok("end"),
  ];
  await using upstream = await RawUpstream.start(() => answers.shift());
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.equal((await client.response("HEAD")).headers.get("content-length"), "1000");
  client.send(get("/"));
  assert.equal((await client.response()).headers.get("content-length"), undefined);
  client.send(get("/"));
  assert.equal((await client.response()).headers.get("etag"), '"x"');
  client.send(get("/"));
  assert.equal((await client.response()).body, "end");
});

test("EmbeddedPlane: fields of one hop, and those that Connection names, are dropped in both directions", async () => {
  await using upstream = await RawUpstream.start(() =>
    ok("x", "Connection: X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 1\r\n"),
  );
  await using gateway = await startProxy([upstream.port]);
  const response = await exchange(
    gateway.port,
    get(
      "/",
      "Connection: keep-alive, X-Drop\r\nX-Drop: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy-Connection: a\r\nX-Stay: 1\r\n",
    ),
  );
  const { head } = upstream.requests[0]!;
  for (const name of ["x-drop", "keep-alive", "te", "proxy-connection", "connection"]) {
    assert.ok(!head.toLowerCase().includes(`\r\n${name}:`), name);
  }
  assert.match(head, /\r\nX-Stay: 1\r\n/);
  assert.equal(response.headers.get("x-gone"), undefined);
  assert.equal(response.headers.get("keep-alive"), undefined);
  assert.equal(response.headers.get("x-kept"), "1");
});

test("EmbeddedPlane: a client's forwarding headers are replaced unless a proxy is trusted", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const lines =
    "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=9.9.9.9\r\n";
  {
    await using gateway = await startProxy([upstream.port]);
    await exchange(gateway.port, get("/", lines));
    const { head } = upstream.requests[0]!;
    assert.match(head, /\r\nx-forwarded-for: 127\.0\.0\.1\r\nx-forwarded-proto: http\r\n/);
    assert.match(head, /\r\nx-forwarded-host: app\.example\.test\r\n/);
    assert.doesNotMatch(head, /9\.9\.9\.9|\r\nforwarded:/i);
    assert.equal(gateway.records[0]!.sourceIp, "127.0.0.1");
  }
  await using gateway = await startProxy([upstream.port], {
    settings: { trust: { trustedHops: 1, source: "x-forwarded-for" } },
  });
  await exchange(gateway.port, get("/", lines));
  const { head } = upstream.requests[1]!;
  assert.match(head, /\r\nx-forwarded-for: 9\.9\.9\.9, 127\.0\.0\.1\r\nx-forwarded-proto: https\r\n/);
  assert.equal(gateway.records[0]!.sourceIp, "9.9.9.9");
});

test("EmbeddedPlane: a good request id and traceparent are kept, bad ones replaced", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await exchange(gateway.port, get("/", `X-Request-Id: abc-1\r\nTraceparent: ${parent}\r\nTracestate: a=b\r\n`));
  await exchange(gateway.port, get("/", "X-Request-Id: a b\r\nTraceparent: 00-zz\r\nTracestate: a=b\r\n"));
  const [kept, made] = upstream.requests.map(({ head }) => head);
  assert.match(kept!, new RegExp(`x-request-id: abc-1\r\ntraceparent: ${parent}\r\n`));
  assert.match(kept!, /Tracestate: a=b/);
  assert.match(made!, /x-request-id: [0-9a-f]{32}\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n/);
  assert.doesNotMatch(made!, /tracestate/i);
  assert.equal(gateway.records[0]!.traceId, "0af7651916cd43dd8448eb211c80319c");
});

test("EmbeddedPlane: paths are forwarded as they were spelled, slashes merged and dots resolved", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  await exchange(gateway.port, get("/event/%24a%3aexample.org/%7Ejo|[x]?x=%2e"));
  await exchange(gateway.port, get("/a/./b/%2e%2e//c%2fd?x=%2e"));
  assert.match(upstream.requests[0]!.head, /^GET \/event\/%24a%3aexample\.org\/%7Ejo\|\[x\]\?x=%2e HTTP\/1\.1\r\n/);
  assert.match(upstream.requests[1]!.head, /^GET \/a\/c%2fd\?x=%2e HTTP\/1\.1\r\n/);
});

test("EmbeddedPlane: clients of HTTP/1.0 get no chunks, and keep-alive only when they ask", async () => {
  await using upstream = await RawUpstream.start(
    () => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
  );
  await using gateway = await startProxy([upstream.port]);
  const response = await exchange(gateway.port, "GET / HTTP/1.0\r\nHost: x\r\n\r\n");
  assert.equal(response.body, "abcde");
  assert.equal(response.headers.get("transfer-encoding"), undefined);
  assert.equal(response.headers.get("connection"), "close");
  await using plain = await RawUpstream.start(() => ok("one"));
  await using other = await startProxy([plain.port]);
  await using client = await RawClient.connect(other.port);
  for (let i = 0; i < 2; i++) {
    client.send("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
    assert.equal((await client.response()).headers.get("connection"), "keep-alive");
  }
});

test("EmbeddedPlane: an answer that ends with its connection becomes chunks", async () => {
  await using upstream = await RawUpstream.start(({ socket }) => {
    socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    return undefined;
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  for (let i = 0; i < 2; i++) {
    client.send(get("/"));
    assert.equal((await client.response()).body, "until the end");
  }
});

test("EmbeddedPlane: Connection: close is honoured", async () => {
  await using upstream = await RawUpstream.start(() => ok("bye"));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/", "Connection: close\r\n"));
  assert.equal((await client.response()).headers.get("connection"), "close");
  assert.deepEqual(await client.ending(), { how: "end", left: "" });
});

test("EmbeddedPlane: a client that half-closes after its request still gets the answer", async () => {
  await using upstream = await RawUpstream.start(() => ok("still here"));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.socket.end(get("/"));
  assert.equal((await client.response()).body, "still here");
  assert.equal((await client.ending()).how, "end");
});

test("EmbeddedPlane: a client that expects 100 Continue gets it before it sends the body", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  assert.equal((await client.response()).status, 100);
  client.send("body");
  assert.equal((await client.response()).body, "body");
  assert.doesNotMatch(upstream.requests[0]!.head, /expect/i);
});

test("EmbeddedPlane: interim answers but 100 are passed on", async () => {
  await using upstream = await RawUpstream.start(
    () => `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok("done")}`,
  );
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  const hint = await client.response();
  assert.equal(hint.status, 103);
  assert.equal(hint.headers.get("link"), "</a.css>");
  assert.equal((await client.response()).body, "done");
});

test("a malformed request behind a HEAD is refused with a body of its own", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("HEAD / HTTP/1.1\r\nHost: app.example.test\r\n\r\n");
  assert.equal((await client.response("HEAD")).status, 200);
  client.send("GET / HTTP/1.1\r\n\r\n");
  const { status, body } = await client.response();
  assert.equal(status, 400);
  assert.match(body, /Host/);
});
