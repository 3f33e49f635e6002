import assert from "node:assert/strict";
import { test } from "node:test";
import { GuardedProgram, TestServer } from "./guarded-program.ts";
import { askHttp } from "./http-client.ts";
import { isGuarded, pathSpellings, readers } from "./path-spellings.ts";
import { findHtpasswd } from "./real-programs.ts";

const htpasswd = findHtpasswd();
const skip = htpasswd === undefined ? "Apache's htpasswd cannot be installed here" : false;

const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - name: admin
      matches: [{ path: { value: /admin } }]
      backendRefs: [{ name: app, port: 80 }]
    - name: open
      backendRefs: [{ name: app, port: 80 }]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: guard, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app, sectionName: admin }]
  basicAuth: { users: { name: users }, forwardUsernameHeader: x-user }`;

function secret(lines: readonly string[]): string {
  return `apiVersion: v1
kind: Secret
metadata: { name: users, namespace: shop }
data: { .htpasswd: ${Buffer.from(lines.join("\n")).toString("base64")} }`;
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

async function start(lines: readonly string[]) {
  const arrived: { readonly target: string; readonly user: string }[] = [];
  const backend = await TestServer.start((request, response) => {
    arrived.push({ target: request.url ?? "", user: String(request.headers["x-user"]) });
    response.end("served");
  });
  const program = await GuardedProgram.start({ app: backend.port }, [route, secret(lines)].join("\n---\n"));
  return {
    port: program.port,
    arrived,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Passwords that formats treat in ways of their own: block sizes of MD5, the 72 bytes of bcrypt, bytes beyond ASCII. */
const passwords = [
  "",
  "a",
  "open sesame",
  "x".repeat(15),
  "x".repeat(16),
  "x".repeat(17),
  "y".repeat(72),
  "ä€𝄞:ß",
  "tab\tand'quote",
];
const formats = { bcrypt4: ["-B", "-C", "4"], bcrypt10: ["-B", "-C", "10"], apr1: ["-m"], sha1: ["-s"] } as const;

test("basicAuth takes what htpasswd writes, and nothing else", { skip }, async () => {
  const users = Object.entries(formats).flatMap(([format, flags]) =>
    passwords.map((password, index) => ({ name: `${format}-${index}`, password, flags })),
  );
  await using guarded = await start(users.map(({ flags, name, password }) => htpasswd!(flags, name, password)));
  for (const { name, password } of users) {
    const answer = await askHttp(guarded.port, "/admin", { headers: { ...basic(name, password), "X-User": "root" } });
    assert.equal(answer.status, 200, `${name} ${JSON.stringify(password)}`);
    assert.equal(guarded.arrived.at(-1)?.user, name);
    for (const wrong of [
      `${password}x`.slice(0, 72) === password ? "other" : `${password}x`,
      password.slice(1) || "z",
    ]) {
      assert.equal((await askHttp(guarded.port, "/admin", { headers: basic(name, wrong) })).status, 401, name);
    }
  }
});

test("basicAuth lets nobody in by formats that it does not check", { skip }, async () => {
  const unknown = { sha256: ["-2"], sha512: ["-5"], des: ["-d"], plain: ["-p"] } as const;
  await using guarded = await start(Object.entries(unknown).map(([name, flags]) => htpasswd!(flags, name, "secret")));
  for (const name of Object.keys(unknown)) {
    assert.equal((await askHttp(guarded.port, "/admin", { headers: basic(name, "secret") })).status, 401, name);
  }
});

test("basicAuth: the time of a refusal does not tell who exists", { skip }, async () => {
  await using guarded = await start(["ann", "bob", "cid"].map((name) => htpasswd!(["-B", "-C", "8"], name, "secret")));
  const time = async (user: string, password: string): Promise<number> => {
    const begin = performance.now();
    assert.equal((await askHttp(guarded.port, "/admin", { headers: basic(user, password) })).status, 401);
    return performance.now() - begin;
  };
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < 30; i++) {
    known.push(await time("ann", `wrong ${i}`));
    unknown.push(await time(`nobody${i}`, `wrong ${i}`));
  }
  const ratio = median(unknown) / median(known);
  console.log(
    `median of a known user ${median(known).toFixed(1)} ms, of an unknown one ${median(unknown).toFixed(1)} ms`,
  );
  assert.ok(ratio > 0.6 && ratio < 1.6, `ratio ${ratio}`);
});

test("basicAuth: slow hashes hold up nobody else", { skip }, async () => {
  await using guarded = await start([htpasswd!(["-B", "-C", "12"], "slow", "secret")]);
  let waiting = 16;
  const guesses = Array.from({ length: waiting }, async (_, i) => {
    const { status } = await askHttp(guarded.port, "/admin", { headers: basic("slow", `${i}`) });
    waiting--;
    return status;
  });
  const waits: number[] = [];
  for (let i = 0; i < 50; i++) {
    const begin = performance.now();
    assert.equal((await askHttp(guarded.port, "/")).status, 200);
    waits.push(performance.now() - begin);
  }
  console.log(
    `median of 50 open requests beside checks of bcrypt, cost 12: ${median(waits).toFixed(1)} ms; ${waiting} checks were still to come`,
  );
  assert.ok(waiting > 0);
  assert.deepEqual(new Set(await Promise.all(guesses)), new Set([401]));
});

test("basicAuth cannot be got past by another spelling of the path", { skip }, async () => {
  await using guarded = await start([htpasswd!(["-s"], "ann", "secret")]);
  for (const spelling of pathSpellings) {
    const before = guarded.arrived.length;
    try {
      await askHttp(guarded.port, spelling);
    } catch {
      // What Node.js does not send, or the gateway cuts off, has not arrived.
    }
    for (const { target } of guarded.arrived.slice(before)) {
      assert.ok(!isGuarded(readers.strict(target)), `${spelling}: ${target}`);
    }
  }
});
