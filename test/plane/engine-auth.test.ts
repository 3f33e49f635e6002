import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExternalAuth } from "../../src/ir/external-auth.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

function auth(options: Partial<ExternalAuth> = {}): Filter {
  return externalAuth({ path: { kind: "prefix", value: "/check" }, allowedHeaders: ["x-team"], ...options });
}

test("externalAuth: an allowed request goes on with the server's fields, body and all", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using server = await RawUpstream.start(() => ok("", "X-User: ann\r\nContent-Type: text/x\r\n"));
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      filters: [auth()],
      others: [{ name: "auth", ports: [server.port] }],
    },
  );
  const request =
    "POST /pay?x=1 HTTP/1.1\r\nHost: app\r\nX-Team: a\r\nX-User: eve\r\nX-Secret: s\r\nAuthorization: t\r\nContent-Length: 4\r\n\r\nbody";
  assert.equal((await exchange(gateway.port, request)).body, "body");
  const question = server.requests[0]!.head;
  assert.match(question, /^POST \/check\/pay\?x=1 HTTP\/1\.1\r\nhost: app\r\nauthorization: t\r\nx-team: a\r\n/);
  assert.match(question, /content-length: 0\r\n/);
  assert.doesNotMatch(question, /secret/i);
  const { head } = upstream.requests[0]!;
  assert.match(head, /x-user: ann\r\n/);
  assert.doesNotMatch(head, /eve|text\/x/);
});

test("externalAuth: any other answer goes to the client", async () => {
  await using upstream = await RawUpstream.start(() => ok("never"));
  await using server = await RawUpstream.start(
    () => "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlogin\r\n0\r\n\r\n",
  );
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      filters: [auth()],
      others: [{ name: "auth", ports: [server.port] }],
    },
  );
  const response = await exchange(gateway.port, get("/"));
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("www-authenticate"), "Basic");
  assert.equal(response.body, "login");
  assert.equal(gateway.records[0]!.responseFlag, "UAEX");
  assert.equal(upstream.requests.length, 0);
});

test("externalAuth: without a server that answers every request is refused", async () => {
  await using upstream = await RawUpstream.start(() => ok("never"));
  await using silent = await RawUpstream.start(() => undefined);
  for (const [filter, ports] of [
    [auth({ servers: [] }), []],
    [auth(), []],
    [auth({ protocol: "grpc" }), [silent.port]],
    [auth(), [silent.port]],
  ] as const) {
    await using gateway = await startProxy(
      [upstream.port],
      { limits: { authTimeoutMs: 20 } },
      {
        filters: [filter],
        others: [{ name: "auth", ports }],
      },
    );
    assert.equal((await exchange(gateway.port, get("/"))).status, 403);
    assert.equal(gateway.records[0]!.responseFlag, "UAE");
  }
  assert.equal(upstream.requests.length, 0);
});

test("externalAuth: the body is shown to the server up to its limit", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(body));
  await using server = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      filters: [auth({ forwardBodyBytes: 5 })],
      others: [{ name: "auth", ports: [server.port] }],
    },
  );
  const post = "POST / HTTP/1.1\r\nHost: app\r\n";
  assert.equal((await exchange(gateway.port, `${post}Content-Length: 5\r\n\r\nabcde`)).body, "abcde");
  assert.equal(
    (await exchange(gateway.port, `${post}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`)).body,
    "hi",
  );
  assert.deepEqual(
    server.requests.map(({ body }) => body),
    ["abcde", "hi"],
  );
  assert.equal((await exchange(gateway.port, `${post}Content-Length: 6\r\n\r\nabcdef`)).status, 413);
});
