/** Endpoints that come while a configuration is being put into force: its sockets take their time to open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const app = (port: number) => ({
  name: "http",
  port: 80,
  rules: [{ name: "app", backends: [{ name: "app", ports: [port] }] }],
});

test("endpoints that come during an apply leave the connections of its new clusters in use", async () => {
  await using first = await RawUpstream.start(() => ok("first"));
  await using second = await RawUpstream.start(() => ok("second"));
  await using added = await RawUpstream.start(() => ok("added"));
  await using gateway = await startPlane(buildUpdate([app(first.port)]));
  const next = buildUpdate([
    app(first.port),
    { name: "more", port: 81, rules: [{ name: "added", backends: [{ name: "added", ports: [added.port] }] }] },
  ]);
  const applied = gateway.plane.apply(next);
  await Promise.resolve();
  gateway.plane.updateEndpoints({ ...next.endpoints, "demo/app:80": [{ address: "127.0.0.1", port: second.port }] });
  await applied;
  const port = gateway.plane.boundPort(81)!;
  for (let n = 0; n < 5; n++) assert.match(String((await exchange(port, get("/"))).body), /added/);
  assert.match(String((await exchange(gateway.port, get("/"))).body), /second/);
  assert.equal(added.connections, 1);
});
