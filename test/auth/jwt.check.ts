import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import { type IssuerKey, issue, issuer, keySet, makeKey } from "../plane/token-issuer.ts";
import { GuardedProgram, TestServer } from "./guarded-program.ts";
import { isGuarded, pathSpellings, readers } from "./path-spellings.ts";

const key = await makeKey("k1");
const rotated = await makeKey("k2", "RS256");

/** A server of key sets that can rotate, stall, fail and die. */
class Keys implements AsyncDisposable {
  published: readonly IssuerKey[] = [key];
  mode: "well" | "failing" | "stalling" = "well";
  asked = 0;
  #server: TestServer | undefined;
  port = 0;

  async up(): Promise<void> {
    this.#server = await TestServer.start((_request, response) => {
      this.asked++;
      if (this.mode === "failing") response.writeHead(500).end();
      if (this.mode === "well") response.end(keySet(...this.published));
    }, this.port);
    this.port = this.#server.port;
  }

  async down(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}

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
      backendRefs: [{ name: app, port: 80 }]`;

const provider = (remote: string, more = "") => `
      - name: login
        issuer: ${issuer}
        audiences: [shop]
        remoteJWKS: { uri: "http://login.example.test/keys.json", backendRefs: [{ name: keys, port: 80 }], ${remote} }
        ${more}`;

const policy = (target: string, spec: string) => `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: guard, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app${target} }]
${spec}`;

/** Targets that reached the backend. */
class Backend implements AsyncDisposable {
  readonly arrived: string[] = [];
  #server: TestServer | undefined;

  async up(): Promise<number> {
    this.#server = await TestServer.start((request, response) => {
      this.arrived.push(request.url ?? "");
      response.end("served");
    });
    return this.#server.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}

async function status(port: number, token: string, path = "/admin"): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

/** Asks until the status is what it should be, for at most ten seconds; then the last one. */
async function settles(ask: () => Promise<number>, wanted: number): Promise<number> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await ask();
    if (found === wanted || Date.now() > deadline) return found;
  }
}

/** Sends a request line as it is; the first line of the answer, or `""` when there is none. */
async function sendRaw(port: number, head: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {});
  socket.end(Buffer.from(head, "latin1"));
  await once(socket, "close");
  return answer.split("\r\n", 1)[0] ?? "";
}

async function sendHttp2(port: number, headers: Readonly<Record<string, string>>): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  try {
    const stream = session.request(headers);
    stream.on("error", () => {});
    let status = 0;
    stream.on("response", (head) => {
      status = Number(head[":status"]);
    });
    stream.resume();
    stream.end();
    await once(stream, "close");
    return status;
  } catch {
    // Node's own client does not send it.
    return 0;
  } finally {
    session.destroy();
  }
}

test("a key server that rotates, fails, stalls, dies and comes back: who has a good token gets in throughout", async () => {
  await using keys = new Keys();
  await keys.up();
  await using backend = new Backend();
  const spec = `  jwt:\n    providers:${provider("cacheDuration: 300ms, failedRefetchDuration: 100ms")}`;
  await using program = await GuardedProgram.start(
    { app: await backend.up(), keys: keys.port },
    `${route}\n---\n${policy(", sectionName: admin", spec)}`,
  );
  const good = async (by: IssuerKey = key) => status(program.port, await issue(by));
  assert.equal(await good(), 200);
  assert.equal(await status(program.port, "a.b.c"), 401);
  assert.equal(await status(program.port, "a.b.c", "/"), 200);
  for (const mode of ["failing", "stalling", "well"] as const) {
    keys.mode = mode;
    const deadline = Date.now() + 1_000;
    const waits: number[] = [];
    while (Date.now() < deadline) {
      const started = performance.now();
      assert.equal(await good(), 200, mode);
      waits.push(performance.now() - started);
    }
    // The first one finds out that the server stalls; all others go on with the keys that are known.
    assert.ok(waits.filter((ms) => ms > 1_000).length <= 1, `${mode}: ${waits.join(" ")}`);
  }
  keys.published = [key, rotated];
  assert.equal(await settles(() => good(rotated), 200), 200);
  await keys.down();
  for (let round = 0; round < 50; round++) assert.equal(await good(), 200);
  await keys.up();
  keys.published = [rotated];
  assert.equal(await settles(() => good(), 401), 401);
  assert.equal(await good(rotated), 200);
  const metrics = await (await fetch(`http://${program.admin}/metrics`)).text();
  assert.match(metrics, /gateway_jwks_fetches_total\{[^}]*result="failed"\} [1-9]/);
  assert.match(metrics, /gateway_jwt_requests_total\{[^}]*result="allowed"\} [1-9]/);
});

