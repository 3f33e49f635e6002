import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { frameType } from "../../src/wire/http2/frame.ts";
import { clearClient } from "./http2-client.ts";
import { Http2RawClient, request } from "./http2-raw-client.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("HTTP/2: requests of many methods are served over one connection, and logged as HTTP/2", async () => {
  await using upstream = await RawUpstream.start(({ head, body }) => ok(`${head.split("\r\n")[0]} ${body}`));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  assert.equal((await client.request({ ":path": "/a?b=c" })).body.toString(), "GET /a?b=c HTTP/1.1 ");
  const post = await client.request({ ":path": "/p", ":method": "POST" }, "payload");
  assert.equal(post.body.toString(), "POST /p HTTP/1.1 payload");
  assert.equal((await client.request({ ":path": "/d", ":method": "DELETE" })).status, 200);
  assert.deepEqual(
    gateway.records.map(({ protocol, statusCode }) => [protocol, statusCode]),
    [
      ["HTTP/2", 200],
      ["HTTP/2", 200],
      ["HTTP/2", 200],
    ],
  );
});

test("HTTP/2: a request is written anew as HTTP/1.1, with Host, cookies in one line and no field of one hop", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  await client.request({ ":path": "/x", cookie: ["a=1", "b=2"], te: "trailers", "x-custom": "v" });
  const { head } = upstream.requests[0]!;
  assert.match(head, /^GET \/x HTTP\/1\.1\r\nhost: app\.example\.test\r\n/);
  assert.match(head, /\r\nx-custom: v\r\n/);
  assert.match(head, /\r\ncookie: a=1; b=2\r\n/);
  assert.doesNotMatch(head, /\r\n(te|connection|:[a-z]+):/);
  assert.match(head, /\r\nx-forwarded-for: 127\.0\.0\.1\r\nx-forwarded-proto: http\r\n/);
});

test("HTTP/2: a body of known length goes upstream with its length, one of unknown length in chunks, none with zero", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  await client.request({ ":method": "POST", "content-length": "3" }, "abc");
  await client.request({ ":method": "POST" }, "chunks");
  await client.request({ ":method": "POST" });
  const [known, unknown, none] = upstream.requests;
  assert.match(known!.head, /\r\ncontent-length: 3\r\n/);
  assert.match(unknown!.head, /\r\ntransfer-encoding: chunked\r\n/);
  assert.equal(unknown!.body, "chunks");
  assert.match(none!.head, /\r\ncontent-length: 0\r\n/);
});

test("HTTP/2: answers lose their chunks and the fields of one hop, and keep the rest in lower case", async () => {
  await using upstream = await RawUpstream.start(
    () =>
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\n" +
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Kept:   spaced  \r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
  );
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const { headers, body } = await client.request({ ":path": "/" });
  assert.equal(body.toString(), "abcde");
  assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);
  assert.equal(headers["x-kept"], "spaced");
  assert.equal(typeof headers["date"], "string");
  for (const name of ["x-gone", "keep-alive", "connection", "transfer-encoding"])
    assert.equal(headers[name], undefined);
});

