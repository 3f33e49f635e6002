import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { clearClient } from "./http2-client.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, withSettings } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const noChecks = {
  kind: "listenerChecks",
  healthPath: "",
  addressHeader: "",
  escapedSlashes: "keep",
  underscores: "allow",
  hostDot: "kept",
  refusedMethods: [],
} as const satisfies Filter;

const update = (upstream: RawUpstream, checks: object = {}) =>
  buildUpdate([
    {
      name: "http",
      port: 80,
      rules: [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }],
      filters: [{ ...noChecks, ...checks } as Filter],
    },
  ]);

const told = (upstream: RawUpstream, name: string) =>
  new RegExp(`^${name}: (.*?)\r$`, "im").exec(upstream.requests.at(-1)?.head ?? "")?.[1];

test("listener checks answer health checks of either protocol themselves", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream, { healthPath: "/healthz" }));
  const { status, body } = await exchange(gateway.port, get("/healthz?x"));
  assert.deepEqual([status, body], [200, ""]);
  await using client = await clearClient(gateway.port);
  assert.equal((await client.request({ ":path": "/healthz" })).status, 200);
  assert.equal(upstream.requests.length, 0);
  assert.equal((await exchange(gateway.port, get("/healthz/"))).body, "app");
});

test("listener checks refuse or redirect escaped slashes, however they are written", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using strict = await startPlane(update(upstream, { escapedSlashes: "reject" }));
  for (const path of ["/a%2fb", "/a%2Fb", "/a%5cb"]) assert.equal((await exchange(strict.port, get(path))).status, 400);
  await using kind = await startPlane(update(upstream, { escapedSlashes: "redirect" }));
  const { status, headers } = await exchange(kind.port, get("/%2F%2fevil.test%5Cx?q=%2F"));
  assert.deepEqual([status, headers.get("location")], [307, "/evil.test/x?q=%2F"]);
  assert.equal(upstream.requests.length, 0);
  assert.equal((await exchange(kind.port, get("/a?q=%2F"))).body, "app");
});

test("listener checks drop or refuse headers with underscores", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using drop = await startPlane(update(upstream, { underscores: "drop" }));
  assert.equal((await exchange(drop.port, get("/", "X_User: root\r\nX-User: ann\r\n"))).status, 200);
  assert.deepEqual([told(upstream, "x_user"), told(upstream, "x-user")], [undefined, "ann"]);
  await using reject = await startPlane(update(upstream, { underscores: "reject" }));
  assert.equal((await exchange(reject.port, get("/", "X_User: root\r\n"))).status, 400);
  assert.equal(upstream.requests.length, 1);
});

test("listener checks take a final dot off the host that backends see", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream, { hostDot: "stripped" }));
  await exchange(gateway.port, "GET / HTTP/1.1\r\nHost: a.test.:8080\r\nConnection: close\r\n\r\n");
  assert.equal(told(upstream, "host"), "a.test:8080");
});

test("listener checks refuse methods with 405", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream, { refusedMethods: ["TRACE"] }));
  assert.equal(
    (await exchange(gateway.port, "TRACE / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")).status,
    405,
  );
  assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  assert.equal(upstream.requests.length, 1);
});

test("a header of its own names the client; without an address in it requests are refused", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const own = withSettings(update(upstream, { addressHeader: "x-real-ip" }), { clientAddressHeader: "x-real-ip" });
  await using gateway = await startPlane(own);
  assert.equal((await exchange(gateway.port, get("/", "X-Real-IP: 192.0.2.7\r\n"))).status, 200);
  assert.equal(told(upstream, "x-forwarded-for"), "192.0.2.7, 127.0.0.1");
  assert.equal(gateway.records.at(-1)?.sourceIp, "192.0.2.7");
  for (const header of ["", "X-Real-IP: nobody\r\n"])
    assert.equal((await exchange(gateway.port, get("/", header))).status, 403);
});

test("proxies in trusted networks are believed, whatever their number, and nobody else", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const request = get("/", "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.1\r\n");
  await using gateway = await startPlane(update(upstream), {
    settings: { trustedNetworks: ["127.0.0.0/8", "10.0.0.0/8"] },
  });
  await exchange(gateway.port, request);
  assert.equal(gateway.records.at(-1)?.sourceIp, "192.0.2.7");
  await gateway.plane.apply(withSettings(update(upstream), { trustedNetworks: ["10.0.0.0/8"] }));
  await exchange(gateway.port, request);
  assert.equal(gateway.records.at(-1)?.sourceIp, "127.0.0.1");
  assert.equal(told(upstream, "x-forwarded-for"), "127.0.0.1");
});

test("the id of a request is kept, replaced, passed on or dropped", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  for (const [requestId, sent, wanted] of [
    ["keep", "mine", /^mine$/],
    ["replace", "mine", /^(?!mine$)\S+$/],
    ["pass", "mine", /^mine$/],
    ["pass", undefined, /^none$/],
    ["drop", "mine", /^none$/],
  ] as const) {
    await using gateway = await startPlane(update(upstream), { settings: { requestId } });
    await exchange(gateway.port, get("/", sent === undefined ? "" : `X-Request-Id: ${sent}\r\n`));
    assert.match(told(upstream, "x-request-id") ?? "none", wanted, requestId);
  }
});

test("a connection that has reached its age ends after an answer, and an idle one by itself", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream), { settings: { connectionAgeMs: 100 } });
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/").replace("Connection: close\r\n", ""));
  assert.equal((await client.response()).status, 200);
  assert.equal(await client.rest(), "");
  await using http2 = await clearClient(gateway.port);
  assert.equal((await http2.request({ ":path": "/" })).status, 200);
  if (!http2.session.destroyed) await once(http2.session, "close");
});

test("a request that takes longer than the listener grants gets 504", async () => {
  await using upstream = await RawUpstream.startRaw(() => {});
  await using gateway = await startPlane(update(upstream), { settings: { exchangeMs: 50 } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
});

test("a backend that is silent for longer than the listener grants is given up", async () => {
  await using upstream = await RawUpstream.startRaw(() => {});
  await using gateway = await startPlane(update(upstream), { settings: { exchangeIdleMs: 50 } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
});

test("an optional PROXY header is read where there is one; half of one is no request", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const settings = { proxyProtocolFrom: ["127.0.0.0/8"], proxyProtocol: "optional" } as const;
  await using gateway = await startPlane(update(upstream), { settings });
  assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  assert.equal(gateway.records.at(-1)?.sourceIp, "127.0.0.1");
  await exchange(gateway.port, `PROXY TCP4 203.0.113.7 198.51.100.1 4711 80\r\n${get("/")}`);
  assert.equal(gateway.records.at(-1)?.sourceIp, "203.0.113.7");
  await using broken = await RawClient.connect(gateway.port);
  broken.send(`PROXY TCP4 nonsense\r\n${get("/")}`);
  assert.equal(await broken.rest(), "");
  assert.equal(upstream.requests.length, 2);
});
