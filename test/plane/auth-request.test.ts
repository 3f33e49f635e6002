import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthRequest } from "../../src/ir/access-filter.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

function authRequest(changes: Partial<AuthRequest> = {}): AuthRequest {
  return {
    kind: "authRequest",
    server: "demo/auth:80",
    method: "GET",
    target: ["/check"],
    host: "auth.test",
    withheld: ["x-forwarded-proto"],
    headers: [{ name: "x-original-url", value: [{ from: "scheme" }, "://", { from: "host" }, { from: "target" }] }],
    admits: "success",
    copiedHeaders: [],
    cookies: "success",
    signIn: undefined,
    cache: undefined,
    timeoutMs: 10_000,
    ...changes,
  };
}

/** A gateway with these filters in front of a backend and an authorisation server, which answers as `says`. */
async function start(
  filters: readonly Filter[],
  says: (head: string) => string,
  answers: () => string = () => ok("page"),
) {
  const backend = await RawUpstream.start(answers);
  const server = await RawUpstream.start(({ head }) => says(head));
  const gateway = await startProxy([backend.port], {}, { filters, others: [{ name: "auth", ports: [server.port] }] });
  return {
    gateway,
    backend,
    server,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

const answer = (status: number, lines = "") => `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n${lines}\r\n`;

test("the server is asked in words of the filter's, with the client's headers and without its content", async () => {
  await using it = await start([authRequest()], () => answer(200));
  const lines = "Authorization: t\r\nCookie: c=1\r\nX-Original-URL: http://forged/\r\nContent-Length: 2\r\n\r\nhi";
  await exchange(it.gateway.port, `POST /a%20b?q=1 HTTP/1.1\r\nHost: app.test:8080\r\n${lines}`);
  const { head, body } = it.server.requests[0]!;
  assert.equal(body, "");
  assert.match(head, /^GET \/check HTTP\/1\.1\r\nhost: auth\.test\r\n/i);
  assert.match(head, /^authorization: t\r$/im);
  assert.match(head, /^cookie: c=1\r$/im);
  assert.deepEqual(head.match(/^x-original-url: .*$/gim), ["x-original-url: http://app.test:8080/a%20b?q=1"]);
});

test("success passes, 401 and 403 refuse, anything else and nobody is a 500", async () => {
  for (const [told, status] of [
    [200, 200],
    [204, 200],
    [299, 200],
    [401, 401],
    [403, 403],
    [302, 500],
    [404, 500],
    [500, 500],
  ] as const) {
    await using it = await start([authRequest()], () =>
      answer(told, 'WWW-Authenticate: Bearer realm="svc"\r\nSet-Cookie: s=1\r\n'),
    );
    const response = await exchange(it.gateway.port, get("/"));
    assert.equal(response.status, status, String(told));
    assert.equal(response.headers.get("www-authenticate"), told === 401 ? 'Bearer realm="svc"' : undefined);
    assert.equal(response.headers.get("set-cookie"), status === 200 ? "s=1" : undefined);
    assert.equal(it.backend.requests.length, status === 200 ? 1 : 0);
  }
  await using strict = await start([authRequest({ admits: "ok" })], () => answer(204));
  assert.equal((await exchange(strict.gateway.port, get("/"))).status, 500);
  await using nobody = await start([authRequest({ server: undefined })], () => answer(200));
  assert.equal((await exchange(nobody.gateway.port, get("/"))).status, 500);
});

test("headers of a permission take the place of the client's, and a missing one is removed", async () => {
  const filter = authRequest({ copiedHeaders: ["x-user", "x-email"] });
  await using it = await start([filter], () => answer(200, "X-User: alice\r\nX-Other: o\r\n"));
  await exchange(
    it.gateway.port,
    get("/", "X-User: mallory\r\nX-Email: m@evil.test\r\nX_Email: m\r\nX-Other: mine\r\n"),
  );
  const { head } = it.backend.requests[0]!;
  assert.match(head, /^x-user: alice\r$/im);
  assert.match(head, /^x-other: mine\r$/im);
  assert.doesNotMatch(head, /mallory|email/i);
});

test("cookies of a permission go to the client with success and redirects, or with every answer", async () => {
  for (const [cookies, status, told] of [
    ["success", "302 Found", "s=1"],
    ["success", "404 Not Found", undefined],
    ["always", "404 Not Found", "s=1"],
  ] as const) {
    const backend = () => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
    await using it = await start([authRequest({ cookies })], () => answer(200, "Set-Cookie: s=1\r\n"), backend);
    assert.equal((await exchange(it.gateway.port, get("/"))).headers.get("set-cookie"), told);
  }
});

test("who is not known is sent to the sign-in page, with the cookies of the refusal", async () => {
  const signIn = ["https://login.test/?rd=", { from: "host" }, { from: "escapedTarget" }] as const;
  await using it = await start([authRequest({ signIn })], (head) =>
    answer(/^GET \/check/.test(head) ? 401 : 200, "Set-Cookie: s=1\r\n"),
  );
  const response = await exchange(it.gateway.port, get("/a%20b?x=1&y=(2)"));
  assert.equal(response.status, 302);
  assert.equal(
    response.headers.get("location"),
    "https://login.test/?rd=app.example.test%2Fa%2520b%3Fx%3D1%26y%3D%282%29",
  );
  assert.equal(response.headers.get("set-cookie"), "s=1");
  await using denied = await start([authRequest({ signIn })], () => answer(403));
  assert.equal((await exchange(denied.gateway.port, get("/"))).status, 403);
});

test("answers are remembered by the key and by status, but for those that set cookies", async () => {
  const key = [{ from: "request", name: "authorization", otherwise: undefined, maxLength: 4096 }] as const;
  const cache = { key, rows: [{ statuses: [200, 401], ttlMs: 600_000 }] };
  await using it = await start([authRequest({ cache })], (head) =>
    /authorization: good/i.test(head)
      ? answer(200)
      : answer(/cookie/i.test(head) ? 200 : 401, /cookie/i.test(head) ? "Set-Cookie: s=1\r\n" : ""),
  );
  const ask = async (lines: string) => (await exchange(it.gateway.port, get("/", lines))).status;
  assert.deepEqual([await ask("Authorization: good\r\n"), await ask("Authorization: good\r\n")], [200, 200]);
  assert.equal(it.server.requests.length, 1);
  assert.deepEqual([await ask("Authorization: bad\r\n"), await ask("Authorization: bad\r\n")], [401, 401]);
  assert.equal(it.server.requests.length, 2);
  assert.deepEqual(
    [await ask("Authorization: new\r\nCookie: c\r\n"), await ask("Authorization: new\r\nCookie: c\r\n")],
    [200, 200],
  );
  assert.equal(it.server.requests.length, 4);
});

const allowed = (cidr: string): Filter => ({
  kind: "authorization",
  rules: [
    {
      name: "",
      action: "allow",
      methods: [],
      path: undefined,
      clientCidrs: [cidr],
      headers: [],
      jwt: undefined,
      cel: undefined,
    },
  ],
  defaultAction: "deny",
});

test("anyOf: the first that agrees is enough, and nobody behind it is asked", async () => {
  const filters = (cidr: string): readonly Filter[] => [
    { kind: "anyOf", filters: [allowed(cidr), authRequest()] as never },
  ];
  await using inside = await start(filters("127.0.0.0/8"), () => answer(401));
  assert.equal((await exchange(inside.gateway.port, get("/"))).status, 200);
  assert.equal(inside.server.requests.length, 0);
  for (const [told, status] of [
    [200, 200],
    [401, 401],
    [403, 403],
    [500, 500],
  ] as const) {
    await using outside = await start(filters("10.0.0.0/8"), () => answer(told, "Set-Cookie: s=1\r\n"));
    const response = await exchange(outside.gateway.port, get("/"));
    assert.equal(response.status, status);
    assert.equal(response.headers.get("set-cookie"), status === 200 ? "s=1" : undefined);
    assert.equal(outside.server.requests.length, 1);
  }
});

test("anyOf: a 401 counts before a 403, whichever comes first, and the next is asked when one has refused late", async () => {
  const first = authRequest();
  const second = authRequest({ target: ["/second"] });
  for (const [one, two, status] of [
    [401, 403, 401],
    [403, 401, 401],
    [403, 403, 403],
    [403, 200, 200],
    [200, 403, 200],
  ] as const) {
    await using it = await start([{ kind: "anyOf", filters: [first, second] }], (head) =>
      answer(head.startsWith("GET /second") ? two : one),
    );
    assert.equal((await exchange(it.gateway.port, get("/"))).status, status, `${one} ${two}`);
  }
  await using nobody = await start([{ kind: "anyOf", filters: [{ ...first, server: undefined }, second] }], () =>
    answer(200),
  );
  assert.equal((await exchange(nobody.gateway.port, get("/"))).status, 500);
});