test("HTTP/2: an answer in chunks that come byte by byte is taken apart right, trailers included", async () => {
  const answer =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n";
  await using upstream = await RawUpstream.start(async ({ socket }) => {
    for (const byte of answer) {
      socket.write(byte);
      await new Promise(setImmediate);
    }
    return undefined;
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const { body, trailers } = await client.request({ ":path": "/" });
  assert.equal(body.toString(), "abcd");
  assert.deepEqual([trailers["x-sum"], trailers["x-more"]], ["7", "8"]);
});

test("HTTP/2: trailers pass both ways", async () => {
  await using upstream = await RawUpstream.start(
    () => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n",
  );
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const response = await client.request({ ":path": "/", ":method": "POST" }, "body", { "x-mine": "1" });
  assert.equal(response.body.toString(), "hi");
  assert.equal(response.trailers["x-sum"], "7");
  assert.match(upstream.requests[0]!.rawBody, /0\r\nx-mine: 1\r\n\r\n$/);
});

for (const protocol of ["http1", "http2"] as const) {
  test(`HTTP/2: a request that is sent again to ${protocol} has its content and trailers again`, async () => {
    const got: string[] = [];
    const status = () => (got.length === 1 ? 503 : 200);
    await using plain = await RawUpstream.start(({ rawBody }) => {
      got.push(rawBody);
      return `HTTP/1.1 ${status()} X\r\nContent-Length: 0\r\n\r\n`;
    });
    await using other = await Http2Server.start(({ stream }) => {
      let content = "";
      stream.on("data", (part: Buffer) => {
        content += part.toString();
      });
      stream.on("trailers", (trailers) => {
        got.push(`${content} ${String(trailers["x-mine"])}`);
        stream.respond({ ":status": status() }, { endStream: true });
      });
    });
    const { port } = protocol === "http1" ? plain : other;
    const retry = { attempts: 1, codes: [503], backoffMs: 0 };
    await using gateway = await startRules([
      { name: "app", retry, backends: [{ name: "app", ports: [port], cluster: { protocol } }] },
    ]);
    await using client = clearClient(gateway.port);
    const response = await client.request({ ":path": "/", ":method": "POST" }, "body", { "x-mine": "1" });
    assert.equal(response.status, 200);
    const whole = protocol === "http1" ? "4\r\nbody\r\n0\r\nx-mine: 1\r\n\r\n" : "body 1";
    assert.deepEqual(got, [whole, whole]);
  });
}

test("HTTP/2: answers to HEAD, 204 and 304 have no body", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
  ];
  await using upstream = await RawUpstream.start(() => answers.shift());
  await using gateway = await startProxy([upstream.port]);
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/", [], "HEAD")));
  const head = await client.frame(frameType.headers, 1);
  assert.ok(head.fields.includes("content-length: 1000"));
  assert.equal(head.flags & 1, 1, "END_STREAM stands on the head");
  client.send(client.headers(3, request("/")));
  assert.equal((await client.frame(frameType.headers, 3)).fields[0], ":status: 204");
  client.send(client.headers(5, request("/")));
  assert.equal((await client.frame(frameType.headers, 5)).fields[0], ":status: 304");
});

test("HTTP/2: interim answers but 100 are passed on", async () => {
  await using upstream = await RawUpstream.start(
    () => `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok("done")}`,
  );
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const response = await client.request({ ":path": "/" });
  assert.deepEqual(response.interim, [103]);
  assert.equal(response.body.toString(), "done");
});

test("HTTP/2: a client that expects 100 gets it before it sends the body", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using gateway = await startProxy([upstream.port]);
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/", [["expect", "100-continue"]], "POST"), "open"));
  assert.deepEqual((await client.frame(frameType.headers, 1)).fields, [":status: 100"]);
  client.send(client.data(1, "body"));
  assert.equal((await client.frame(frameType.data, 1)).payload.toString(), "body");
  assert.doesNotMatch(upstream.requests[0]!.head, /expect/i);
});

test("HTTP/2: an answer that ends with its connection is whole, one that is cut short is reset", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
  ];
  await using upstream = await RawUpstream.start(({ socket }) => {
    socket.end(answers.shift() ?? "");
    return undefined;
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await Http2RawClient.connect(gateway.port);
  for (const stream of [1, 3, 5]) {
    client.send(client.headers(stream, request("/")));
    if (stream > 1) assert.equal(await client.reset(stream), 2);
    else while (!client.frames.some(({ streamId, flags }) => streamId === 1 && flags & 1)) await client.more();
  }
  const ended = client.frames.filter(({ type, flags }) => type === frameType.data && flags & 1);
  assert.deepEqual(
    ended.map(({ streamId }) => streamId),
    [1],
    "no END_STREAM on what is not whole",
  );
});

test("HTTP/2: 300 requests at once over one connection are all served, at most 100 at a time", async () => {
  let active = 0;
  let most = 0;
  await using upstream = await RawUpstream.start(async ({ head }) => {
    most = Math.max(most, ++active);
    await new Promise(setImmediate);
    active--;
    return ok(head.split(" ")[1]!);
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const bodies = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => (await client.request({ ":path": `/${i}` })).body.toString()),
  );
  assert.deepEqual(
    bodies,
    Array.from({ length: 300 }, (_, i) => `/${i}`),
  );
  assert.ok(most <= 100, `${most} at a time`);
});

