import assert from "node:assert/strict";
import { test } from "node:test";
import { startRules } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("requests for a backend without endpoints go to the fallback, with its filters", async () => {
  await using spare = await RawUpstream.start(() => ok("spare"));
  const filters = [
    { kind: "headerModifier", on: "request", set: [{ name: "x-code", value: "503" }], add: [], remove: [] },
  ] as const;
  await using gateway = await startRules([
    {
      name: "app",
      backends: [{ name: "app", ports: [] }],
      fallback: [{ name: "spare", ports: [spare.port], filters }],
    },
  ]);
  assert.equal((await exchange(gateway.port, get("/a?b=c"))).body, "spare");
  assert.match(spare.requests[0]!.head, /^GET \/a\?b=c HTTP/);
  assert.match(spare.requests[0]!.head, /x-code: 503/);
});

test("a backend with endpoints, and one that is not valid, keep their requests", async () => {
  await using app = await RawUpstream.start(() => ok("app"));
  await using spare = await RawUpstream.start(() => ok("spare"));
  const fallback = [{ name: "spare", ports: [spare.port] }];
  await using served = await startRules([{ name: "app", backends: [{ name: "app", ports: [app.port] }], fallback }]);
  assert.equal((await exchange(served.port, get("/"))).body, "app");
  await using invalid = await startRules([{ name: "app", backends: [{ name: "app" }], fallback }]);
  assert.equal((await exchange(invalid.port, get("/"))).status, 500);
  assert.equal(spare.requests.length, 0);
});

test("without endpoints of the fallback requests get 503", async () => {
  await using gateway = await startRules([
    { name: "app", backends: [{ name: "app", ports: [] }], fallback: [{ name: "spare", ports: [] }] },
  ]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 503);
});

test("a rule may keep its requests out of the access log", async () => {
  await using app = await RawUpstream.start(() => ok("app"));
  const backends = [{ name: "app", ports: [app.port] }];
  await using gateway = await startRules([
    { name: "quiet", match: { path: { kind: "prefix", value: "/quiet" } }, backends, accessLog: "off" },
    { name: "app", backends },
  ]);
  await exchange(gateway.port, get("/quiet"));
  await exchange(gateway.port, get("/loud"));
  assert.deepEqual(
    gateway.records.map(({ path }) => path),
    ["/loud"],
  );
});
