import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { plainCookie } from "../../src/ir/issued-cookie.ts";
import type { SessionPersistence } from "../../src/ir/traffic-settings.ts";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate, type TestRule } from "./model-builder.ts";
import { type PlaneTestOptions, startPlane, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient, type RawResponse } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const cookie: SessionPersistence = {
  kind: "cookie",
  name: "sid",
  absoluteTimeoutMs: 0,
  issued: { ...plainCookie, path: "/", secure: "onHttps", sameSite: "Lax" },
  afterFailure: "other",
};

const named = (name: string) => RawUpstream.start(() => ok(name));

/** One rule with one backend on these ports. */
function start(
  ports: readonly number[],
  sessionPersistence: SessionPersistence,
  options: PlaneTestOptions & Pick<Partial<TestRule>, "retry"> = {},
) {
  const { retry, ...plane } = options;
  return startRules([{ name: "app", backends: [{ name: "app", ports }], sessionPersistence, retry }], plane);
}

/** `name=value` of the cookie that an answer sets. */
function pairOf(response: RawResponse): string {
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function bodies(port: number, lines: string, count: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) seen.add((await exchange(port, get("/", lines))).body);
  return seen;
}

test("session persistence: a client with the cookie stays, and is not told again", async () => {
  await using a = await named("a");
  await using b = await named("b");
  await using gateway = await start([a.port, b.port], cookie);
  const first = await exchange(gateway.port, get("/"));
  assert.match(first.headers.get("set-cookie") ?? "", /^sid=[\w-]{40,}; Path=\/; HttpOnly; SameSite=Lax$/);
  assert.doesNotMatch(Buffer.from(pairOf(first).slice(4), "base64url").latin1Slice(), /127\.0\.0\.1/);
  const lines = `Cookie: other=1; ${pairOf(first)}\r\n`;
  assert.deepEqual(await bodies(gateway.port, lines, 20), new Set([first.body]));
  assert.equal((await exchange(gateway.port, get("/", lines))).headers.get("set-cookie"), undefined);
  assert.deepEqual(await bodies(gateway.port, "", 4), new Set(["a", "b"]));
});

test("session persistence: the backend's own cookies are left alone, and the client's reach it", async () => {
  await using a = await RawUpstream.start(() => ok("a", "Set-Cookie: app=1\r\n"));
  await using gateway = await start([a.port], cookie);
  const first = await exchange(gateway.port, get("/", "Cookie: app=0\r\n"));
  assert.match(first.headers.get("set-cookie") ?? "", /^app=1, sid=/);
  assert.match(a.requests[0]!.head, /cookie: app=0\r\n/i);
});

test("session persistence: a value that is forged, or of another key, begins a new session", async () => {
  await using a = await named("a");
  await using b = await named("b");
  await using other = await start([a.port, b.port], cookie);
  await using gateway = await start([a.port, b.port], cookie);
  const foreign = pairOf(await exchange(other.port, get("/")));
  for (const value of [foreign, "sid=", "sid=x", `${foreign}A`, `sid=${"A".repeat(4_000)}`]) {
    const response = await exchange(gateway.port, get("/", `Cookie: ${value}\r\n`));
    assert.equal(response.status, 200);
    assert.match(response.headers.get("set-cookie") ?? "", /^sid=/, value.slice(0, 20));
  }
});

test("session persistence: gateways with one key understand each other, and the second of two cookies is read", async () => {
  await using a = await named("a");
  await using b = await named("b");
  const sessionKey = Buffer.alloc(32, 7);
  await using one = await start([a.port, b.port], cookie, { sessionKey });
  await using two = await start([a.port, b.port], cookie, { sessionKey });
  const first = await exchange(one.port, get("/"));
  assert.deepEqual(await bodies(two.port, `Cookie: sid=stale; ${pairOf(first)}\r\n`, 6), new Set([first.body]));
});

test("session persistence: when the endpoint is gone the client moves, and is told", async () => {
  await using a = await named("a");
  await using b = await named("b");
  const update = buildUpdate([
    {
      name: "http",
      port: 80,
      rules: [{ name: "app", backends: [{ name: "app", ports: [a.port, b.port] }], sessionPersistence: cookie }],
    },
  ]);
  await using gateway = await startPlane(update);
  const first = await exchange(gateway.port, get("/"));
  const left = first.body === "a" ? b : a;
  gateway.plane.updateEndpoints({ "demo/app:80": [{ address: "127.0.0.1", port: left.port }] });
  const moved = await exchange(gateway.port, get("/", `Cookie: ${pairOf(first)}\r\n`));
  assert.notEqual(moved.body, first.body);
  assert.match(moved.headers.get("set-cookie") ?? "", /^sid=/);
  gateway.plane.updateEndpoints(update.endpoints);
  assert.deepEqual(await bodies(gateway.port, `Cookie: ${pairOf(moved)}\r\n`, 6), new Set([moved.body]));
});

