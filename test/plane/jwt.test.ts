import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import type { JwtFilter, JwtProvider } from "../../src/ir/jwt.ts";
import { type Asked, ask, LabBackend, type Pair, testPairs } from "./filter-lab.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { assemble, type IssuerKey, issue, issuer, jwtFilter, makeKey, provider } from "./token-issuer.ts";

const key = await makeKey("k1");
const rsa = await makeKey("r1", "RS256");

const bearer = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });

async function startGuarded(pair: Pair, filters: readonly Filter[]) {
  const backend = await LabBackend.start(pair.backend, () => ({ pieces: ["served"] }));
  const gateway = await startRules([
    { name: "app", filters, backends: [{ name: "app", ports: [backend.port], cluster: { protocol: pair.backend } }] },
  ]);
  return {
    backend,
    gateway,
    ask: (asked: Asked = {}) => ask(pair.client, gateway.port, asked),
    [Symbol.asyncDispose]: async () => {
      assert.deepEqual(gateway.bugs, []);
      await gateway[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

testPairs("jwt: a valid token passes, none is asked for and a bad one is refused as RFC 6750 says", async (pair) => {
  await using lab = await startGuarded(pair, [jwtFilter([provider([key])])]);
  const without = await lab.ask();
  assert.equal(without.status, 401);
  assert.equal(without.headers["www-authenticate"], 'Bearer realm="app.example.test"');
  const token = await issue(key);
  for (let round = 0; round < 3; round++) assert.equal((await lab.ask(bearer(token))).status, 200);
  assert.equal((await lab.ask({ headers: { authorization: `bEARER ${token}` } })).status, 200);
  assert.equal((await lab.ask({ path: `/?a=1&access_token=${token}` })).status, 200);
  const forged = `${token.slice(0, -6)}AAAAAA`;
  const refused = await lab.ask(bearer(forged));
  assert.equal(refused.status, 401);
  assert.equal(
    refused.headers["www-authenticate"],
    'Bearer realm="app.example.test", error="invalid_token", error_description="The signature of the token is not valid."',
  );
  assert.equal(lab.backend.arrived.length, 5);
  assert.deepEqual(
    lab.gateway.records.map(({ responseFlag }) => responseFlag),
    ["JWT", "-", "-", "-", "-", "-", "JWT"],
  );
});

/** Statuses of one request for each token. */
async function statuses(filter: JwtFilter, asked: readonly Asked[]): Promise<readonly number[]> {
  await using lab = await startGuarded({ client: "http1", backend: "http1" }, [filter]);
  const found: number[] = [];
  for (const one of asked) found.push((await lab.ask(one)).status);
  assert.equal(lab.backend.arrived.length, found.filter((status) => status === 200).length);
  return found;
}

test("jwt: attacks on the algorithm, the key and the header of a token find no way", async () => {
  const now = Math.floor(Date.now() / 1_000);
  const payload = { iss: issuer, aud: "shop", sub: "root", exp: now + 600 };
  const { createHmac } = await import("node:crypto");
  const hmac = (secret: string) => {
    const unsigned = assemble({ alg: "HS256", kid: "r1", typ: "JWT" }, payload).slice(0, -1);
    return `${unsigned}.${createHmac("sha256", secret).update(unsigned).digest("base64url")}`;
  };
  const evil = await makeKey("k1");
  const tokens = [
    assemble({ alg: "none" }, payload),
    assemble({ alg: "none", kid: "k1" }, payload, "AAAA"),
    assemble({ alg: "NONE", kid: "k1" }, payload, "AAAA"),
    hmac(rsa.spki),
    hmac(JSON.stringify(rsa.jwk)),
    hmac(rsa.jwk.n ?? ""),
    await issue(evil, { sub: "root" }),
    await issue(evil, {}, { jwk: evil.jwk }),
    await issue(evil, {}, { jku: "http://127.0.0.1:1/keys.json", kid: "other" }),
    await issue(evil, {}, { x5u: "http://127.0.0.1:1/cert.pem" }),
    await issue(evil, {}, { kid: "../../../../dev/null" }),
    await issue(evil, {}, { kid: "k1' OR '1'='1" }),
    assemble({ alg: "ES256", kid: "k1", crit: ["exp"] }, payload, "AAAA"),
    await issue(key, { exp: now - 120 }),
    await issue(key, { nbf: now + 120 }),
    await issue(key, { exp: "never" }),
    await issue(key, { iss: "https://evil.example.test/" }),
    await issue(key, { iss: undefined }),
    await issue(key, { aud: "other" }),
    await issue(key, { aud: undefined }),
    // The signature of one algorithm under the name of another.
    await issue(rsa, {}, { kid: "k1" }),
    `${(await issue(key)).split(".").slice(0, 2).join(".")}.`,
    "a.b.c",
    "x",
    `${await issue(key)}.more`,
  ];
  const filter = jwtFilter([provider([key, rsa])]);
  assert.deepEqual(
    await statuses(filter, tokens.map(bearer)),
    tokens.map(() => 401),
  );
  assert.deepEqual(await statuses(filter, [bearer(await issue(key)), bearer(await issue(rsa))]), [200, 200]);
});

test("jwt: a token with a critical extension is refused although its signature is good", async () => {
  const { CompactSign } = await import("jose");
  const payload = Buffer.from(JSON.stringify({ iss: issuer, aud: "shop", exp: Math.floor(Date.now() / 1_000) + 60 }));
  const token = await new CompactSign(payload)
    .setProtectedHeader({ alg: "ES256", kid: "k1", crit: ["http://example.com/own"], "http://example.com/own": 1 })
    .sign(key.key, { crit: { "http://example.com/own": true } });
  assert.deepEqual(await statuses(jwtFilter([provider([key])]), [bearer(token)]), [401]);
});

test("jwt: huge tokens, two in one place and many in a row are refused, and nothing is kept of them", async () => {
  const token = await issue(key);
  const huge = await issue(key, { padding: "x".repeat(20_000) });
  const filter = jwtFilter([provider([key], { cookies: ["session"] })]);
  const found = await statuses(filter, [
    bearer(huge),
    { path: `/?access_token=${token}&access_token=${token}` },
    { headers: { cookie: `session=${token}; session=x` } },
    { headers: { cookie: `a=b; session=${token}` } },
    { headers: { authorization: `Basic YTpi`, cookie: `session=${token}` } },
  ]);
  assert.deepEqual(found, [401, 401, 401, 200, 200]);
});

test("jwt: only the places that are named have tokens", async () => {
  const token = await issue(key);
  const headers = [{ name: "x-token", valuePrefix: "" }];
  const filter = jwtFilter([provider([key], { headers, params: ["t"], cookies: [] })]);
  const found = await statuses(filter, [
    { headers: { "x-token": token } },
    { path: `/?t=${token}` },
    bearer(token),
    { path: `/?access_token=${token}` },
  ]);
  assert.deepEqual(found, [200, 200, 401, 401]);
});

test("jwt: optional takes requests without a token, failOpen those with a bad one; neither trusts it", async () => {
  const claimToHeaders = [{ header: "x-user", claim: "sub" }];
  const bad = bearer("a.b.c");
  const providers = [provider([key], { claimToHeaders })];
  assert.deepEqual(await statuses(jwtFilter(providers, { optional: true }), [{}, bad]), [200, 401]);
  assert.deepEqual(await statuses(jwtFilter(providers, { failOpen: true }), [{}, bad]), [200, 200]);
  await using lab = await startGuarded({ client: "http1", backend: "http1" }, [
    jwtFilter(providers, { failOpen: true }),
  ]);
  await lab.ask({ headers: { "x-user": "root", X_User: "root", authorization: "Bearer a.b.c" } });
  assert.deepEqual(
    Object.entries(lab.backend.arrived[0]?.headers ?? {}).filter(([, value]) => value === "root"),
    [],
  );
});

testPairs("jwt: claims reach the backend in headers that no client can set", async (pair) => {
  const claimToHeaders = [
    { header: "x-user", claim: "sub" },
    { header: "x-org", claim: "org.id" },
    { header: "x-groups", claim: "groups" },
    { header: "x-none", claim: "none" },
    { header: "x-evil", claim: "evil" },
  ];
  await using lab = await startGuarded(pair, [jwtFilter([provider([key], { claimToHeaders })])]);
  const token = await issue(key, { org: { id: 7 }, groups: ["a", "b"], evil: "a\r\nx-admin: 1" });
  const spoofed = { "x-user": "root", x_user: "root", "x-none": "root", "x-org": "0" };
  for (let round = 0; round < 2; round++) {
    await lab.ask({ headers: { ...spoofed, authorization: `Bearer ${token}` } });
    const { headers } = lab.backend.arrived[round]!;
    assert.equal(headers["x-user"], "ann");
    assert.equal(headers["x-org"], "7");
    assert.equal(headers["x-groups"], Buffer.from('["a","b"]').toString("base64url"));
    for (const name of ["x-none", "x_user", "x-evil", "x-admin"]) assert.equal(headers[name], undefined, name);
  }
});

test("jwt: of several providers one must have issued the token", async () => {
  const other = await makeKey("o1", "EdDSA");
  const named = (name: string, keys: readonly IssuerKey[], more: Partial<JwtProvider>) =>
    provider(keys, { name, ...more });
  const filter = jwtFilter([
    named("login", [key], {}),
    named("partner", [other], { issuer: "https://partner.example.test/", audiences: [] }),
  ]);
  const found = await statuses(filter, [
    bearer(await issue(key)),
    bearer(await issue(other, { iss: "https://partner.example.test/" })),
    bearer(await issue(other)),
    bearer(await issue(key, { iss: "https://partner.example.test/" })),
  ]);
  assert.deepEqual(found, [200, 200, 401, 401]);
});

test("jwt: a Connection header cannot take the token or a claim's header out of the request", async () => {
  await using backend = await RawUpstream.start(() => ok("served"));
  const claimToHeaders = [{ header: "x-user", claim: "sub" }];
  const filters = [jwtFilter([provider([key], { claimToHeaders })])];
  await using gateway = await startProxy([backend.port], {}, { filters });
  const token = await issue(key);
  const lines = `Authorization: Bearer ${token}\r\nConnection: x-user, authorization\r\n`;
  const response = await exchange(gateway.port, get("/", lines));
  // Either it is refused, or the backend is told who it is.
  if (response.status === 200) assert.match(backend.requests[0]!.head, /x-user: ann/i);
  else assert.equal(backend.requests.length, 0);
});

test("jwt: a token is good until it expires, also when it is remembered", async () => {
  await using lab = await startGuarded({ client: "http1", backend: "http1" }, [jwtFilter([provider([key])])]);
  // The clocks of issuers may be a minute off.
  const token = await issue(key, { exp: Math.floor(Date.now() / 1_000) - 58 });
  assert.equal((await lab.ask(bearer(token))).status, 200);
  assert.equal((await lab.ask(bearer(token))).status, 200);
  const deadline = Date.now() + 10_000;
  let status = 200;
  while (status === 200 && Date.now() < deadline) status = (await lab.ask(bearer(token))).status;
  assert.equal(status, 401);
});

test("jwt: a gRPC call without a token ends with UNAUTHENTICATED", async () => {
  await using lab = await startGuarded({ client: "http2", backend: "http2" }, [jwtFilter([provider([key])])]);
  const headers = { "content-type": "application/grpc", te: "trailers" };
  const refused = await lab.ask({ path: "/shop.Cart/Get", headers, body: Buffer.alloc(5) });
  assert.equal(refused.status, 200);
  assert.equal(refused.headers["grpc-status"], "16");
  assert.equal(refused.headers["www-authenticate"], 'Bearer realm="app.example.test"');
  assert.equal(lab.backend.arrived.length, 0);
  const admitted = { ...headers, authorization: `Bearer ${await issue(key)}` };
  await lab.ask({ path: "/shop.Cart/Get", headers: admitted, body: Buffer.alloc(5) });
  assert.equal(lab.backend.arrived.length, 1);
});

testPairs("jwt: a request with content waits with it for the first verification", async (pair) => {
  await using lab = await startGuarded(pair, [jwtFilter([provider([key])])]);
  const content = "x".repeat(200_000);
  const token = await issue(key);
  const headers = { authorization: `Bearer ${token}` };
  for (let round = 0; round < 2; round++) {
    assert.equal((await lab.ask({ headers, body: content })).status, 200);
    assert.equal(lab.backend.arrived[round]?.body, content);
  }
});
