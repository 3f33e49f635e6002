import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExternalAuth } from "../../src/ir/external-auth.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { buildUpdate, type TestRule } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const auth = (allowedResponseHeaders: ExternalAuth["allowedResponseHeaders"] = "all"): Filter =>
  externalAuth({ allowedHeaders: ["x-token"], allowedResponseHeaders });

function start(rules: readonly TestRule[], filters: readonly Filter[]) {
  return startPlane(buildUpdate([{ name: "http", port: 80, rules, filters }]));
}

/** Says no to everybody without a token, and which tenant the others belong to. */
const tenants = () =>
  RawUpstream.start(({ head }) => {
    const token = /x-token: (\w+)/i.exec(head)?.[1];
    return token === undefined ? "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n" : ok("", `X-Tenant: ${token}\r\n`);
  });

test("listener filters: routing sees the headers that an authorisation server set, not the client's", async () => {
  await using red = await RawUpstream.start(() => ok("red"));
  await using blue = await RawUpstream.start(() => ok("blue"));
  await using server = await tenants();
  const byTenant = (value: string) => ({ headers: [{ kind: "exact", name: "x-tenant", value } as const] });
  await using gateway = await start(
    [
      { name: "red", match: byTenant("red"), backends: [{ name: "red", ports: [red.port] }] },
      {
        name: "blue",
        match: byTenant("blue"),
        backends: [{ name: "blue", ports: [blue.port] }],
        others: [{ name: "auth", ports: [server.port] }],
      },
    ],
    [auth(["x-tenant"])],
  );
  assert.equal((await exchange(gateway.port, get("/", "X-Token: red\r\n"))).body, "red");
  assert.equal((await exchange(gateway.port, get("/", "X-Token: blue\r\nX-Tenant: red\r\n"))).body, "blue");
  assert.deepEqual(
    gateway.records.map(({ labels }) => labels.route_name),
    ["red", "blue"],
  );
});

test("listener filters: a refusal comes before routing, also where no route would match", async () => {
  await using backend = await RawUpstream.start(() => ok("served"));
  await using server = await tenants();
  await using gateway = await start(
    [
      {
        name: "app",
        match: { path: { kind: "prefix", value: "/app" } },
        backends: [{ name: "app", ports: [backend.port] }],
        others: [{ name: "auth", ports: [server.port] }],
      },
    ],
    [auth()],
  );
  for (const path of ["/app", "/nowhere"]) {
    assert.equal((await exchange(gateway.port, get(path))).status, 401);
    assert.equal((await exchange(gateway.port, get(path, "X-Token: t\r\n"))).status, path === "/app" ? 200 : 404);
  }
  assert.equal(backend.requests.length, 1);
  const active = gateway.telemetry.registry.gauge("gateway_http_requests_active", "web", "demo", "http");
  assert.equal(active.value, 0);
});

test("listener filters: one that cannot be honoured answers for the whole listener, and those behind it do not run", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using server = await tenants();
  await using gateway = await start(
    [
      {
        name: "app",
        backends: [{ name: "app", ports: [backend.port] }],
        others: [{ name: "auth", ports: [server.port] }],
      },
    ],
    [{ kind: "directResponse", status: 500, reason: "the extension does not exist" }, auth()],
  );
  assert.equal((await exchange(gateway.port, get("/", "X-Token: t\r\n"))).status, 500);
  assert.equal(server.requests.length + backend.requests.length, 0);
});

test("listener filters: a rule's own authorisation is asked as well", async () => {
  await using backend = await RawUpstream.start(() => ok("served"));
  await using server = await tenants();
  await using gateway = await start(
    [
      {
        name: "app",
        filters: [auth()],
        backends: [{ name: "app", ports: [backend.port] }],
        others: [{ name: "auth", ports: [server.port] }],
      },
    ],
    [auth()],
  );
  const post = "POST / HTTP/1.1\r\nHost: app\r\nX-Token: t\r\nContent-Length: 4\r\n\r\nbody";
  assert.equal((await exchange(gateway.port, post)).body, "served");
  assert.equal(backend.requests[0]!.body, "body");
  assert.equal(server.requests.length, 2);
});
