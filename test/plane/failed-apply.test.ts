import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { HttpListener } from "../../src/ir/routing-model.ts";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { buildUpdate } from "./model-builder.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test("EmbeddedPlane.apply: one that fails leaves no socket open that it has opened, and the next opens it", async (t) => {
  const telemetry = createTelemetry({ version: "test" });
  const first = await freePort();
  const plane = new EmbeddedPlane({ telemetry, mapPort: (port) => (port === 80 ? first : 0) });
  t.after(async () => {
    await plane.drain(0);
    await telemetry.close();
  });
  const good = buildUpdate([
    { name: "one", port: 80, rules: [] },
    { name: "other", port: 81, rules: [] },
  ]);
  const [gateway] = good.routing.gateways;
  const [one, other] = gateway!.listeners as readonly HttpListener[];
  // Nothing that a compiler makes: a bug, met after the first port was opened.
  const broken = { ...other!, virtualHosts: [{ hostname: "*", entries: undefined as never }] };
  const bad = { ...good, routing: { ...good.routing, gateways: [{ ...gateway!, listeners: [one!, broken] }] } };
  await assert.rejects(plane.apply(bad), TypeError);
  for (let look = 0; look < 100 && (await isOpen(first)); look++) await setTimeout(20);
  assert.equal(await isOpen(first), false);
  const { listeners } = await plane.apply(good);
  assert.deepEqual(
    Object.values(listeners).map(({ state }) => state),
    ["programmed", "programmed"],
  );
  assert.ok(await isOpen(first));
});