const large = randomBytes(10 * 1_048_576);
const sum = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

test("HTTP/2: 10 MiB arrive whole at clients that read slowly and through small windows", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.on("data", (bytes: Buffer) => {
      const chunked = bytes.includes("GET /chunked");
      socket.write(
        `HTTP/1.1 200 OK\r\n${chunked ? "transfer-encoding: chunked" : `content-length: ${large.length}`}\r\n\r\n`,
      );
      if (chunked) {
        for (let at = 0; at < large.length; at += 100_000) {
          const part = large.subarray(at, at + 100_000);
          socket.write(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]));
        }
        socket.write("0\r\n\r\n");
      } else socket.write(large);
    });
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port, { settings: { initialWindowSize: 20_000 } });
  const download = async (path: string): Promise<string> => {
    const stream = client.session.request({ ":path": path, ":authority": "app.example.test" });
    const hash = createHash("sha256");
    for await (const chunk of stream) {
      hash.update(chunk as Buffer);
      await new Promise(setImmediate);
    }
    return hash.digest("hex");
  };
  const sums = await Promise.all([download("/sized"), download("/chunked"), download("/sized")]);
  assert.deepEqual(sums, [sum(large), sum(large), sum(large)]);
});

test("HTTP/2: 10 MiB arrive whole at a backend that reads slowly", async () => {
  const hash = createHash("sha256");
  let count = 0;
  await using upstream = await RawUpstream.startRaw((socket) => {
    let inBody = false;
    socket.on("data", (bytes: Buffer) => {
      let body = bytes;
      if (!inBody) {
        body = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
        inBody = true;
      }
      hash.update(body);
      count += body.length;
      socket.pause();
      setImmediate(() => socket.resume());
      if (count === large.length) socket.write(ok("taken"));
    });
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const response = await client.request({ ":method": "PUT", "content-length": large.length }, large);
  assert.equal(response.body.toString(), "taken");
  assert.equal(hash.digest("hex"), sum(large));
});

test("HTTP/2: a client that reads nothing holds back the backend, not the gateway's memory nor other streams", async () => {
  let written = 0;
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.on("data", (bytes: Buffer) => {
      if (bytes.includes("GET /small")) {
        socket.write(ok("small"));
        return;
      }
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n");
      const part = Buffer.alloc(65_536);
      const more = (): void => {
        while (written < 104_857_600 && socket.write(part)) written += part.length;
      };
      socket.on("drain", more);
      more();
    });
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stalled = client.session.request({ ":path": "/large", ":authority": "app.example.test" });
  await once(stalled, "response");
  for (let i = 0; i < 50; i++) assert.equal((await client.request({ ":path": "/small" })).body.toString(), "small");
  assert.ok(written < 16 * 1_048_576, `${written} bytes were taken from the backend`);
  assert.ok(gateway.plane.queuedBytes < 262_144);
  stalled.close();
});

test("HTTP/2: a cancelled request ends the backend's, and the connection goes on", async () => {
  const gone = Promise.withResolvers<void>();
  await using upstream = await RawUpstream.start(({ head, socket }) => {
    if (head.startsWith("GET /next")) return ok("next");
    socket.once("close", () => gone.resolve());
    asked.resolve();
    return undefined;
  });
  const asked = Promise.withResolvers<void>();
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = client.session.request({ ":path": "/wait", ":authority": "app.example.test" });
  stream.on("error", () => {});
  await asked.promise;
  stream.close(8);
  await gone.promise;
  assert.equal((await client.request({ ":path": "/next" })).body.toString(), "next");
  assert.deepEqual(
    gateway.records.map(({ responseFlag }) => responseFlag),
    ["DC", "-"],
  );
});

test("HTTP/2: an answer that comes before the whole request stops the client and keeps the connection", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => socket.write(ok("enough")));
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/", [], "POST"), "open"), client.data(1, "part", "open"));
  assert.equal((await client.frame(frameType.data, 1)).payload.toString(), "enough");
  assert.equal(await client.reset(1), 0);
  client.send(client.headers(3, request("/")));
  await client.frame(frameType.data, 3);
});

