import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const header = (on: "request" | "response", name: string, value: string): Filter => ({
  kind: "headerModifier",
  on,
  set: [{ name, value }],
  add: [],
  remove: [],
});

/** Lines of a head by name. */
function lines(head: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    head
      .split("\r\n")
      .slice(1)
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
}

function start(ports: readonly number[], authPort: number, filters: readonly Filter[]) {
  return startProxy(ports, {}, { filters, others: [{ name: "auth", ports: [authPort] }] });
}

test("externalAuth over HTTP: the server is told method, path, host, named headers and who asks, and nothing else", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => ok(""));
  await using gateway = await start([backend.port], server.port, [externalAuth({ allowedHeaders: ["x-team"] })]);
  const sent =
    "Authorization: t\r\nX-Team: a\r\nCookie: c=1\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 2\r\n\r\nhi";
  await exchange(gateway.port, `PUT /a%20b?q=1 HTTP/1.1\r\nHost: App.Example.Test:8080\r\n${sent}`);
  const { head, body } = server.requests[0]!;
  assert.match(head, /^PUT \/a%20b\?q=1 HTTP\/1\.1\r\n/);
  assert.equal(body, "");
  const { traceparent, "x-request-id": id, ...rest } = lines(head);
  assert.deepEqual(rest, {
    host: "App.Example.Test:8080",
    authorization: "t",
    "x-team": "a",
    "content-length": "0",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-port": String(gateway.port),
    "x-forwarded-host": "App.Example.Test:8080",
  });
  assert.equal(id, gateway.records[0]!.requestId);
  assert.ok(traceparent?.includes(gateway.records[0]!.traceId));
});

test("externalAuth over HTTP: only named headers are copied, and a client cannot send them itself", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => ok("", "X-User: ann\r\nX-User: bob\r\nX-Other: o\r\n"));
  const filter = externalAuth({ allowedResponseHeaders: ["x-user", "x-role", "authorization"] });
  await using gateway = await start([backend.port], server.port, [filter]);
  await exchange(gateway.port, get("/", "X-User: root\r\nX_User: root\r\nX-Role: admin\r\nAuthorization: mine\r\n"));
  const { head } = backend.requests[0]!;
  assert.deepEqual(head.match(/^x-user: .*$/gim), ["x-user: ann", "x-user: bob"]);
  assert.doesNotMatch(head, /root|admin|x-other/i);
  assert.match(head, /authorization: mine/i);
});

test("externalAuth over HTTP: what frames or describes a message is never copied", async () => {
  await using backend = await RawUpstream.start(({ body }) => ok(body));
  await using server = await RawUpstream.start(() =>
    ok("text", "Host: evil\r\nContent-Type: text/x\r\nX-Forwarded-For: 6.6.6.6\r\nDate: d\r\nX-Ok: 1\r\n"),
  );
  await using gateway = await start([backend.port], server.port, [externalAuth()]);
  const post = "POST / HTTP/1.1\r\nHost: app\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\nbody";
  assert.equal((await exchange(gateway.port, post)).body, "body");
  const sent = lines(backend.requests[0]!.head);
  assert.equal(sent["host"], "app");
  assert.equal(sent["content-type"], "a/b");
  assert.equal(sent["x-forwarded-for"], "127.0.0.1");
  assert.equal(sent["x-ok"], "1");
  assert.equal(sent["date"], undefined);
});

test("externalAuth over HTTP: a refusal comes as the server wrote it, bytes and all", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using server = await RawUpstream.start(
    () =>
      "HTTP/1.1 302 Found\r\nLocation: /login\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: x/y\r\nContent-Length: 3\r\n\r\n\xff\x00\xfe",
  );
  await using gateway = await start([backend.port], server.port, [externalAuth(), header("response", "x-seen", "yes")]);
  const response = await exchange(gateway.port, get("/"));
  assert.equal(response.status, 302);
  assert.equal(response.headers.get("location"), "/login");
  assert.equal(response.headers.get("set-cookie"), "a=1, b=2");
  assert.equal(response.headers.get("content-type"), "x/y");
  assert.equal(response.headers.get("x-seen"), "yes");
  assert.equal(response.body, "\xff\x00\xfe");
  assert.equal(gateway.records[0]!.responseFlag, "UAEX");
  assert.equal(backend.requests.length, 0);
});

test("externalAuth over HTTP: a success other than 200 is no permission, and does not look like one", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using server = await RawUpstream.start(() => "HTTP/1.1 204 No Content\r\n\r\n");
  await using gateway = await start([backend.port], server.port, [externalAuth()]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 403);
  assert.equal(backend.requests.length, 0);
});

test("externalAuth over HTTP: whatever goes wrong refuses the request with 403", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  const large = "x".repeat(65_536);
  const answers = [
    "garbage\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    ...["200 OK", "401 No"].flatMap((status) => [
      `HTTP/1.1 ${status}\r\nContent-Length: ${large.length}\r\n\r\n${large}`,
      `HTTP/1.1 ${status}\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n${large}\r\n0\r\n\r\n`,
      `HTTP/1.1 ${status}\r\n\r\n${large}`,
      `HTTP/1.1 ${status}\r\nX-A: ${"a".repeat(40_000)}\r\nContent-Length: 40000\r\n\r\n${"x".repeat(40_000)}`,
    ]),
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
  ];
  for (const answer of answers) {
    await using server = await RawUpstream.start(({ socket }) => {
      socket.end(Buffer.from(answer, "latin1"));
      return undefined;
    });
    await using gateway = await start([backend.port], server.port, [externalAuth()]);
    assert.equal((await exchange(gateway.port, get("/"))).status, 403, answer.slice(0, 40));
    assert.equal(gateway.records[0]!.responseFlag, "UAE");
  }
  assert.equal(backend.requests.length, 0);
});