test("session persistence: an endpoint that refuses connections is left for another", async () => {
  await using a = await named("a");
  await using gone = await named("gone");
  const deadPort = gone.port;
  await using gateway = await start([a.port, deadPort], cookie);
  let pinned = await exchange(gateway.port, get("/"));
  while (pinned.body !== "gone") pinned = await exchange(gateway.port, get("/"));
  await gone[Symbol.asyncDispose]();
  const moved = await exchange(gateway.port, get("/", `Cookie: ${pairOf(pinned)}\r\n`));
  assert.equal(moved.body, "a");
  assert.match(moved.headers.get("set-cookie") ?? "", /^sid=/);
});

test("session persistence: an endpoint that breaks a request off is left for another by a retry", async () => {
  let broken = false;
  await using a = await named("a");
  await using b = await RawUpstream.start(({ socket }) => {
    if (!broken) return ok("b");
    socket.destroy();
    return undefined;
  });
  await using gateway = await start([a.port, b.port], cookie, { retry: { attempts: 1, codes: [], backoffMs: 0 } });
  let pinned = await exchange(gateway.port, get("/"));
  while (pinned.body !== "b") pinned = await exchange(gateway.port, get("/"));
  broken = true;
  const post = `POST / HTTP/1.1\r\nHost: app\r\nCookie: ${pairOf(pinned)}\r\nContent-Length: 2\r\n\r\nhi`;
  const moved = await exchange(gateway.port, post);
  assert.equal(moved.body, "a");
  assert.match(moved.headers.get("set-cookie") ?? "", /^sid=/);
});

test("session persistence: a permanent cookie says how long it lasts, and is over then", async () => {
  await using a = await named("a");
  mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  try {
    await using gateway = await start([a.port], {
      ...cookie,
      absoluteTimeoutMs: 300_000,
      issued: { ...cookie.issued!, maxAgeSeconds: 300, path: "/shop" },
    });
    const first = await exchange(gateway.port, get("/"));
    assert.match(first.headers.get("set-cookie") ?? "", /; Max-Age=300; Path=\/shop; HttpOnly; SameSite=Lax$/);
    const again = () => exchange(gateway.port, get("/", `Cookie: ${pairOf(first)}\r\n`));
    mock.timers.setTime(1_700_000_299_000);
    assert.equal((await again()).headers.get("set-cookie"), undefined);
    mock.timers.setTime(1_700_000_300_000);
    assert.match((await again()).headers.get("set-cookie") ?? "", /^sid=/);
  } finally {
    mock.timers.reset();
  }
});

test("session persistence: a session cookie with an absolute timeout carries no lifetime and is over all the same", async () => {
  await using a = await named("a");
  mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  try {
    await using gateway = await start([a.port], { ...cookie, absoluteTimeoutMs: 1_000 });
    const first = await exchange(gateway.port, get("/"));
    assert.doesNotMatch(first.headers.get("set-cookie") ?? "", /Max-Age|Expires/);
    mock.timers.setTime(1_700_000_001_000);
    const after = await exchange(gateway.port, get("/", `Cookie: ${pairOf(first)}\r\n`));
    assert.match(after.headers.get("set-cookie") ?? "", /^sid=/);
  } finally {
    mock.timers.reset();
  }
});

test("session persistence: by header, the client sends back what it was given", async () => {
  await using a = await named("a");
  await using b = await named("b");
  await using gateway = await start([a.port, b.port], {
    ...cookie,
    kind: "header",
    name: "x-session",
    issued: undefined,
  });
  const first = await exchange(gateway.port, get("/"));
  const value = first.headers.get("x-session");
  assert.equal(first.headers.get("set-cookie"), undefined);
  assert.deepEqual(await bodies(gateway.port, `X-Session: ${value}\r\n`, 10), new Set([first.body]));
  assert.equal((await exchange(gateway.port, get("/", `X-Session: ${value}\r\n`))).headers.get("x-session"), undefined);
});

test("session persistence: weights are kept, and each backend of a rule has its own endpoint for the client", async () => {
  await using a1 = await named("a1");
  await using a2 = await named("a2");
  await using b1 = await named("b1");
  await using b2 = await named("b2");
  await using gateway = await startRules([
    {
      name: "app",
      sessionPersistence: cookie,
      backends: [
        { name: "a", weight: 3, ports: [a1.port, a2.port] },
        { name: "b", weight: 1, ports: [b1.port, b2.port] },
      ],
    },
  ]);
  let jar = "";
  const seen: string[] = [];
  for (let i = 0; i < 40; i++) {
    const response = await exchange(gateway.port, get("/", jar === "" ? "" : `Cookie: ${jar}\r\n`));
    jar = pairOf(response) || jar;
    seen.push(response.body);
  }
  const of = (backend: string) => seen.filter((body) => body.startsWith(backend));
  assert.equal(of("a").length, 30);
  assert.equal(of("b").length, 10);
  assert.equal(new Set(of("a")).size, 1);
  assert.equal(new Set(of("b")).size, 1);
});

