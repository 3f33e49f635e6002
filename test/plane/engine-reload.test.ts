import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { buildUpdate, type TestListener } from "./model-builder.ts";
import { startPlane, startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient, refused } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

function listener(port: number, backend: number, name = "app"): TestListener {
  return { name: `http-${port}`, port, rules: [{ name: `${name}-${port}`, backends: [{ name, ports: [backend] }] }] };
}

test("reload: under load from keep-alive and new connections no request is lost", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  const updates = [buildUpdate([listener(80, a.port, "a")]), buildUpdate([listener(80, b.port, "b")])];
  await using gateway = await startPlane(updates[0]!);
  let running = true;
  let served = 0;
  const keepAlive = async () => {
    await using client = await RawClient.connect(gateway.port);
    while (running) {
      client.send(get("/"));
      assert.equal((await client.response()).status, 200);
      served++;
    }
  };
  const fresh = async () => {
    while (running) {
      assert.equal((await exchange(gateway.port, get("/"))).status, 200);
      served++;
    }
  };
  const load = Promise.all([...Array.from({ length: 8 }, keepAlive), fresh(), fresh()]);
  for (let turn = 1; turn <= 40; turn++) {
    const before = served;
    await gateway.plane.apply(updates[turn % 2]!);
    while (served < before + 20) await new Promise(setImmediate);
  }
  running = false;
  await load;
  assert.ok(a.requests.length > 0 && b.requests.length > 0);
});

test("reload: a request in flight finishes on the old model, the next one is served by the new", async () => {
  let answer: (text: string) => void = () => {};
  await using old = await RawUpstream.start(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  await using next = await RawUpstream.start(() => ok("new"));
  await using gateway = await startPlane(buildUpdate([listener(80, old.port)]));
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  while (old.requests.length === 0) await new Promise(setImmediate);
  await gateway.plane.apply(buildUpdate([listener(80, next.port)]));
  answer(ok("old"));
  assert.equal((await client.response()).body, "old");
  client.send(get("/"));
  assert.equal((await client.response()).body, "new");
});

test("reload: ports come and go, those that stay keep their sockets", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startPlane(buildUpdate([listener(80, upstream.port), listener(81, upstream.port)]));
  const { plane } = gateway;
  const [first, gone] = [plane.boundPort(80)!, plane.boundPort(81)!];
  await using idle = await RawClient.connect(gone);
  const report = await plane.apply(buildUpdate([listener(80, upstream.port), listener(82, upstream.port)]));
  assert.equal(plane.boundPort(80), first);
  assert.equal(plane.boundPort(81), undefined);
  assert.deepEqual(report.listeners["Gateway/demo/web/http-82"], {
    state: "programmed",
    address: "127.0.0.1",
    port: plane.boundPort(82),
  });
  assert.deepEqual(report.addresses, { "demo/web": ["127.0.0.1"] });
  await refused(gone);
  idle.send(get("/"));
  const last = await idle.response();
  assert.equal(last.headers.get("connection"), "close");
});

test("apply: a port that is taken is reported in plain words, the others are served", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await using upstream = await RawUpstream.start(() => ok("x"));
  try {
    await using gateway = await startPlane(buildUpdate([]), { mapPort: (asked) => (asked === 81 ? port : 0) });
    const report = await gateway.plane.apply(buildUpdate([listener(81, upstream.port), listener(80, upstream.port)]));
    assert.deepEqual(report.listeners["Gateway/demo/web/http-81"], {
      state: "failed",
      code: "EADDRINUSE",
      message: `Cannot listen on 127.0.0.1 port ${port}: another program uses it.`,
    });
    assert.equal((await exchange(gateway.plane.boundPort(80)!, get("/"))).status, 200);
  } finally {
    taken.close();
  }
});

test("apply: a Gateway with an address of its own has its own socket on the same port", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  const update = buildUpdate([listener(80, upstream.port)]);
  const [web] = update.routing.gateways;
  const other = { ...web!, key: "demo/other", name: "other" };
  const both = { ...update, routing: { ...update.routing, gateways: [web!, other] } };
  await using gateway = await startPlane(buildUpdate([]), {
    gatewayAddress: (key) => (key === "demo/other" ? "127.0.0.2" : undefined),
  });
  const report = await gateway.plane.apply(both);
  assert.deepEqual(report.addresses, { "demo/web": ["127.0.0.1"], "demo/other": ["127.0.0.2"] });
});

test("apply: a Gateway is bound to the addresses that it asks for, and says which the machine does not have", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  const update = buildUpdate([listener(80, upstream.port)]);
  const asking = (...addresses: string[]) => ({
    ...update,
    routing: { ...update.routing, gateways: update.routing.gateways.map((gateway) => ({ ...gateway, addresses })) },
  });
  await using gateway = await startPlane(buildUpdate([]), { askedAddresses: "bound" });
  const both = await gateway.plane.apply(asking("127.0.0.3", "127.0.0.4"));
  assert.equal(both.listeners["Gateway/demo/web/http-80"]?.state, "programmed");
  assert.deepEqual(both.addresses, { "demo/web": ["127.0.0.3", "127.0.0.4"] });
  const one = await gateway.plane.apply(asking("127.0.0.3", "192.0.2.1"));
  const row = one.listeners["Gateway/demo/web/http-80"];
  assert.deepEqual([row?.state, row?.state === "failed" && row.code], ["failed", "EADDRNOTAVAIL"]);
  assert.deepEqual(one.addresses, { "demo/web": ["127.0.0.3"] });
  await using elsewhere = await startPlane(buildUpdate([]));
  assert.deepEqual((await elsewhere.plane.apply(asking("127.0.0.3"))).addresses, { "demo/web": ["127.0.0.1"] });
});

test("drain: requests in flight finish with Connection: close, idle connections end", async () => {
  let answer: (text: string) => void = () => {};
  await using upstream = await RawUpstream.start(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const gateway = await startProxy([upstream.port]);
  await using busy = await RawClient.connect(gateway.port);
  await using idle = await RawClient.connect(gateway.port);
  busy.send(get("/"));
  while (upstream.requests.length === 0) await new Promise(setImmediate);
  const drained = gateway.plane.drain(2_000);
  await refused(gateway.port);
  answer(ok("done"));
  const response = await busy.response();
  assert.equal(response.body, "done");
  assert.equal(response.headers.get("connection"), "close");
  assert.equal((await idle.ending()).how, "end");
  await drained;
  await gateway[Symbol.asyncDispose]();
});

test("drain: what is still in flight at the deadline is broken off", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
  const gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  await client.until("part");
  await gateway.plane.drain(20);
  assert.equal((await client.ending()).how, "reset");
  await gateway[Symbol.asyncDispose]();
});
