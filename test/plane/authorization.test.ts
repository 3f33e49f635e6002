import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthorizationFilter, AuthorizationRule } from "../../src/ir/authorization.ts";
import { ask, LabBackend, testPairs } from "./filter-lab.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { issue, jwtFilter, makeKey, provider } from "./token-issuer.ts";

const key = await makeKey("k1");

function rule(action: "allow" | "deny", more: Partial<AuthorizationRule>): AuthorizationRule {
  return {
    name: "",
    action,
    methods: [],
    path: undefined,
    clientCidrs: undefined,
    headers: [],
    jwt: undefined,
    cel: undefined,
    ...more,
  };
}

const filter = (
  rules: readonly AuthorizationRule[],
  defaultAction: AuthorizationFilter["defaultAction"] = "deny",
): AuthorizationFilter => ({ kind: "authorization", rules, defaultAction });

const prefix = (value: string, invert = false) => ({ match: { kind: "prefix", value } as const, invert });

/** Statuses of requests that are sent as they are written, one connection each. */
async function statuses(rules: AuthorizationFilter, requests: readonly string[]): Promise<readonly number[]> {
  await using backend = await RawUpstream.start(() => ok("served"));
  await using gateway = await startProxy([backend.port], {}, { filters: [rules] });
  const found: number[] = [];
  for (const request of requests) found.push((await exchange(gateway.port, request)).status);
  assert.equal(backend.requests.length, found.filter((status) => status === 200).length);
  assert.deepEqual(gateway.bugs, []);
  return found;
}

testPairs("authorization: the first rule that matches decides, then the default", async (pair) => {
  await using backend = await LabBackend.start(pair.backend, () => ({ pieces: ["served"] }));
  const rules = [
    rule("deny", { methods: ["DELETE"] }),
    rule("allow", { path: prefix("/open") }),
    rule("deny", { path: prefix("/open/never") }),
    rule("allow", { headers: [{ name: "x-team", values: ["red", "blue"] }] }),
  ];
  await using gateway = await startRules([
    {
      name: "app",
      filters: [filter(rules)],
      backends: [{ name: "app", ports: [backend.port], cluster: { protocol: pair.backend } }],
    },
  ]);
  const status = async (method: string, path: string, headers = {}) =>
    (await ask(pair.client, gateway.port, { method, path, headers })).status;
  assert.equal(await status("GET", "/open/never"), 200);
  assert.equal(await status("DELETE", "/open"), 403);
  assert.equal(await status("GET", "/"), 403);
  assert.equal(await status("GET", "/", { "x-team": "blue" }), 200);
  assert.equal(await status("GET", "/", { "x-team": "green" }), 403);
  assert.equal(gateway.records[1]?.responseFlag, "RBAC");
  assert.equal(backend.arrived.length, 2);
});

test("authorization: what may be read in two ways is denied and not allowed", async () => {
  const values = [{ name: "x-role", values: ["banned"] }];
  const twice = get("/", "X-Role: guest\r\nX-Role: banned\r\n");
  assert.deepEqual(await statuses(filter([rule("deny", { headers: values })], "allow"), [twice, get("/")]), [403, 200]);
  assert.deepEqual(
    await statuses(filter([rule("allow", { headers: values })]), [twice, get("/", "X-Role: banned\r\n")]),
    [403, 200],
  );
  const missing = 'request.headers["x-none"] == "1"';
  assert.deepEqual(await statuses(filter([rule("deny", { cel: missing })], "allow"), [get("/")]), [403]);
  assert.deepEqual(await statuses(filter([rule("allow", { cel: missing })]), [get("/")]), [403]);
});