test("session persistence: a rule's settings win over the backend's, which hold without them", async () => {
  await using a = await named("a");
  const backend = { name: "app", ports: [a.port], traffic: { sessionPersistence: { ...cookie, name: "of-backend" } } };
  await using gateway = await startRules([
    {
      name: "own",
      match: { path: { kind: "prefix", value: "/own" } },
      backends: [backend],
      sessionPersistence: cookie,
    },
    { name: "app", backends: [backend] },
  ]);
  assert.match(pairOf(await exchange(gateway.port, get("/own"))), /^sid=/);
  assert.match(pairOf(await exchange(gateway.port, get("/"))), /^of-backend=/);
});

test("session persistence: an answer of the gateway's own begins no session", async () => {
  await using gateway = await start([], cookie);
  const response = await exchange(gateway.port, get("/"));
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("set-cookie"), undefined);
});

test("session persistence: over HTTPS the cookie is for HTTPS alone", async () => {
  await using a = await named("a");
  const certificate = makeCertificate({ names: ["app.example.test"] });
  const tls = {
    mode: "terminate",
    certificates: [{ key: "demo/app", fingerprint: "f", names: ["app.example.test"] }],
    minVersion: "TLSv1.2",
  } as const;
  const rules = [{ name: "app", backends: [{ name: "app", ports: [a.port] }], sessionPersistence: cookie }];
  const material = { kind: "certificate", chainPem: certificate.certPem, keyPem: certificate.keyPem } as const;
  await using gateway = await startPlane(
    buildUpdate([{ name: "https", port: 443, tls, rules }], new Map([["demo/app", material]])),
  );
  await using client = await RawClient.connectTls(gateway.plane.boundPort(443) ?? 0, {
    servername: "app.example.test",
    rejectUnauthorized: false,
  });
  client.send(get("/"));
  assert.match((await client.response()).headers.get("set-cookie") ?? "", /; Secure; HttpOnly; SameSite=Lax$/);
});

test("session persistence: where it is to stay after a failure, all attempts are at the client's endpoint", async () => {
  const reset = ({ socket, head }: { socket: { resetAndDestroy(): void }; head: string }) => {
    if (!head.includes("x-fail")) return ok("");
    socket.resetAndDestroy();
    return undefined;
  };
  await using a = await RawUpstream.start(reset);
  await using b = await RawUpstream.start(reset);
  for (const [afterFailure, endpoints] of [
    ["same", 1],
    ["other", 2],
  ] as const) {
    const options = { retry: { attempts: 2, codes: [], backoffMs: 0 } };
    await using gateway = await start([a.port, b.port], { ...cookie, afterFailure }, options);
    const pair = pairOf(await exchange(gateway.port, get("/")));
    const before = [a.requests.length, b.requests.length];
    assert.equal((await exchange(gateway.port, get("/", `Cookie: ${pair}\r\nx-fail: 1\r\n`))).status, 502);
    const asked = [a, b].filter(({ requests }, index) => requests.length > before[index]!);
    assert.equal(asked.length, endpoints, afterFailure);
  }
});

test("a cookie that names the backend keeps clients there, whatever the weights are, by a hash and by a session", async () => {
  await using main = await named("main");
  await using canary = await named("canary");
  const by = { kind: "cookie", name: "sid", issued: { ...plainCookie, path: "/" } } as const;
  const turns = { kind: "consistentHash", by, tableSize: 1_009, afterFailure: "same" } as const;
  const loadBalancing = { turns, slowStartMs: 0, zones: { kind: "none" }, overrideHeaders: [] } as const;
  const connections = { maxRequests: 0, maxAgeMs: 0, idleMs: 0 };
  const hashed = { policy: { loadBalancing, connections, panicPercent: 0 } };
  for (const [traffic, sessionPersistence] of [
    [hashed, undefined],
    [{}, cookie],
  ] as const) {
    const weights = (first: number, second: number) => ({
      name: "app",
      sessionPersistence,
      backendCookie: "sid",
      backends: [
        { name: "main", ports: [main.port], weight: first, keptAs: "m", traffic },
        { name: "canary", ports: [canary.port], weight: second, keptAs: "c", traffic },
      ],
    });
    await using gateway = await startRules([weights(1, 0)]);
    const first = await exchange(gateway.port, get("/"));
    assert.equal(first.body, "main");
    assert.match(pairOf(first), /^sid=[\w-]+\|m$/);
    await gateway.plane.apply(buildUpdate([{ name: "http", port: 80, rules: [weights(0, 1)] }]));
    assert.equal((await exchange(gateway.port, get("/"))).body, "canary");
    const again = await exchange(gateway.port, get("/", `Cookie: ${pairOf(first)}\r\n`));
    assert.deepEqual([again.body, again.headers.get("set-cookie")], ["main", undefined]);
    const stranger = await exchange(gateway.port, get("/", "Cookie: sid=x|nobody\r\n"));
    assert.equal(stranger.body, "canary");
  }
});
