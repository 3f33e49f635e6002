import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("upstream: what is no HTTP answer becomes a 502", async () => {
  for (const garbage of [
    "nonsense\r\n\r\n",
    "HTTP/1.1 000 No\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "HTTP/1.1 102 Processing\r\n\r\n".repeat(40),
    `HTTP/1.1 200 OK\r\nX: ${"a".repeat(80_000)}\r\n\r\n`,
  ]) {
    await using upstream = await RawUpstream.start(() => garbage);
    await using gateway = await startProxy([upstream.port]);
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    let response = await client.response();
    while (response.status === 102) response = await client.response();
    assert.equal(response.status, 502, garbage.slice(0, 60));
    assert.equal(gateway.records[0]!.responseFlag, "UPE");
  }
});

test("upstream: a connection closed without an answer becomes a 502", async () => {
  await using upstream = await RawUpstream.start(({ socket }) => {
    socket.destroy();
    return undefined;
  });
  await using gateway = await startProxy([upstream.port]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 502);
  assert.equal(gateway.records[0]!.responseFlag, "UC");
});

test("upstream: an answer that breaks off never looks complete", async () => {
  const broken = {
    length: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
    chunked: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    "bad chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzz",
  };
  for (const [name, answer] of Object.entries(broken)) {
    await using upstream = await RawUpstream.start(async ({ socket }) => {
      socket.write(answer);
      await new Promise(setImmediate);
      socket.destroy();
      return undefined;
    });
    await using gateway = await startProxy([upstream.port]);
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    const { how, left } = await client.ending();
    assert.equal(how, "reset", name);
    assert.doesNotMatch(left, /\r\n0\r\n\r\n$/, name);
  }
});

test("upstream: a request without endpoints is answered with 503, one whose share is invalid with 500", async () => {
  {
    await using gateway = await startProxy([]);
    const response = await exchange(gateway.port, get("/"));
    assert.equal(response.status, 503);
    assert.equal(gateway.records[0]!.responseFlag, "NE");
  }
  await using gateway = await startProxy([], {}, { backends: [{ name: "missing" }] });
  assert.equal((await exchange(gateway.port, get("/"))).status, 500);
  assert.equal(gateway.records[0]!.responseFlag, "NC");
});

test("upstream: a refused connection is tried on another endpoint, body and all", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using gateway = await startProxy([await closedPort(), upstream.port]);
  for (let i = 0; i < 4; i++) {
    const response = await exchange(gateway.port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody`);
    assert.equal(response.body, "body");
  }
  await using alone = await startProxy([await closedPort()]);
  assert.equal((await exchange(alone.port, get("/"))).status, 502);
  assert.equal(alone.records[0]!.responseFlag, "UF");
});

/** Whether a backend's connection serves another request behind such an answer. */
const answersWithoutBody: readonly (readonly [
  method: string,
  head: string,
  connection: "kept" | "ended",
  lines?: string,
])[] = [
  ["HEAD", "200 OK\r\nContent-Length: 0", "kept"],
  ["HEAD", "204 No Content", "kept"],
  ["HEAD", "304 Not Modified", "kept"],
  ["HEAD", "200 OK\r\nContent-Length: 1000", "ended"],
  ["HEAD", "200 OK\r\nTransfer-Encoding: chunked", "ended"],
  ["HEAD", "200 OK", "ended"],
  ["GET", "204 No Content", "kept"],
  ["GET", "304 Not Modified\r\nContent-Length: 0", "kept"],
  ["GET", "304 Not Modified\r\nContent-Length: 9", "ended"],
  ["GET", "304 Not Modified\r\nTransfer-Encoding: chunked", "ended"],
  ["GET", "204 No Content\r\nContent-Length: 9", "ended"],
  ["GET", "400 Bad Request\r\nContent-Length: 0", "ended", "Connection: upgrade\r\nUpgrade: x\r\n"],
];

for (const [method, head, expected, lines = ""] of answersWithoutBody) {
  const what = JSON.stringify(head).slice(1, -1);
  test(`upstream: behind ${what} to ${method}${lines && " with an upgrade"} the connection is ${expected}`, async () => {
    await using upstream = await RawUpstream.start(({ earlier }) =>
      earlier === 0 ? `HTTP/1.1 ${head}\r\n\r\n` : ok("next"),
    );
    await using gateway = await startProxy([upstream.port]);
    for (let i = 0; i < 2; i++) {
      await using client = await RawClient.connect(gateway.port);
      client.send(`${method} / HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
      await client.response(method);
    }
    assert.equal(upstream.connections, expected === "kept" ? 1 : 2);
  });
}

