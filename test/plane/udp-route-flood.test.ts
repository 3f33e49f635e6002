/**
 * A flood of datagrams from ever new (forged) addresses: sessions, and with them sockets and memory, stay bounded, and the
 * listener goes on serving.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlane } from "./plane-fixture.ts";
import { buildStreams } from "./stream-model.ts";
import { UdpPeer } from "./udp-peer.ts";

test("sessions stay below the bound whatever number of clients send", async () => {
  await using backend = await UdpPeer.open((bytes) => bytes);
  const udpSessions = 20;
  await using fixture = await startPlane(
    buildStreams([{ protocol: "UDP", port: 80, backends: [{ name: "dns", ports: [backend.port] }] }]),
    { limits: { udpSessions } },
  );
  await using clients = new AsyncDisposableStack();
  const active = fixture.telemetry.registry.families.gateway_udp_sessions_active;
  for (let i = 0; i < 200; i++) {
    const client = clients.use(await UdpPeer.open());
    assert.equal(await client.ask(`${i}`, fixture.port), `${i}`);
    const now = [...active.all()].reduce((sum, { value }) => sum + value, 0);
    assert.ok(now <= udpSessions, `${now} sessions`);
  }
  assert.equal(fixture.records.filter(({ responseFlag }) => responseFlag === "SE").length, 200 - udpSessions);
});

test("a backend's datagrams to a client that is gone harm nobody", async () => {
  await using backend = await UdpPeer.open((bytes) => bytes);
  await using fixture = await startPlane(
    buildStreams([{ protocol: "UDP", port: 80, backends: [{ name: "dns", ports: [backend.port] }] }]),
  );
  const gone = await UdpPeer.open();
  await gone.ask("x", fixture.port);
  await gone[Symbol.asyncDispose]();
  for (let i = 0; i < 20; i++) backend.socket.send("late", backend.from[0]!, "127.0.0.1");
  await using client = await UdpPeer.open();
  assert.equal(await client.ask("y", fixture.port), "y");
});