test("HTTP/2: errors of the gateway are answers: no route, too long a target, too many headers, CONNECT", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startRules([
    { name: "app", hostname: "app.example.test", backends: [{ name: "app", ports: [upstream.port] }] },
  ]);
  await using client = await Http2RawClient.connect(gateway.port);
  const status = async (stream: number): Promise<string> => (await client.frame(frameType.headers, stream)).fields[0]!;
  client.send(
    client.headers(1, [...request("/").slice(0, 3), [":authority", "other.example.test"]]),
    client.headers(3, request(`/${"a".repeat(17_000)}`)),
  );
  assert.equal(await status(1), ":status: 404");
  assert.equal(await status(3), ":status: 414");
  client.send(
    client.headers(
      5,
      request(
        "/",
        Array.from({ length: 130 }, (_, i) => [`x-${i}`, "v"] as const),
      ),
    ),
  );
  assert.equal(await status(5), ":status: 431");
  client.send(
    client.headers(7, [
      [":method", "CONNECT"],
      [":authority", "app.example.test:80"],
    ]),
  );
  assert.equal(await status(7), ":status: 405");
  client.send(client.headers(9, request("/%zz")));
  assert.equal(await status(9), ":status: 400");
  assert.equal(upstream.requests.length, 0);
});

test("HTTP/2: a header list somewhat over the limit gets 431 and leaves the connection open", async () => {
  await using upstream = await RawUpstream.start(() => ok("still here"));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const fields = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x-${i}`, "v".repeat(6_900)]));
  assert.equal((await client.request({ ":path": "/", ...fields })).status, 431);
  assert.equal((await client.request({ ":path": "/" })).body.toString(), "still here");
});

test("HTTP/2: a body over the limit gets 413, announced or not", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], { settings: { requestBodyBytes: 1_000 } });
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/", [["content-length", "1001"]], "POST"), "open"));
  assert.equal((await client.frame(frameType.headers, 1)).fields[0], ":status: 413");
  client.send(client.headers(3, request("/", [], "POST"), "open"), client.data(3, Buffer.alloc(1_001), "open"));
  assert.equal((await client.frame(frameType.headers, 3)).fields[0], ":status: 413");
});

test("HTTP/2: a client that lowers its header table to nothing, and raises it again, is understood", async () => {
  await using upstream = await RawUpstream.start(() => ok("x", "X-Same: on every answer\r\n"));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  for (const headerTableSize of [4_096, 0, 100, 65_536, 0, 4_096]) {
    await new Promise<void>((resolve) => {
      client.session.settings({ headerTableSize }, () => resolve());
    });
    for (let i = 0; i < 3; i++) {
      assert.equal((await client.request({ ":path": "/" })).headers["x-same"], "on every answer");
    }
  }
});

test("HTTP/2: the preface may come byte by byte", async () => {
  await using upstream = await RawUpstream.start(() => ok("slow start"));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  for (const byte of "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0") {
    client.send(byte);
    await new Promise(setImmediate);
  }
  // The gateway's own SETTINGS.
  assert.equal((await client.bytes(9)).charCodeAt(3), frameType.settings);
});

test("HTTP/1.1: Upgrade: h2c is passed over", async () => {
  await using upstream = await RawUpstream.start(() => ok("plain"));
  await using gateway = await startProxy([upstream.port]);
  const lines = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
  const response = await exchange(gateway.port, get("/", lines));
  assert.equal(response.body, "plain");
  assert.doesNotMatch(upstream.requests[0]!.head, /upgrade|http2-settings/i);
});

test("HTTP/1.1: the first line of another protocol is not answered", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  for (const line of ["OPTIONS rtsp://x/ RTSP/1.0\r\n\r\n", "INVALID CONNECTION PREFACE\r\n\r\n"]) {
    await using client = await RawClient.connect(gateway.port);
    client.send(line);
    assert.equal((await client.ending()).left, "");
  }
  const typo = await exchange(gateway.port, "GET / HTPP/1.1\r\n\r\n".replace("HTPP", "HTTP/"));
  assert.equal(typo.status, 400, "what looks like HTTP is");
});