test("made-up key ids do not flood the key server", async () => {
  await using keys = new Keys();
  await keys.up();
  await using backend = new Backend();
  const spec = `  jwt:\n    providers:${provider("cacheDuration: 1h")}`;
  await using program = await GuardedProgram.start(
    { app: await backend.up(), keys: keys.port },
    `${route}\n---\n${policy("", spec)}`,
  );
  assert.equal(await status(program.port, await issue(key)), 200);
  const unknown = await makeKey("unknown");
  const started = performance.now();
  for (let round = 0; round < 300; round++) {
    assert.equal(await status(program.port, await issue(unknown, {}, { kid: `${round}` })), 401);
  }
  const seconds = (performance.now() - started) / 1_000;
  assert.ok(keys.asked <= 2 + seconds / 5, `${keys.asked} fetches in ${seconds} s`);
});

/** Ways to guard `/admin` and nothing else, and the servers that they guard. */
const guards = [
  {
    name: "a policy on one of two rules",
    manifests: `${route}\n---\n${policy(", sectionName: admin", `  jwt:\n    providers:${provider("")}`)}`,
    servers: ["strict"],
  },
  {
    name: "authorization rules on the whole route",
    manifests: `${route}\n---\n${policy(
      "",
      `  jwt:
    optional: true
    providers:${provider("")}
  authorization:
    defaultAction: Allow
    rules:
      - { action: Allow, principal: { jwt: { provider: login, claims: [{ name: sub, values: [ann] }] } } }
      - { action: Deny, operation: { path: { value: /admin } } }`,
    )}`,
    servers: ["strict", "parameters", "decoding"],
  },
] as const;

for (const { name, manifests, servers } of guards) {
  test(`${pathSpellings.length} spellings of a guarded path, by ${name}: none reaches the backend without a token`, async () => {
    assert.ok(new Set(pathSpellings).size >= 84);
    await using keys = new Keys();
    await keys.up();
    await using backend = new Backend();
    await using program = await GuardedProgram.start({ app: await backend.up(), keys: keys.port }, manifests);
    const { port } = program;
    // The guard lets in whom it should, and leaves alone what it does not guard.
    assert.equal(await status(port, await issue(key), "/admin/keys"), 200);
    assert.equal(await status(port, "", "/open"), 200);
    backend.arrived.length = 0;
    const gotIn: string[] = [];
    const check = (spelling: string, how: string): void => {
      for (const target of backend.arrived.splice(0)) {
        for (const server of servers) {
          if (isGuarded(readers[server](target))) gotIn.push(`${how} ${spelling}: ${target} (${server})`);
        }
      }
    };
    const methods = ["GET", "HEAD", "POST", "OPTIONS", "get", "TRACE", "FOO"];
    for (const spelling of pathSpellings) {
      for (const method of methods) {
        await sendRaw(port, `${method} ${spelling} HTTP/1.1\r\nHost: app.example.test\r\nConnection: close\r\n\r\n`);
        check(spelling, method);
      }
      await sendRaw(port, `GET ${spelling} HTTP/1.0\r\n\r\n`);
      check(spelling, "HTTP/1.0");
      await sendHttp2(port, { ":method": "GET", ":path": spelling, ":authority": "app.example.test" });
      check(spelling, "HTTP/2");
      await sendHttp2(port, { ":method": "GET", ":path": spelling, ":authority": "other", host: "app.example.test" });
      check(spelling, "HTTP/2 with two hosts");
    }
    const lines = [
      "Connection: authorization",
      "Connection: close, x-forwarded-for, host",
      "X-Original-URL: /open",
      "X-Rewrite-URL: /open",
      "X-HTTP-Method-Override: OPTIONS",
      "Authorization: Basic YW5uOng=",
      "Authorization: Bearer ",
      "Authorization:",
      "Access-Control-Request-Method: GET\r\nOrigin: https://evil.example.test",
      "Transfer-Encoding: chunked\r\nContent-Length: 3",
      "Upgrade: websocket\r\nConnection: upgrade",
      "Upgrade: h2c\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    ];
    for (const line of lines) {
      await sendRaw(port, `GET /admin/keys HTTP/1.1\r\nHost: app.example.test\r\n${line}\r\n\r\n`);
      check("/admin/keys", line);
    }
    assert.deepEqual(gotIn, []);
  });
}
