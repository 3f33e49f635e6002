import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { test } from "node:test";
import { errorCode } from "../../src/wire/http2/frame.ts";
import { clearClient, type Http2Client } from "./http2-client.ts";
import { startProxy } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

/** A backend that agrees to every upgrade and sends back what comes, in upper case. */
async function echo(lines = ""): Promise<{ readonly upstream: RawUpstream; readonly heads: string[] }> {
  const heads: string[] = [];
  const upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", (bytes: Buffer) => {
      const end = bytes.indexOf("\r\n\r\n") + 4;
      const head = bytes.latin1Slice(0, end);
      heads.push(head);
      const key = /\r\nsec-websocket-key: (\S+)\r\n/i.exec(head)?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      const shout = (part: Buffer): boolean => socket.write(part.latin1Slice().toUpperCase());
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${lines}\r\n`,
      );
      if (bytes.length > end) shout(bytes.subarray(end));
      socket.on("data", shout);
      socket.on("end", () => socket.end("BYE"));
    });
  });
  return { upstream, heads };
}

/** Asks for a WebSocket once the gateway has said that it may. */
async function open(client: Http2Client, headers: Record<string, string> = {}): Promise<ClientHttp2Stream> {
  if (client.session.remoteSettings.enableConnectProtocol !== true) await once(client.session, "remoteSettings");
  assert.equal(client.session.remoteSettings.enableConnectProtocol, true);
  const stream = client.session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": "app.example.test",
      ":path": "/chat",
      "sec-websocket-version": "13",
      ...headers,
    },
    { endStream: false },
  );
  stream.on("error", () => {});
  return stream;
}

test("HTTP/2 WebSocket: extended CONNECT becomes an upgrade, and bytes pass both ways until both sides end", async () => {
  const { upstream, heads } = await echo("Sec-WebSocket-Protocol: chat\r\n");
  await using _ = upstream;
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = await open(client, { "sec-websocket-protocol": "chat" });
  stream.write("early ");
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  assert.equal(headers[":status"], 200);
  assert.equal(headers["sec-websocket-protocol"], "chat");
  for (const name of ["sec-websocket-accept", "upgrade", "connection"]) assert.equal(headers[name], undefined);
  stream.end("late");
  let text = "";
  for await (const chunk of stream) text += chunk;
  assert.equal(text, "EARLY LATEBYE");
  assert.match(heads[0]!, /^GET \/chat HTTP\/1\.1\r\nhost: app\.example\.test\r\n/);
  assert.match(heads[0]!, /\r\nsec-websocket-version: 13\r\n/);
  assert.match(heads[0]!, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
});

test("HTTP/2 WebSocket: 4 MiB pass a slow reader unharmed", async () => {
  const { upstream } = await echo();
  await using _ = upstream;
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = await open(client);
  await once(stream, "response");
  const sent = "abcdefgh".repeat(524_288);
  stream.end(sent);
  const hash = createHash("sha256");
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    await new Promise(setImmediate);
  }
  assert.equal(hash.digest("hex"), createHash("sha256").update(`${sent.toUpperCase()}BYE`).digest("hex"));
});

test("HTTP/2 WebSocket: a refusal is passed on as it is", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = await open(client);
  stream.write("ahead of the answer");
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  assert.equal(headers[":status"], 403);
  assert.equal((await stream.toArray()).join(""), "no");
});

test("HTTP/2 WebSocket: an answer that is no switch of protocols, or one with the wrong proof, is a 502", async () => {
  const answers = [
    ok("fine"),
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
  ];
  await using upstream = await RawUpstream.start(() => answers.shift());
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  for (let i = 0; i < 2; i++) {
    const stream = await open(client);
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.equal(headers[":status"], 502);
  }
});

test("HTTP/2 WebSocket: a backend that breaks off breaks the stream off", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", (bytes: Buffer) => {
      const key = /\r\nsec-websocket-key: (\S+)\r\n/i.exec(bytes.latin1Slice())?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.once("data", () => socket.resetAndDestroy());
    });
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = await open(client);
  await once(stream, "response");
  stream.write("x");
  await new Promise((resolve) => stream.once("close", resolve));
  assert.equal(stream.rstCode, errorCode.connectError);
});

test("HTTP/2 WebSocket: other protocols are refused with 501", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = await open(client, { ":protocol": "connect-udp" });
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  assert.equal(headers[":status"], 501);
  assert.equal(upstream.requests.length, 0);
});