test("upstream: a body that follows an answer to HEAD late is nobody's answer", async () => {
  const poison = ok("evil");
  await using upstream = await RawUpstream.start(({ head, socket }) => {
    if (!head.startsWith("HEAD")) return ok("good");
    // Behind the turn in which the gateway reads the head.
    setImmediate(() => setImmediate(() => socket.write(poison)));
    return `HTTP/1.1 200 OK\r\nContent-Length: ${poison.length}\r\n\r\n`;
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  for (let i = 0; i < 50; i++) {
    client.send(get("/").replace("GET", "HEAD") + get("/"));
    await client.response("HEAD");
    assert.equal((await client.response()).body, "good");
  }
});

test("upstream: a connection is not used for as long as the backend's Keep-Alive says", async () => {
  for (const [hint, connections] of [
    ["timeout=1", 3],
    ["timeout=0, max=5", 3],
    ["max=5, timeout=60", 1],
    ["timeout=soon", 1],
  ] as const) {
    await using upstream = await RawUpstream.start(() => ok("", `Keep-Alive: ${hint}\r\n`));
    await using gateway = await startProxy([upstream.port]);
    for (let i = 0; i < 3; i++) await exchange(gateway.port, get("/"));
    assert.equal(upstream.connections, connections, hint);
  }
  await using upstream = await RawUpstream.start(() => ok("", "Keep-Alive: timeout=2\r\n"));
  await using gateway = await startProxy([upstream.port]);
  await exchange(gateway.port, get("/"));
  while (upstream.open > 0) await new Promise(setImmediate);
});

test("upstream: a PUT is repeated with its body on a connection that turned out to be closed, while the body is held", async () => {
  await using upstream = await RawUpstream.startRaw((socket, { connections }) => {
    let served = 0;
    let text = "";
    socket.on("data", (bytes: Buffer) => {
      text += bytes.latin1Slice();
      if (connections % 2 === 1 && served > 0) socket.destroy();
      else if (text.startsWith("GET") || text.endsWith("end")) {
        served++;
        socket.write(ok(`${connections} ${text.slice(text.indexOf("\r\n\r\n") + 4)}`));
        text = "";
      }
    });
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  const put = (length: number): string => `PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
  client.send(get("/"));
  assert.equal((await client.response()).body, "1 ");
  client.send(`${put(7)}the end`);
  assert.equal((await client.response()).body, "2 the end");
});

test("upstream: a PUT whose body is held no more is not repeated, and a POST never is", async () => {
  for (const request of [
    `PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${"a".repeat(200_000)}`,
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na",
  ]) {
    await using upstream = await RawUpstream.start(({ earlier, socket }) => {
      if (earlier === 0) return ok("");
      socket.destroy();
      return undefined;
    });
    await using gateway = await startProxy([upstream.port]);
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    await client.response();
    client.send(request);
    assert.equal((await client.response()).status, 502);
    assert.equal(upstream.connections, 1);
  }
});

test("upstream: an idle connection that turns out to be closed is replaced for a GET and not for a POST", async () => {
  const closeAtSecond = (onConnection: { count: number }) =>
    RawUpstream.start(({ earlier, socket }) => {
      if (earlier === 0) return ok(`connection ${onConnection.count++}`);
      socket.destroy();
      return undefined;
    });
  await using upstream = await closeAtSecond({ count: 1 });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  assert.equal((await client.response()).body, "connection 1");
  client.send(get("/"));
  assert.equal((await client.response()).body, "connection 2");
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na");
  assert.equal((await client.response()).status, 502);
});

test("upstream: bytes that nobody asked for end the idle connection", async () => {
  await using upstream = await RawUpstream.start(({ socket, earlier }) => {
    if (earlier === 0) setImmediate(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
    return ok("good");
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  assert.equal((await client.response()).body, "good");
  while (upstream.open > 0) await new Promise(setImmediate);
  client.send(get("/"));
  assert.equal((await client.response()).body, "good");
  assert.equal(upstream.connections, 2);
});

test("upstream: bytes after an answer are never taken for the next one", async () => {
  await using upstream = await RawUpstream.start(() => `${ok("one")}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  for (let i = 0; i < 3; i++) {
    client.send(get("/"));
    assert.equal((await client.response()).body, "one");
  }
  assert.equal(upstream.connections, 3);
});

test("upstream: an early answer to an unfinished request is passed on and the connection ends", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  const response = await client.response();
  assert.equal(response.status, 403);
  assert.equal(response.body, "no");
  assert.equal((await client.ending()).how, "end");
});

test("retry: the codes of a rule are retried with the same body, up to its attempts", async () => {
  const answers = ["503 Service Unavailable", "500 Internal Server Error", "200 OK"];
  await using upstream = await RawUpstream.start(
    () => `HTTP/1.1 ${answers.shift() ?? "503 Late"}\r\nContent-Length: 1\r\n\r\nx`,
  );
  await using gateway = await startProxy(
    [upstream.port],
    {},
    { retry: { attempts: 2, codes: [500, 503], backoffMs: 1 } },
  );
  const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
  assert.equal((await exchange(gateway.port, post)).status, 200);
  assert.deepEqual(
    upstream.requests.map(({ body }) => body),
    ["body", "body", "body"],
  );
  const last = await exchange(gateway.port, post);
  assert.equal(last.status, 503);
  assert.equal(upstream.requests.length, 6);
  assert.equal(gateway.records[1]!.responseFlag, "URX");
});

test("retry: without a rule's retry a failure is passed on", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  await using gateway = await startProxy([upstream.port]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 503);
  assert.equal(upstream.requests.length, 1);
});

test("retry: a body above the replay limit is not retried", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  const retry = { attempts: 1, codes: [503], backoffMs: 0 };
  await using gateway = await startProxy([upstream.port], { limits: { replayBytes: 100 } }, { retry });
  const body = "a".repeat(500);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  await client.response();
  assert.equal(upstream.requests.length, 2);
  client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n${body}`);
  assert.equal((await client.response()).status, 503);
  assert.equal(upstream.requests.length, 3);
});

test("retry: a budget bounds the retries of a backend", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  const retryBudget = { percent: 0, intervalMs: 60_000, minCount: 2, minIntervalMs: 60_000 };
  await using gateway = await startProxy(
    [],
    {},
    {
      retry: { attempts: 5, codes: [503], backoffMs: 0 },
      backends: [{ name: "app", ports: [upstream.port], traffic: { retryBudget } }],
    },
  );
  await exchange(gateway.port, get("/"));
  assert.equal(upstream.requests.length, 3);
});

test("timeouts: the request's, and the backend's for each attempt, answer 504", async () => {
  await using upstream = await RawUpstream.start(() => undefined);
  {
    await using gateway = await startProxy([upstream.port], {}, { timeouts: { requestMs: 20 } });
    assert.equal((await exchange(gateway.port, get("/"))).status, 504);
    assert.equal(gateway.records[0]!.responseFlag, "RT");
  }
  const before = upstream.requests.length;
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      timeouts: { backendRequestMs: 20 },
      retry: { attempts: 1, codes: [], backoffMs: 0 },
    },
  );
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
  assert.equal(gateway.records[0]!.responseFlag, "UT");
  assert.equal(upstream.requests.length - before, 2);
});

test("timeouts: one that passes in the middle of an answer breaks it off", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  await using gateway = await startProxy([upstream.port], {}, { timeouts: { requestMs: 30 } });
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  assert.equal((await client.ending()).how, "reset");
});

test("EmbeddedPlane: a client that goes away ends the upstream's work", async () => {
  await using upstream = await RawUpstream.start(() => undefined);
  await using gateway = await startProxy([upstream.port]);
  const client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  while (upstream.requests.length === 0) await new Promise(setImmediate);
  client.socket.resetAndDestroy();
  while (upstream.open > 0) await new Promise(setImmediate);
  assert.equal(gateway.records[0]!.responseFlag, "DC");
  assert.equal(gateway.records[0]!.statusCode, 499);
});
