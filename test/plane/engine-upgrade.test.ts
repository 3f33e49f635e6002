import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, Http2Server } from "./http2-upstream-server.ts";
import { startProxy } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const upgrade = get("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n");
const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\n";

/** Switches protocols and echoes what comes. */
function startEcho(): Promise<RawUpstream> {
  return RawUpstream.startRaw((socket) => {
    socket.once("data", (head: Buffer) => {
      assert.match(head.latin1Slice(), /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/i);
      socket.write(switching);
      socket.pipe(socket);
    });
  });
}

test("upgrade: bytes pass both ways after a 101", async () => {
  await using upstream = await startEcho();
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(upgrade);
  const response = await client.response();
  assert.equal(response.status, 101);
  assert.equal(response.headers.get("upgrade"), "websocket");
  assert.equal(response.headers.get("x-a"), "1");
  client.send("ping");
  assert.equal(await client.bytes(4), "ping");
  client.socket.end("last");
  assert.equal(await client.bytes(4), "last");
  assert.equal((await client.ending()).how, "end");
  while (gateway.records.length === 0) await new Promise(setImmediate);
  assert.equal(gateway.records[0]!.statusCode, 101);
  assert.equal(gateway.records[0]!.responseFlag, "-");
});

test("upgrade: what a client sends ahead of the 101 reaches the new protocol", async () => {
  await using upstream = await startEcho();
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(`${upgrade}early`);
  await client.response();
  assert.equal(await client.bytes(5), "early");
});

test("upgrade: bytes after a refused upgrade are never read as a request", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(upgrade + get("/smuggled"));
  const response = await client.response();
  assert.equal(response.status, 403);
  assert.equal(response.headers.get("connection"), "close");
  assert.deepEqual(await client.ending(), { how: "end", left: "" });
  assert.equal(upstream.requests.length, 1);
});

const bodies = {
  "with a length": ["Content-Length: 7\r\n\r\n", "a", " body!"],
  "in chunks": ["Transfer-Encoding: chunked\r\n\r\n", "7\r\na", " body!\r\n0\r\n\r\n"],
} as const;

for (const [name, [lines, first, rest]] of Object.entries(bodies)) {
  for (const when of ["after", "before"] as const) {
    test(`upgrade: a request with a body ${name} is switched ${when} the body is complete, and nothing is lost`, async () => {
      let seen = "";
      await using upstream = await RawUpstream.startRaw((socket) => {
        let switched = false;
        socket.on("data", (bytes: Buffer) => {
          seen += bytes.latin1Slice();
          if (!switched && seen.includes(when === "before" ? first : first + rest)) {
            switched = true;
            socket.write(switching);
          }
          if (seen.endsWith("ping")) socket.write("pong");
        });
      });
      await using gateway = await startProxy([upstream.port]);
      await using client = await RawClient.connect(gateway.port);
      client.send(`POST /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}${first}`);
      if (when === "before") {
        assert.equal((await client.response()).status, 101);
        client.send(rest);
      } else {
        client.send(rest);
        assert.equal((await client.response()).status, 101);
      }
      client.send("ping");
      assert.equal(await client.bytes(4), "pong");
      const [head, ...after] = seen.split("\r\n\r\n");
      assert.match(head!, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
      assert.match(head!, new RegExp(`\r\n${lines.split("\r\n")[0]}$`, "i"));
      assert.equal(after.join("\r\n\r\n"), `${first}${rest}ping`);
    });
  }
}

test("upgrade: a request with a body is passed on without it where the backend speaks HTTP/2", async () => {
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    void bodyOf(stream).then((body) => {
      stream.respond({ ":status": 200 });
      stream.end(`${headers[":method"]} ${body}`);
    });
  });
  const backends = [{ name: "app", ports: [upstream.port], cluster: { protocol: "http2" } }] as const;
  await using gateway = await startProxy([], {}, { backends });
  await using client = await RawClient.connect(gateway.port);
  client.send(
    "POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nbody",
  );
  assert.equal((await client.response()).body, "POST body");
});

test("upgrade: h2c is not passed on", async () => {
  await using upstream = await RawUpstream.start(() => ok("plain"));
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"));
  assert.equal((await client.response()).body, "plain");
  assert.doesNotMatch(upstream.requests[0]!.head, /upgrade|http2-settings/i);
});

test("upgrade: a large stream through a tunnel arrives whole in both directions", async () => {
  await using upstream = await startEcho();
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(upgrade);
  await client.response();
  const sent = Buffer.alloc(3_000_000, "0123456789abcdef").latin1Slice();
  client.send(sent);
  assert.equal(await client.bytes(sent.length), sent);
});
