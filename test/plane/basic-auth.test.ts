import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { ask, testPairs } from "./filter-lab.ts";
import { startGuarded } from "./filter-with-secrets.ts";

/** As htpasswd of Apache 2.4 wrote them; the passwords are in the names. */
const htpasswd = `bcrypt:$2y$04$SpKf88R2l6gjbo7Xd2PSauItWiQSmtvIlc/eqOx405PxDSgtTxw9u
apr1:$apr1$rK31RIcn$Bv.Iqok5oODvFsbr/wmWs0
sha:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=
ünï:$2y$05$H8pfYdxQjPP05qLhqMenxOZ472jyeQhb1008HWp7.WmlSOk3ucGMK
des:MrBQt3FSFJpO.
plain:secret
sha256:$5$vIkfGCnAD5UE1BQt$2qTZ7mz5Su.0KYZdYYeVa3tJj1o9z9pbc4TP9cAKi91
`;
const users = "Secret/demo/users#entry/.htpasswd";
const filter: Filter = {
  kind: "basicAuth",
  users,
  realm: "Staff only",
  namedUsers: [],
  tellsCharset: true,
  hidesCredentials: false,
  usernameHeader: "x-user",
};
const both = { client: "http1", backend: "http1" } as const;

const basic = (user: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

testPairs("basicAuth lets in by each format, tells the user and keeps out what a client claims", async (pair) => {
  await using guarded = await startGuarded(pair, [filter], { [users]: htpasswd });
  const { gateway, backend } = guarded;
  for (const user of ["bcrypt", "apr1", "sha"]) {
    for (const turn of ["checked", "remembered"]) {
      const headers = { ...basic(user, "open sesame"), "X-USER": "root", x_user: "root", X_User: "root" };
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const answer = await ask(pair.client, gateway.port, { headers: pair.client === "http1" ? headers : lower });
      assert.equal(answer.status, 200, `${user} ${turn}`);
      const { headers: told } = backend.arrived.at(-1)!;
      assert.equal(told["x-user"], user);
      assert.equal(told["x_user"], undefined);
    }
  }
  for (const [user, password] of [
    ["bcrypt", "open sesam"],
    ["apr1", ""],
    ["sha", "open sesame "],
    ["nobody", "open sesame"],
    ["des", "secret"],
    ["plain", "secret"],
    ["sha256", "secret"],
    ["__proto__", "open sesame"],
    ["", "open sesame"],
  ] as const) {
    const answer = await ask(pair.client, gateway.port, { headers: basic(user, password) });
    assert.equal(answer.status, 401, `${user}:${password}`);
    assert.equal(answer.headers["www-authenticate"], 'Basic realm="Staff only", charset="UTF-8"');
  }
  assert.equal(backend.arrived.length, 6);
  assert.equal(gateway.records.at(-1)?.responseFlag, "CR");
});

test("basicAuth: names and passwords are UTF-8, and only the first colon divides them", async () => {
  await using guarded = await startGuarded(both, [filter], { [users]: htpasswd });
  const answer = await ask("http1", guarded.gateway.port, { headers: basic("ünï", "pässwörd:with:colons") });
  assert.equal(answer.status, 200);
  const told = guarded.backend.arrived[0]!.headers["x-user"] as string;
  assert.equal(Buffer.from(told, "latin1").toString(), "ünï");
});

test("basicAuth: what is no single Basic header lets nobody in", async () => {
  await using guarded = await startGuarded(both, [filter], { [users]: htpasswd });
  const good = basic("sha", "open sesame").authorization;
  const port = guarded.gateway.port;
  for (const authorization of [
    "",
    "Basic",
    "Basic !",
    "Bearer x",
    `${good}, ${good}`,
    good.replace("Basic ", "Basic"),
    "Basic c2hh",
  ]) {
    const answer = await ask("http1", port, { headers: authorization === "" ? {} : { authorization } });
    assert.equal(answer.status, 401, authorization);
  }
  assert.equal((await ask("http1", port, { headers: { authorization: good.replace("Basic", "bAsIc") } })).status, 200);
});

test("basicAuth: a header that Connection names is no way around the user's", async () => {
  await using guarded = await startGuarded(both, [filter], { [users]: htpasswd });
  const connection = "close, x-user, authorization";
  const headers = { ...basic("sha", "open sesame"), connection, "x-user": "root" };
  assert.equal((await ask("http1", guarded.gateway.port, { headers })).status, 200);
  assert.equal(guarded.backend.arrived[0]!.headers["x-user"], "sha");
  const none = await ask("http1", guarded.gateway.port, { headers: { connection, "x-user": "root" } });
  assert.equal(none.status, 401);
});

test("basicAuth: a user who is taken from the list is out at once, although the password was remembered", async () => {
  // The only hash there is, so it is also the one that unknown users are checked with.
  const only = htpasswd.split("\n", 1)[0] as string;
  await using guarded = await startGuarded(both, [filter], { [users]: only });
  const headers = basic("bcrypt", "open sesame");
  assert.equal((await ask("http1", guarded.gateway.port, { headers })).status, 200);
  await guarded.replaceSecrets({ [users]: only.replace("bcrypt:", "other:") });
  for (let i = 0; i < 3; i++) assert.equal((await ask("http1", guarded.gateway.port, { headers })).status, 401);
  const other = await ask("http1", guarded.gateway.port, { headers: basic("other", "open sesame") });
  assert.equal(other.status, 200);
  assert.equal((await ask("http1", guarded.gateway.port, { headers })).status, 401);
});

test("basicAuth: without its list nobody comes in", async () => {
  for (const missing of [{ ...filter, users: undefined }, filter]) {
    await using guarded = await startGuarded(both, [missing], {});
    const answer = await ask("http1", guarded.gateway.port, { headers: basic("sha", "open sesame") });
    assert.equal(answer.status, 500);
    assert.equal(guarded.backend.arrived.length, 0);
  }
});

test("basicAuth: many who come at once are all answered, and whoever asks for too much is told to come later", async () => {
  await using guarded = await startGuarded(both, [filter], { [users]: htpasswd });
  const port = guarded.gateway.port;
  const same = await Promise.all(
    Array.from({ length: 40 }, () => ask("http1", port, { headers: basic("bcrypt", "open sesame") })),
  );
  assert.deepEqual(new Set(same.map(({ status }) => status)), new Set([200]));
  const wrong = await Promise.all(
    Array.from({ length: 60 }, (_, i) => ask("http1", port, { headers: basic("ünï", `guess ${i}`) })),
  );
  const count = (status: number) => wrong.filter((answer) => answer.status === status).length;
  assert.equal(count(401) + count(503), 60);
  assert.ok(count(503) > 0 && count(401) >= 16, `${count(401)} ${count(503)}`);
  assert.equal(guarded.backend.arrived.length, 40);
});

test("basicAuth: a client that leaves while its password is checked lets nobody else in", async () => {
  await using guarded = await startGuarded({ client: "http2", backend: "http1" }, [filter], { [users]: htpasswd });
  const left = Promise.allSettled(
    Array.from({ length: 8 }, (_, i) =>
      ask("http2", guarded.gateway.port, {
        headers: basic("ünï", `pässwörd:with:colons${i === 7 ? "" : i}`),
        until: Promise.resolve(),
      }),
    ),
  );
  await left;
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => ask("http2", guarded.gateway.port, { headers: basic("ünï", "wrong") })),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401]));
});

test("basicAuth: requests are counted by what became of them, and no password gets into a record", async () => {
  await using guarded = await startGuarded(both, [filter], { [users]: htpasswd });
  const { port, telemetry, records } = guarded.gateway;
  await ask("http1", port, { headers: basic("sha", "open sesame") });
  await ask("http1", port, { headers: basic("sha", "wr0ng-passw0rd") });
  const value = (result: string) =>
    telemetry.registry.counter("gateway_credential_checks_total", "HTTPRoute", "demo", "test", "basicAuth", result)
      .value;
  assert.deepEqual(["allowed", "denied", "failed"].map(value), [1, 1, 0]);
  assert.doesNotMatch(JSON.stringify(records), /wr0ng|sesame/);
});
