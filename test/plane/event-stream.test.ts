import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { clearClient } from "./http2-client.ts";
import { startProxy } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

/** Begins an event stream and leaves its socket to the test, which sends the events. */
async function startEvents(): Promise<{ readonly upstream: RawUpstream; readonly source: Promise<Socket> }> {
  const { promise: source, resolve } = Promise.withResolvers<Socket>();
  const upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
      resolve(socket);
    });
  });
  return { upstream, source };
}

const event = (data: string): string => `data: ${data}\n\n`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

test("server-sent events: head and events reach an HTTP/1.1 client one by one, each before the next is sent", async () => {
  const { upstream, source } = await startEvents();
  await using _ = upstream;
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/events"));
  assert.match(await client.until("\r\n\r\n"), /content-type: text\/event-stream/i);
  const socket = await source;
  for (const data of ["one", "two", "three"]) {
    socket.write(chunk(event(data)));
    assert.equal(await client.bytes(chunk(event(data)).length), chunk(event(data)));
  }
  socket.write("0\r\n\r\n");
  assert.equal(await client.bytes(5), "0\r\n\r\n");
});

test("server-sent events: events reach an HTTP/2 client one by one, and a client that leaves ends the stream upstream", async () => {
  const { upstream, source } = await startEvents();
  await using _ = upstream;
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  const stream = client.session.request({ ":path": "/events", ":authority": "app.example.test" });
  stream.on("error", () => {});
  await once(stream, "response");
  const socket = await source;
  for (const data of ["one", "two", "three"]) {
    const came = once(stream, "data");
    socket.write(chunk(event(data)));
    const [bytes] = (await came) as [Buffer];
    assert.equal(bytes.latin1Slice(), event(data));
  }
  const gone = once(socket.resume(), "end");
  stream.close();
  await gone;
});

test("long poll: an answer that comes late is passed on when it comes", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<Socket>();
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => resolve(socket));
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/poll"));
  (await asked).write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews");
  assert.equal((await client.response()).body, "news");
});