test("authorization: paths are compared in one form; exact, expressions and inverted ones, too", async () => {
  const secret = ["/admin", "/admin/", "/%61dmin", "//admin", "/x/../admin", "/./admin", "/admin?x", "/admin/x"];
  const deny = filter([rule("deny", { path: prefix("/admin") })], "allow");
  assert.deepEqual(
    await statuses(
      deny,
      secret.map((path) => get(path)),
    ),
    secret.map(() => 403),
  );
  const allow = filter([rule("allow", { path: prefix("/public") })]);
  assert.deepEqual(
    await statuses(
      allow,
      ["//public/x", "/public%2Fx", "/x%2f..%2fpublic", "/%2fpublic", "/public/%2e%2e/x"].map((path) => get(path)),
    ),
    [200, 403, 400, 403, 403],
  );
  const escaped = ["/%2fadmin", "/%2Fadmin%2fx", "/admin%2fx", "/admin%5cx", "/;/admin", "/admin;a/x", "/;%2fadmin"];
  assert.deepEqual(
    await statuses(
      deny,
      escaped.map((path) => get(path)),
    ),
    escaped.map(() => 403),
  );
  const others = filter([rule("deny", { path: prefix("/public", true) })], "allow");
  assert.deepEqual(
    await statuses(others, [get("/public/x"), get("/public/../admin"), get("/publicx")]),
    [200, 403, 403],
  );
  const regex = filter([rule("allow", { path: { match: { kind: "regex", value: "/v[0-9]+/.*" }, invert: false } })]);
  assert.deepEqual(await statuses(regex, [get("/v1/x"), get("/x/v1/x"), get("/v1/../x")]), [200, 403, 403]);
  const exact = filter([rule("allow", { path: { match: { kind: "exact", value: "/a" }, invert: false } })]);
  assert.deepEqual(await statuses(exact, [get("/a"), get("/a/"), get("/a/b")]), [200, 403, 403]);
});

test("authorization: client networks", async () => {
  assert.deepEqual(
    await statuses(filter([rule("allow", { clientCidrs: ["10.0.0.0/8", "127.0.0.0/8"] })]), [get("/")]),
    [200],
  );
  assert.deepEqual(
    await statuses(filter([rule("allow", { clientCidrs: ["10.0.0.0/8"] })]), [
      get("/", "X-Forwarded-For: 10.1.1.1\r\n"),
    ]),
    [403],
  );
  assert.deepEqual(await statuses(filter([rule("allow", { clientCidrs: [] })]), [get("/")]), [403]);
});

test("authorization: claims and scopes of the token that was verified", async () => {
  const ofLogin = (more: object) => rule("allow", { jwt: { provider: "login", claims: [], scopes: [], ...more } });
  const rules = [
    ofLogin({ claims: [{ claim: "org.role", list: false, values: ["admin"] }] }),
    ofLogin({ claims: [{ claim: "groups", list: true, values: ["ops"] }] }),
    ofLogin({ scopes: ["read", "write"] }),
    rule("allow", { jwt: { provider: "other", claims: [], scopes: [] } }),
    rule("allow", { cel: 'jwt.claims.sub == "cel" && jwt.provider == "login" && source.address == "127.0.0.1"' }),
  ];
  await using backend = await RawUpstream.start(() => ok("served"));
  const filters = [jwtFilter([provider([key])], { optional: true }), filter(rules)];
  await using gateway = await startProxy([backend.port], {}, { filters });
  const status = async (claims: Readonly<Record<string, unknown>>) =>
    (await exchange(gateway.port, get("/", `Authorization: Bearer ${await issue(key, claims)}\r\n`))).status;
  assert.equal(await status({ org: { role: "admin" } }), 200);
  assert.equal(await status({ org: { role: ["admin"] } }), 403);
  assert.equal(await status({ groups: ["dev", "ops"] }), 200);
  assert.equal(await status({ groups: "ops" }), 403);
  assert.equal(await status({ scope: "write read more" }), 200);
  assert.equal(await status({ scp: ["read", "write"] }), 200);
  assert.equal(await status({ scope: "read" }), 403);
  assert.equal(await status({ sub: "cel" }), 200);
  assert.equal(await status({}), 403);
  const bare = await exchange(gateway.port, get("/"));
  assert.deepEqual([bare.status, bare.headers.get("www-authenticate")], [403, undefined]);
  const poor = await exchange(gateway.port, get("/", `Authorization: Bearer ${await issue(key)}\r\n`));
  assert.equal(poor.headers.get("www-authenticate"), 'Bearer error="insufficient_scope", scope="read write"');
  // What one request has established is forgotten for the next on the same connection.
  const good = get("/", `Authorization: Bearer ${await issue(key, { org: { role: "admin" } })}\r\n`);
  assert.equal((await exchange(gateway.port, good)).status, 200);
  assert.deepEqual(gateway.bugs, []);
});
