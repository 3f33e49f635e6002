/** A ClientHello that claims, or sends, more than the limit: memory for a client that is not routed yet is bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientHelloLimitBytes } from "../../src/wire/client-hello.ts";
import { startPlane } from "./plane-fixture.ts";
import { RawClient } from "./raw-client.ts";
import { buildStreams } from "./stream-model.ts";

const update = buildStreams([{ protocol: "TLS", port: 80, tls: { mode: "passthrough" }, routes: {} }]);

test("a ClientHello that says it is larger than the limit is refused at its first bytes", async () => {
  await using fixture = await startPlane(update);
  await using client = await RawClient.connect(fixture.port);
  client.socket.write(Buffer.of(22, 3, 1, 0x40, 0, 1, 0x01, 0, 0));
  assert.equal((await client.ending()).left, "");
});

test("records that never make up a message are refused at the limit", async () => {
  await using fixture = await startPlane(update);
  await using client = await RawClient.connect(fixture.port);
  // Each record carries one byte of a message of 16,000.
  const header = [1, 0, 0x3e, 0x80];
  const record = (byte: number): Buffer => Buffer.of(22, 3, 1, 0, 1, byte);
  const bytes = Buffer.concat(
    Array.from({ length: Math.ceil(clientHelloLimitBytes / 6) + 1 }, (_, i) => record(header[i] ?? 0)),
  );
  client.socket.write(bytes);
  assert.equal((await client.ending()).left, "");
});
