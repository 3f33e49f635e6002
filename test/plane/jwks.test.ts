import assert from "node:assert/strict";
import { test } from "node:test";
import type { JwtProvider } from "../../src/ir/jwt.ts";
import { ask } from "./filter-lab.ts";
import { startProxy } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { issue, jwtFilter, KeyServer, makeKey, publishing, remoteProvider } from "./token-issuer.ts";

const first = await makeKey("k1");
const second = await makeKey("k2", "RS256");

async function startGuarded(keys: KeyServer, provider: JwtProvider = remoteProvider()) {
  const backend = await RawUpstream.start(() => ok("served"));
  const others = [{ name: "keys", ports: [keys.port] }];
  const gateway = await startProxy([backend.port], {}, { filters: [jwtFilter([provider])], others });
  return {
    gateway,
    status: async (token: string): Promise<number> =>
      (await ask("http1", gateway.port, { headers: { authorization: `Bearer ${token}` } })).status,
    [Symbol.asyncDispose]: async () => {
      assert.deepEqual(gateway.bugs, []);
      await gateway[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

/** Asks until the status is what it should be; the last one when it is not in time. */
async function eventually(ask: () => Promise<number>, wanted: number): Promise<number> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const status = await ask();
    if (status === wanted || Date.now() > deadline) return status;
    await new Promise((later) => setImmediate(later));
  }
}

test("JWKS: one fetch serves many requests at once, and the tokens after them", async () => {
  await using keys = await KeyServer.start(publishing(first));
  await using lab = await startGuarded(keys);
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => issue(first, { sub: `user-${index}` })));
  assert.deepEqual(new Set(await Promise.all(tokens.map(lab.status))), new Set([200]));
  assert.deepEqual(new Set(await Promise.all(tokens.map(lab.status))), new Set([200]));
  assert.equal(keys.asked, 1);
  assert.deepEqual(keys.targets, ["login.example.test/jwks.json?v=1"]);
});

test("JWKS: a token of a key that is new has the keys fetched again; made-up key ids do not, time and again", async () => {
  await using keys = await KeyServer.start(publishing(first));
  await using lab = await startGuarded(keys, remoteProvider({ cacheMs: 3_600_000 }));
  assert.equal(await lab.status(await issue(first)), 200);
  const unknown = await makeKey("made-up");
  for (let round = 0; round < 50; round++)
    assert.equal(await lab.status(await issue(unknown, {}, { kid: `${round}` })), 401);
  assert.equal(keys.asked, 1);
  keys.publish(first, second);
  const status = await eventually(async () => lab.status(await issue(second)), 200);
  assert.equal(status, 200);
  assert.equal(keys.asked, 2);
});

test("JWKS: a key that is withdrawn is good for no token once its time is over, remembered or not", async () => {
  await using keys = await KeyServer.start(publishing(first, second));
  await using lab = await startGuarded(keys, remoteProvider({ cacheMs: 500 }));
  const token = await issue(first);
  const kept = await issue(second);
  assert.equal(await lab.status(token), 200);
  keys.publish(second);
  assert.equal(await eventually(() => lab.status(token), 401), 401);
  assert.equal(await lab.status(kept), 200);
});

test("JWKS: the last good keys go on while the server fails, stalls or is dead, and new ones are taken when it is back", async () => {
  await using keys = await KeyServer.start(publishing(first));
  await using lab = await startGuarded(keys, remoteProvider({ cacheMs: 100, failedRefetchMs: 50 }));
  const ask = async () => lab.status(await issue(first));
  assert.equal(await ask(), 200);
  const broken: readonly ((response: import("node:http").ServerResponse) => void)[] = [
    (response) => response.writeHead(500).end(),
    (response) => response.end("<html>"),
    (response) => response.end('{"keys": 1}'),
    (response) => response.socket?.destroy(),
    (response) => response.end("x".repeat(1_000_000)),
    (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  ];
  for (const answer of broken) {
    keys.answer = answer;
    const { asked } = keys;
    assert.equal(await eventually(async () => (keys.asked > asked + 1 ? 0 : await ask()), 0), 0);
    assert.equal(await ask(), 200);
  }
  const { port } = keys;
  await keys[Symbol.asyncDispose]();
  for (let round = 0; round < 20; round++) assert.equal(await ask(), 200);
  await using back = await KeyServer.start(publishing(second), port);
  assert.equal(await eventually(async () => lab.status(await issue(second)), 200), 200);
  assert.equal(await eventually(ask, 401), 401);
  assert.ok(back.asked > 0);
});

test("JWKS: without any keys requests get 503, soon after those that wait", async () => {
  await using keys = await KeyServer.start(() => {});
  await using lab = await startGuarded(keys, remoteProvider({ failedRefetchMs: 60_000 }));
  const started = performance.now();
  const statuses = await Promise.all(Array.from({ length: 10 }, async () => lab.status(await issue(first))));
  assert.deepEqual(new Set(statuses), new Set([503]));
  assert.ok(performance.now() - started < 9_000);
  assert.equal(keys.asked, 1);
  // The server has failed: nobody waits for it now.
  const again = performance.now();
  assert.equal(await lab.status(await issue(first)), 503);
  assert.ok(performance.now() - again < 1_000);
  assert.equal(lab.gateway.records.at(-1)?.responseFlag, "JWU");
});

test("JWKS: symmetric keys are not taken, whoever publishes them", async () => {
  const { SignJWT } = await import("jose");
  const secret = Buffer.alloc(32, 7);
  const jwk = { kty: "oct", kid: "s", alg: "HS256", k: secret.toString("base64url") };
  await using keys = await KeyServer.start((response) => response.end(JSON.stringify({ keys: [jwk, first.jwk] })));
  await using lab = await startGuarded(keys);
  const claims = { iss: "https://login.example.test/", aud: "shop", exp: Math.floor(Date.now() / 1_000) + 60 };
  const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "s" }).sign(secret);
  assert.equal(await lab.status(token), 401);
  assert.equal(await lab.status(await issue(first)), 200);
});

test("JWKS: a request that its client gives up while it waits leaves nothing behind", async () => {
  let release = (): void => {};
  await using keys = await KeyServer.start((response) => {
    release = () => publishing(first)(response);
  });
  await using lab = await startGuarded(keys);
  const token = await issue(first);
  const gone = ask("http1", lab.gateway.port, {
    headers: { authorization: `Bearer ${token}` },
    until: eventually(async () => keys.asked, 1),
  });
  await assert.rejects(gone);
  release();
  assert.equal(await lab.status(token), 200);
});
