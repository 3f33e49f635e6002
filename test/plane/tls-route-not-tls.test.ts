/** Bytes that are no TLS on a TLS port: closed without an echo of anything, and the port goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlane } from "./plane-fixture.ts";
import { RawClient } from "./raw-client.ts";
import { buildStreams } from "./stream-model.ts";

const hostile = {
  "clear HTTP": Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
  "SSLv2 hello": Buffer.of(0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10),
  "an alert first": Buffer.of(21, 3, 3, 0, 2, 2, 40),
  "application data first": Buffer.of(23, 3, 3, 0, 1, 0),
  "a server's message": Buffer.of(22, 3, 3, 0, 4, 2, 0, 0, 0),
  "an empty record": Buffer.of(22, 3, 3, 0, 0),
  "a record beyond the limit": Buffer.of(22, 3, 3, 0xff, 0xff, 1),
  "lengths beyond the message": Buffer.concat([Buffer.of(22, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3), Buffer.alloc(34, 0xff)]),
} as const;

for (const [name, bytes] of Object.entries(hostile)) {
  test(`a TLS port closes on ${name}`, async () => {
    await using fixture = await startPlane(
      buildStreams([{ protocol: "TLS", port: 80, tls: { mode: "passthrough" }, routes: {} }]),
    );
    await using client = await RawClient.connect(fixture.port);
    client.socket.write(bytes);
    assert.equal((await client.ending()).left, "");
  });
}
