import assert from "node:assert/strict";
import { test } from "node:test";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, withSettings } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const trust = { trustedHops: 1, source: "x-forwarded-for" } as const;

test("listeners of one port: each believes the proxies that its own settings name, on one connection, too", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const rules = [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }];
  const listeners = [
    { name: "nobody", port: 80, hostname: "a.test", rules },
    { name: "proxies", port: 80, hostname: "b.test", rules, settings: { trust } },
  ];
  for (const order of [listeners, listeners.toReversed()]) {
    await using gateway = await startPlane(buildUpdate(order));
    await using client = await RawClient.connect(gateway.port);
    for (const host of ["a.test", "b.test", "a.test"]) {
      client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n`);
      assert.equal((await client.response()).status, 200);
      const told = /x-forwarded-for: (.*)\r\n/i.exec(upstream.requests.at(-1)?.head ?? "")?.[1];
      assert.equal(told, host === "b.test" ? "192.0.2.9, 127.0.0.1" : "127.0.0.1", host);
    }
  }
});

test("settings of a listener that change hold for requests that begin after that, on open connections, too", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const rules = [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }];
  const update = buildUpdate([{ name: "http", port: 80, rules }]);
  await using gateway = await startPlane(update);
  const post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabcdef";
  await using client = await RawClient.connect(gateway.port);
  client.send(post);
  assert.equal((await client.response()).status, 200);
  await gateway.plane.apply(withSettings(update, { requestBodyBytes: 5, targetBytes: 64 }));
  client.send(post);
  assert.equal((await client.response()).status, 413);
  assert.equal((await exchange(gateway.port, get(`/${"a".repeat(100)}`))).status, 414);
  await gateway.plane.apply(update);
  assert.equal((await exchange(gateway.port, post)).status, 200);
});