test("externalAuth over HTTP: an answer of 64 KiB is read, and the length of the answer to a HEAD is no size", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  const largest = 65_536 - "HTTP/1.1 200 OK\r\nContent-Length: 00000\r\n\r\n".length;
  await using server = await RawUpstream.start(({ head }) =>
    head.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" : ok("x".repeat(largest)),
  );
  await using gateway = await start([backend.port], server.port, [externalAuth()]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  assert.equal((await exchange(gateway.port, get("/").replace("GET", "HEAD"), "HEAD")).status, 200);
});

test("externalAuth over HTTP: filters before it have changed what the server sees, filters behind it see what it set", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(() => ok("", "X-Stage: auth\r\n"));
  await using gateway = await start([backend.port], server.port, [
    header("request", "x-team", "set-before"),
    externalAuth({ allowedHeaders: ["x-team", "x-late"] }),
    { kind: "headerModifier", on: "request", set: [], add: [{ name: "x-stage", value: "late" }], remove: [] },
    header("request", "x-late", "1"),
  ]);
  await exchange(gateway.port, get("/"));
  const asked = lines(server.requests[0]!.head);
  assert.equal(asked["x-team"], "set-before");
  assert.equal(asked["x-late"], undefined);
  assert.deepEqual(backend.requests[0]!.head.match(/^x-(stage|late): .*$/gim), [
    "x-stage: auth",
    "x-stage: late",
    "x-late: 1",
  ]);
});

test("externalAuth over HTTP: two of them both have to admit, and one of a backendRef counts for that backend alone", async () => {
  await using open = await RawUpstream.start(() => ok("open"));
  await using closed = await RawUpstream.start(() => ok("closed"));
  await using first = await RawUpstream.start(() => ok("", "X-First: 1\r\n"));
  await using second = await RawUpstream.start(({ head }) =>
    /x-first: 1/.test(head) ? "HTTP/1.1 418 No\r\nContent-Length: 0\r\n\r\n" : ok(""),
  );
  await using gateway = await startRules([
    {
      name: "app",
      filters: [externalAuth()],
      backends: [
        { name: "open", ports: [open.port] },
        {
          name: "closed",
          ports: [closed.port],
          filters: [externalAuth({ servers: ["demo/second:80"], allowedHeaders: ["x-first"] })],
        },
      ],
      others: [
        { name: "auth", ports: [first.port] },
        { name: "second", ports: [second.port] },
      ],
    },
  ]);
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await exchange(gateway.port, get("/"))).status);
  assert.deepEqual(statuses.sort(), [200, 200, 418, 418]);
  assert.equal(closed.requests.length, 0);
});

test("externalAuth over HTTP: a body larger than what the gateway holds waits for the verdict and then flows", async () => {
  const text = "0123456789abcdef".repeat(20_000);
  await using backend = await RawUpstream.start(({ body }) => ok(String(body.length)));
  await using server = await RawUpstream.start(() => ok(""));
  await using gateway = await start([backend.port], server.port, [
    externalAuth(),
    externalAuth({ forwardBodyBytes: 400_000 }),
  ]);
  const response = await exchange(
    gateway.port,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
  assert.equal(response.body, String(text.length));
  assert.deepEqual(
    server.requests.map(({ body }) => body.length),
    [0, text.length],
  );
});

test("externalAuth over HTTP: a body above the limit is refused with 413, whatever its framing", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using server = await RawUpstream.start(() => ok(""));
  await using gateway = await start([backend.port], server.port, [externalAuth({ forwardBodyBytes: 4 })]);
  const post = "POST / HTTP/1.1\r\nHost: app\r\n";
  assert.equal((await exchange(gateway.port, `${post}Content-Length: 5\r\n\r\nabcde`)).status, 413);
  const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`;
  assert.equal((await exchange(gateway.port, chunked)).status, 413);
  assert.equal(backend.requests.length + server.requests.length, 0);
});

test("externalAuth over HTTP: every request of a connection is asked about, also those that came together", async () => {
  await using backend = await RawUpstream.start(() => ok("served"));
  await using server = await RawUpstream.start(({ head }) =>
    head.startsWith("GET /yes") ? ok("") : "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
  );
  await using gateway = await start([backend.port], server.port, [externalAuth()]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/yes/1") + get("/no/2") + get("/yes/3"));
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await client.response()).status);
  assert.deepEqual(statuses, [200, 403, 200]);
  assert.equal(server.requests.length, 3);
});

test("externalAuth over HTTP: verdicts are counted by the object that has the filter", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(({ head }) =>
    head.startsWith("GET /yes") ? ok("") : "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
  );
  await using gateway = await start([backend.port], server.port, [externalAuth()]);
  await exchange(gateway.port, get("/yes"));
  await exchange(gateway.port, get("/no"));
  const count = (result: string) =>
    gateway.telemetry.registry.counter(
      "gateway_external_auth_requests_total",
      "HTTPRoute",
      "demo",
      "test",
      "auth",
      result,
    ).value;
  assert.deepEqual(["allowed", "denied", "failed"].map(count), [1, 1, 0]);
});
