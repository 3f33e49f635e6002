/** HTTP/1.0: odd requests that are legal there. RFC 1945; RFC 9112 §3.2 and §3.3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("HTTP/1.0: a request without a Host, or with an empty one, is for the address that it came to", async () => {
  await using upstream = await RawUpstream.start(() => ok("served"));
  await using gateway = await startProxy([upstream.port]);
  for (const request of [
    "GET / HTTP/1.0\r\n\r\n",
    "OPTIONS / HTTP/1.0\r\nHost:\r\n\r\n",
    "HEAD / HTTP/1.0\r\nUser-Agent: check\r\n\r\n",
  ]) {
    const method = request.split(" ")[0]!;
    assert.equal((await exchange(gateway.port, request, method)).status, 200, request);
    const { head } = upstream.requests.at(-1)!;
    assert.match(head, new RegExp(`\r\nhost: 127\\.0\\.0\\.1:${gateway.port}\r\n`, "i"));
    assert.doesNotMatch(head, /x-forwarded-host/i);
    assert.match(head, /x-forwarded-for: 127\.0\.0\.1/);
  }
});

test("HTTP/1.0: a URL as target names the host, with an empty Host beside it too", async () => {
  await using upstream = await RawUpstream.start(() => ok("served"));
  await using gateway = await startRules([
    { name: "app", hostname: "app.example.test", backends: [{ name: "app", ports: [upstream.port] }] },
  ]);
  for (const host of ["", "Host:\r\n", "Host: app.example.test.\r\n"]) {
    const name = host.startsWith("Host: ") ? "app.example.test." : "app.example.test";
    const response = await exchange(gateway.port, `GET http://${name}/a HTTP/1.0\r\n${host}\r\n`);
    assert.equal(response.body, "served");
    assert.match(upstream.requests.at(-1)!.head, new RegExp(`^GET /a HTTP/1\\.1\r\nhost: ${name}\r\n`));
  }
  assert.equal((await exchange(gateway.port, "GET / HTTP/1.0\r\n\r\n")).status, 404);
});

test("HTTP/1.0: Upgrade and Expect are unknown, and left out", async () => {
  await using upstream = await RawUpstream.start(() => ok("plain"));
  await using gateway = await startProxy([upstream.port]);
  const lines = "Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nExpect: anything\r\n";
  assert.equal((await exchange(gateway.port, `GET / HTTP/1.0\r\n${lines}\r\n`)).body, "plain");
  assert.doesNotMatch(upstream.requests[0]!.head, /upgrade|expect/i);
});
