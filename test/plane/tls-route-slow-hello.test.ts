/**
 * Slowloris on the ClientHello: a client that never finishes it must not hold a connection for longer than the limit,
 * however regularly it sends a byte.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlane } from "./plane-fixture.ts";
import { RawClient } from "./raw-client.ts";
import { buildStreams } from "./stream-model.ts";

test("a ClientHello that does not end in time closes the connection, though bytes keep coming", async () => {
  await using fixture = await startPlane(
    buildStreams([{ protocol: "TLS", port: 80, tls: { mode: "passthrough" }, routes: {} }]),
    { settings: { helloTimeoutMs: 100 } },
  );
  await using silent = await RawClient.connect(fixture.port);
  await using dripping = await RawClient.connect(fixture.port);
  dripping.send("\x16\x03\x01\x10\x00\x01\x00\x0f\xfc");
  const keep = setInterval(() => dripping.socket.write(Buffer.of(0)), 5);
  try {
    assert.equal((await silent.ending()).left, "");
    assert.equal((await dripping.ending()).left, "");
  } finally {
    clearInterval(keep);
  }
});
