/** What a SecurityPolicy adds to the standard filter: docs/policies/external-authorization.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExternalAuth } from "../../src/ir/external-auth.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const fixed = { kind: "fixed", value: "/oauth2/auth" } as const;

function start(
  backend: RawUpstream,
  servers: readonly (readonly [name: string, ports: readonly number[]])[],
  options: Partial<ExternalAuth>,
) {
  const filters = [externalAuth(options)];
  return startProxy([backend.port], {}, { filters, others: servers.map(([name, ports]) => ({ name, ports })) });
}

const admits = () => ok("");
const empty = "Content-Length: 0\r\n\r\n";

test("externalAuth of a policy: a fixed path is asked in nginx's manner, and 202 admits there", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => `HTTP/1.1 202 Accepted\r\nX-User: ann\r\n${empty}`);
  await using gateway = await start(backend, [["auth", [server.port]]], {
    path: fixed,
    allowedHeaders: ["cookie", "x-original-url", "x-forwarded-uri"],
    allowedResponseHeaders: ["x-user"],
  });
  const forged =
    "X-Original-URL: http://evil/\r\nX-Forwarded-Uri: /evil\r\nX-Forwarded-Method: DELETE\r\nX-User: root\r\nCookie: s=1\r\n";
  const answer = await exchange(gateway.port, `POST /a/../b%2Dc?x=1 HTTP/1.1\r\nHost: app.test\r\n${forged}${empty}`);
  assert.equal(answer.status, 200);
  const { head } = server.requests[0]!;
  assert.match(head, /^POST \/oauth2\/auth HTTP\/1\.1\r\n/);
  assert.match(head, /\r\nx-forwarded-method: POST\r\n/i);
  assert.match(head, /\r\nx-forwarded-uri: \/b-c\?x=1\r\n/i);
  assert.match(head, /\r\nx-original-url: http:\/\/app\.test\/b-c\?x=1\r\n/i);
  assert.match(head, /\r\ncookie: s=1\r\n/i);
  assert.doesNotMatch(head, /evil|DELETE/);
  assert.match(backend.requests[0]!.head, /x-user: ann/i);
  assert.doesNotMatch(backend.requests[0]!.head, /root/);
});

test("externalAuth of a policy: every spelling of a path is asked about in the form that is matched", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => `HTTP/1.1 403 No\r\n${empty}`);
  await using gateway = await start(backend, [["auth", [server.port]]], { path: fixed });
  for (const path of ["/admin", "/x/../admin", "/./admin", "/%61dmin", "/x/%2e%2e/admin"]) {
    assert.equal((await exchange(gateway.port, get(path))).status, 403, path);
    assert.match(server.requests.at(-1)!.head, /x-forwarded-uri: \/admin\r\n/i, path);
  }
  assert.equal(backend.requests.length, 0);
});

test("externalAuth of a policy: a browser is sent to sign in with the address that it asked for, and comes to no other host", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => `HTTP/1.1 401 No\r\nSet-Cookie: s=; Max-Age=0\r\n${empty}`);
  const location = async (url: string, request: string) => {
    const signIn = { url, parameter: "rd" };
    await using gateway = await start(backend, [["auth", [server.port]]], { path: fixed, signIn });
    const answer = await exchange(gateway.port, request);
    return {
      status: answer.status,
      location: answer.headers.get("location"),
      cookie: answer.headers.get("set-cookie"),
    };
  };
  const absolute = "https://sign.test/oauth2/start?x=1";
  assert.deepEqual(await location(absolute, get("/a?b=c&d")), {
    status: 302,
    location: `${absolute}&rd=${encodeURIComponent("http://app.example.test/a?b=c&d")}`,
    cookie: "s=; Max-Age=0",
  });
  for (const path of ["//evil.test/", "/\\evil.test/", "///evil.test", "/%5cevil.test", "/.//evil.test"]) {
    const found = await location("/oauth2/start", get(path));
    if (found.status === 400) continue;
    const rd = new URL(found.location ?? "", "http://app").searchParams.get("rd") ?? "";
    assert.ok(rd.startsWith("/"), `${path} ${rd}`);
    assert.equal(new URL(rd, "http://app.example.test").host, "app.example.test", `${path} ${rd}`);
    const whole = await location(absolute, get(path));
    assert.equal(new URL(new URL(whole.location ?? "").searchParams.get("rd") ?? "").host, "app.example.test", path);
  }
});

test("externalAuth of a policy: who is no browser at a page gets the 401 itself", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => `HTTP/1.1 401 No\r\nWWW-Authenticate: Own\r\n${empty}`);
  const signIn = { url: "/oauth2/start", parameter: "rd" };
  await using gateway = await start(backend, [["auth", [server.port]]], { path: fixed, signIn });
  for (const request of [
    get("/", "X-Requested-With: XMLHttpRequest\r\n"),
    get("/", "Sec-Fetch-Mode: cors\r\n"),
    get("/", "Accept: application/json\r\n"),
    `POST / HTTP/1.1\r\nHost: app\r\n${empty}`,
  ]) {
    const answer = await exchange(gateway.port, request);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("www-authenticate"), "Own");
  }
  assert.equal((await exchange(gateway.port, get("/", "Sec-Fetch-Mode: navigate\r\n"))).status, 302);
});

test("externalAuth of a policy: a refusal other than 401 is not a sign-in", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => `HTTP/1.1 403 No\r\n${empty}`);
  await using gateway = await start(backend, [["auth", [server.port]]], { signIn: { url: "/s", parameter: "rd" } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 403);
});

test("externalAuth of a policy: failures have the policy's status, 5xx is one, and only what is written lets pass", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  for (const answer of [`HTTP/1.1 500 No\r\n${empty}`, "garbage\r\n\r\n", undefined]) {
    await using server = await RawUpstream.start(() => answer);
    const options = { serverErrors: "failures", timeoutMs: 50, allowedResponseHeaders: ["x-user"] } as const;
    await using closed = await start(backend, [["auth", [server.port]]], {
      ...options,
      onFailure: { kind: "refuse", status: 503 },
    });
    const refused = await exchange(closed.port, get("/"));
    assert.equal(refused.status, 503);
    assert.equal(closed.records[0]!.responseFlag, "UAE");
    assert.equal(backend.requests.length, 0);
    await using open = await start(backend, [["auth", [server.port]]], { ...options, onFailure: { kind: "admit" } });
    assert.equal((await exchange(open.port, get("/", "X-User: root\r\nX_User: root\r\n"))).status, 200);
    assert.doesNotMatch(backend.requests.pop()!.head, /root/);
  }
});

test("externalAuth of a policy: failing open is for failures, not for refusals", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => `HTTP/1.1 403 No\r\n${empty}`);
  await using gateway = await start(backend, [["auth", [server.port]]], { onFailure: { kind: "admit" } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 403);
  await using none = await start(backend, [], { servers: [], onFailure: { kind: "admit" } });
  assert.equal((await exchange(none.port, get("/"))).status, 403);
});

test("externalAuth of a policy: a server that cannot be reached gives way to the next, and all to the fallback", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using good = await RawUpstream.start(admits);
  await using spare = await RawUpstream.start(admits);
  const servers = ["demo/gone:80", "demo/good:80"];
  const options = { servers, fallbacks: ["demo/spare:80"] };
  await using gateway = await start(
    backend,
    [
      ["gone", []],
      ["good", [good.port]],
      ["spare", [spare.port]],
    ],
    options,
  );
  for (let i = 0; i < 10; i++) assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  assert.deepEqual([good.requests.length, spare.requests.length], [10, 0]);
  await using lost = await start(
    backend,
    [
      ["gone", []],
      ["good", []],
      ["spare", [spare.port]],
    ],
    options,
  );
  assert.equal((await exchange(lost.port, get("/"))).status, 200);
  assert.equal(spare.requests.length, 1);
});

test("externalAuth of a policy: a permission is remembered for what is the same, a refusal never", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(({ head }) =>
    /cookie: bad/i.test(head) ? `HTTP/1.1 401 No\r\n${empty}` : `HTTP/1.1 200 OK\r\nX-User: ann\r\n${empty}`,
  );
  const options = { allowedHeaders: ["cookie"], allowedResponseHeaders: ["x-user"] };
  const asked = async (gateway: { readonly port: number }, path: string, cookie: string) => {
    const before = server.requests.length;
    const answer = await exchange(gateway.port, get(path, `Cookie: ${cookie}\r\nX-User: root\r\n`));
    if (answer.status === 200) assert.match(backend.requests.at(-1)!.head, /x-user: ann/i);
    return [answer.status, server.requests.length - before];
  };
  await using whole = await start(backend, [["auth", [server.port]]], {
    ...options,
    cache: { ttlMs: 60_000, by: "request" },
  });
  assert.deepEqual(await asked(whole, "/a", "s=1"), [200, 1]);
  assert.deepEqual(await asked(whole, "/a", "s=1"), [200, 0]);
  assert.deepEqual(await asked(whole, "/b", "s=1"), [200, 1]);
  assert.deepEqual(await asked(whole, "/a", "s=2"), [200, 1]);
  assert.deepEqual(await asked(whole, "/a", "bad"), [401, 1]);
  assert.deepEqual(await asked(whole, "/a", "bad"), [401, 1]);
  await using session = await start(backend, [["auth", [server.port]]], {
    ...options,
    cache: { ttlMs: 60_000, by: "credentials" },
  });
  assert.deepEqual(await asked(session, "/a", "s=1"), [200, 1]);
  assert.deepEqual(await asked(session, "/b", "s=1"), [200, 0]);
  assert.deepEqual(await asked(session, "/b", "bad"), [401, 1]);
  assert.equal(
    session.telemetry.registry.counter(
      "gateway_external_auth_requests_total",
      "HTTPRoute",
      "demo",
      "test",
      "auth",
      "cached",
    ).value,
    1,
  );
});

test("externalAuth of a policy: clients are told what the policy names, and a permission with a cookie is not shared", async () => {
  await using backend = await RawUpstream.start(() => ok("", "Set-Cookie: own=1\r\n"));
  await using server = await RawUpstream.start(() => ok("", "Set-Cookie: s=2\r\nX-Inner: 1\r\n"));
  await using gateway = await start(backend, [["auth", [server.port]]], {
    allowedResponseHeaders: [],
    clientHeaders: ["set-cookie"],
    cache: { ttlMs: 60_000, by: "credentials" },
  });
  for (let i = 0; i < 2; i++) {
    const answer = await exchange(gateway.port, get("/"));
    assert.equal(answer.headers.get("set-cookie"), "own=1, s=2");
    assert.equal(answer.headers.get("x-inner"), undefined);
  }
  assert.equal(server.requests.length, 2);
  assert.doesNotMatch(backend.requests[0]!.head, /x-inner|set-cookie/i);
});
