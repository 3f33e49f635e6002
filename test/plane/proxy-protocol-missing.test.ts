/** A connection from a trusted proxy without a valid header must never be served: who the client is would be a guess. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

const hostile = {
  "a request without a header": get("/"),
  "a v1 line that never ends": `PROXY TCP4 ${"1".repeat(200)}`,
  "a v1 line with bad addresses": "PROXY TCP4 1.2.3 4.5.6.7 1 2\r\n",
  "a v1 line with a bare LF": "PROXY TCP4 1.2.3.4 4.5.6.7 1 2\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "a v2 header of an unknown version": "\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x0c",
  "a v2 header beyond the limit": "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
  "a v2 header cut off": "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x04abcd",
} as const;

for (const [name, text] of Object.entries(hostile)) {
  test(`a trusted proxy's connection is closed on ${name}`, async () => {
    await using upstream = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await using fixture = await startPlane(
      buildUpdate([
        { name: "http", port: 80, rules: [{ name: "a", backends: [{ name: "a", ports: [upstream.port] }] }] },
      ]),
      { settings: { proxyProtocolFrom: ["127.0.0.1/32"] } },
    );
    await using client = await RawClient.connect(fixture.port);
    client.send(text);
    assert.equal((await client.ending()).left, "");
    assert.equal(upstream.connections, 0);
  });
}

test("a trusted proxy that sends no header in time is closed", async () => {
  await using fixture = await startPlane(buildUpdate([{ name: "http", port: 80, rules: [] }]), {
    settings: { proxyProtocolFrom: ["127.0.0.1/32"], proxyHeaderTimeoutMs: 50 },
  });
  await using client = await RawClient.connect(fixture.port);
  client.send("PROXY TCP4");
  assert.equal((await client.ending()).left, "");
});
