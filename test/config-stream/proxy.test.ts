import assert from "node:assert/strict";
import { once } from "node:events";
import { stat, utimes } from "node:fs/promises";
import { Agent, get, type IncomingMessage, type RequestOptions } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { anyAddress } from "../../src/base/any-address.ts";
import { initialFlags } from "../../src/cli/flags.ts";
import { type ProxyProcess, type ProxyProcessOptions, startProxy } from "../../src/cli/proxy-process.ts";
import { planeKeys } from "../../src/config-stream/plane-keys.ts";
import { RemotePlane, type RemotePlaneOptions } from "../../src/fleet/remote-plane.ts";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import type { MetricName } from "../../src/telemetry/metrics.ts";
import { eventually } from "../plane/eventually.ts";
import { buildUpdate } from "../plane/model-builder.ts";
import { ok, RawUpstream } from "../plane/raw-upstream.ts";
import { handshake, httpsListener, root, type Secrets, terminate } from "../plane/tls-model.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import { clientCertificate, keptLog, type RunningServer, startServer, temporaryFolder } from "./stream-fixture.ts";

type RunningProxy = ProxyProcess & {
  readonly port: number;
  readonly records: { path?: string }[];
  /** Value of a gauge without labels. */
  readonly gauge: (name: "gateway_stream_following" | "gateway_stream_state_timestamp_seconds") => number | undefined;
};

/** A proxy of the data plane demo/web on free ports. */
async function startWeb(
  controllers: readonly number[],
  options: Partial<ProxyProcessOptions["flags"]> & Pick<ProxyProcessOptions, "plane"> & { readonly name?: string } = {},
): Promise<RunningProxy> {
  const certificate = clientCertificate();
  const records: { path?: string }[] = [];
  const telemetry = createTelemetry({ version: "test" });
  const { plane, name = "web-1", ...flags } = options;
  const running = await startProxy({
    flags: {
      ...initialFlags(),
      controllers: controllers.map((port) => ({ host: "127.0.0.1", port })),
      proxyBind: "127.0.0.1",
      ...flags,
    },
    telemetry: { ...telemetry, accessLog: (record) => records.push({ ...record }) },
    log: keptLog().log,
    readCertificate: async () => certificate,
    proxy: name,
    onConfiguration: () => {},
    plane: { mapPort: () => 0, allowedUpstream: ["loopback"], limits: { tickMs: 10, lingerMs: 50 }, ...plane },
  });
  return Object.defineProperties(running as RunningProxy, {
    port: { get: () => running.plane.boundPort(80) ?? 0 },
    records: { value: records },
    gauge: {
      value: (name: MetricName) => {
        const family = telemetry.registry.families[name] as unknown as { all(): Iterable<{ value: number }> };
        return [...family.all()][0]?.value;
      },
    },
  });
}

type RemoteFixture = AsyncDisposable & RunningServer & { readonly plane: RemotePlane };

async function startController(options: Partial<RemotePlaneOptions> & { port?: number } = {}): Promise<RemoteFixture> {
  const { port, ...rest } = options;
  const running = await startServer(port === undefined ? {} : { port });
  const plane = new RemotePlane({
    server: running.server,
    addresses: () => ["203.0.113.7"],
    log: keptLog().log,
    ...rest,
  });
  const dispose = async () => {
    await plane.drain();
    await running.server.close();
  };
  return { ...running, plane, [Symbol.asyncDispose]: dispose };
}

const updateTo = (port: number, hash = "h1"): PlaneUpdate => {
  const update = buildUpdate([
    { name: "http", port: 80, rules: [{ name: "app", backends: [{ name: "app", ports: [port] }] }] },
  ]);
  const [gateway] = update.routing.gateways;
  const listeners = gateway!.listeners.map((listener) => ({ ...listener, hash }));
  return { ...update, routing: { ...update.routing, gateways: [{ ...gateway!, listeners }] } };
};

async function ask(
  port: number,
  options: RequestOptions = {},
): Promise<{ status: number; body: string; headers: IncomingMessage["headers"] }> {
  const request = get({ host: "127.0.0.1", port, agent: false, ...options });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode ?? 0, body, headers: response.headers };
}

const serves = (proxy: RunningProxy) => proxy.state.configuration !== undefined && proxy.port > 0;
const listenerKey = "Gateway/demo/web/http";

test("proxy: serves what the controller sends, and the listener is programmed once it says so", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using controller = await startController();
  const first = await controller.plane.apply(updateTo(upstream.port));
  assert.deepEqual(first.listeners, {}, "apply waits for nobody");
  assert.deepEqual(first.addresses, { "demo/web": ["203.0.113.7"] });
  let told = 0;
  controller.plane.subscribe(() => told++);
  await using proxy = await startWeb([controller.port]);
  await eventually(() => told > 0);
  assert.equal(controller.plane.report().listeners[listenerKey]?.state, "programmed");
  assert.equal(proxy.state.phase, "serving");
  assert.equal((await ask(proxy.port)).body, "hello");
});

test("proxy: a change of endpoints reaches it without a new configuration", async () => {
  await using one = await RawUpstream.start(() => ok("one"));
  await using two = await RawUpstream.start(() => ok("two"));
  await using controller = await startController();
  await controller.plane.apply(updateTo(one.port));
  await using proxy = await startWeb([controller.port]);
  await eventually(() => serves(proxy));
  const { secrets } = proxy.state.configuration!.result;
  controller.plane.updateEndpoints({ "demo/app:80": [{ address: "127.0.0.1", port: two.port }] });
  await eventually(() => proxy.state.turn === 2);
  assert.equal((await ask(proxy.port)).body, "two");
  assert.equal(proxy.state.configuration?.result.secrets, secrets, "the plane was not built anew");
});

test("proxy: no request fails while the controller restarts, and changes are followed after it", async () => {
  await using one = await RawUpstream.start(() => ok("one"));
  await using two = await RawUpstream.start(() => ok("two"));
  const controller = await startController();
  await controller.plane.apply(updateTo(one.port));
  await using proxy = await startWeb([controller.port]);
  await eventually(() => serves(proxy));
  const agent = new Agent({ keepAlive: true });
  const answers = new Map<string, number>();
  let flowing = true;
  const flow = (async () => {
    while (flowing) {
      const { status, body } = await ask(proxy.port, { agent });
      answers.set(`${status} ${body}`, (answers.get(`${status} ${body}`) ?? 0) + 1);
    }
  })();
  await eventually(() => (answers.get("200 one") ?? 0) > 20);
  await controller[Symbol.asyncDispose]();
  await eventually(() => !proxy.isFollowing);
  await using next = await startController({ port: controller.port });
  await next.plane.apply(updateTo(two.port));
  await eventually(() => (answers.get("200 two") ?? 0) > 20);
  flowing = false;
  await flow;
  agent.destroy();
  assert.deepEqual([...answers.keys()], ["200 one", "200 two"]);
});

test("proxy: serves from disk after a restart while no controller answers", async () => {
  await using upstream = await RawUpstream.start(() => ok("kept"));
  await using folder = await temporaryFolder();
  const stateDir = join(folder.path, "state");
  const controller = await startController();
  await controller.plane.apply(updateTo(upstream.port));
  const before = await startWeb([controller.port], { stateDir });
  await eventually(() => serves(before));
  await before.drain(0);
  await controller[Symbol.asyncDispose]();
  assert.equal((await stat(stateDir)).mode & 0o777, 0o700);
  assert.equal((await stat(join(stateDir, "state.json"))).mode & 0o777, 0o600);
  const saved = new Date(Date.now() - 3_600_000);
  await utimes(join(stateDir, "state.json"), saved, saved);
  await using proxy = await startWeb([controller.port], { stateDir });
  await eventually(() => serves(proxy));
  assert.equal((await ask(proxy.port)).body, "kept");
  assert.equal(proxy.isFollowing, false);
  assert.equal(proxy.gauge("gateway_stream_following"), 0);
  assert.equal(Math.round(proxy.gauge("gateway_stream_state_timestamp_seconds")!), Math.round(saved.getTime() / 1000));
  await using next = await startController({ port: controller.port });
  await next.plane.apply(updateTo(upstream.port));
  await eventually(() => proxy.isFollowing);
  assert.equal(proxy.gauge("gateway_stream_following"), 1);
  assert.ok(proxy.gauge("gateway_stream_state_timestamp_seconds")! > saved.getTime() / 1000 + 1_000);
});

test("proxy: listens on IPv6 and IPv4 when it is told nothing", async (t) => {
  if ((await anyAddress()) === "0.0.0.0") return t.skip("the system has no IPv6");
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using controller = await startController();
  await controller.plane.apply(updateTo(upstream.port));
  await using proxy = await startWeb([controller.port], { proxyBind: "*" });
  await eventually(() => serves(proxy));
  assert.equal((await ask(proxy.port)).body, "hello");
  assert.equal((await ask(proxy.port, { host: "::1" })).body, "hello");
});

test("proxy: a listener that changed is pending until every proxy has confirmed it, and stays programmed while proxies go", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using controller = await startController();
  await controller.plane.apply(updateTo(upstream.port));
  const state = () => controller.plane.report().listeners[listenerKey]?.state;
  const proxy = await startWeb([controller.port]);
  await eventually(() => state() === "programmed");
  const same = await controller.plane.apply({ ...updateTo(upstream.port), generation: 2 });
  assert.equal(same.listeners[listenerKey]?.state, "programmed", "it did not change");
  assert.equal(same.generation, 2);
  const changed = await controller.plane.apply({ ...updateTo(upstream.port, "h2"), generation: 3 });
  assert.equal(changed.listeners[listenerKey], undefined);
  await eventually(() => state() === "programmed");
  await proxy.drain(0);
  await eventually(() => controller.server.proxies().length === 0);
  assert.equal(state(), "programmed");
});

test("proxy: a port that cannot be bound is told with the proxy's name, and tried again", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using taken = await RawUpstream.start(() => ok("other"));
  await using controller = await startController();
  await controller.plane.apply(updateTo(upstream.port));
  await using _proxy = await startWeb([controller.port], { plane: { mapPort: () => taken.port } });
  await eventually(() => controller.plane.report().listeners[listenerKey] !== undefined);
  const row = controller.plane.report().listeners[listenerKey];
  assert.equal(row?.state, "failed");
  assert.ok(row.state === "failed" && row.code === "EADDRINUSE");
  assert.match(row.message, /^Proxy web-1: Cannot listen on 127\.0\.0\.1 port/);
});

test("proxy: settings of the controller win over flags, at once", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  let accessLog = false;
  await using controller = await startController({ settings: () => ({ accessLog, tenantLabel: "team" }) });
  await controller.plane.apply(updateTo(upstream.port));
  await using proxy = await startWeb([controller.port], { accessLog: "-" });
  await eventually(() => serves(proxy));
  await ask(proxy.port);
  assert.equal(proxy.records.length, 0);
  accessLog = true;
  controller.plane.refresh();
  await eventually(() => proxy.state.turn === 2);
  await ask(proxy.port);
  await eventually(() => proxy.records.length === 1);
});

test("proxy: not ready while it drains", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using controller = await startController();
  await controller.plane.apply(updateTo(upstream.port));
  await using proxy = await startWeb([controller.port]);
  assert.equal(proxy.state.phase, "starting");
  await eventually(() => serves(proxy));
  const drained = proxy.drain(1000);
  assert.equal(proxy.state.phase, "draining");
  await drained;
  assert.equal(proxy.plane.boundPort(80), undefined);
});

test("proxy: those of one data plane understand each other's sessions and resume each other's TLS sessions", async () => {
  await using one = await RawUpstream.start(() => ok("one"));
  await using two = await RawUpstream.start(() => ok("two"));
  const secrets: Secrets = new Map();
  const host = "shop.example.test";
  const certificate = makeCertificate({ names: [host], issuer: root });
  const sticky = {
    name: "app",
    backends: [{ name: "app", ports: [one.port, two.port] }],
    sessionPersistence: {
      kind: "header",
      name: "x-session",
      absoluteTimeoutMs: 0,
      issued: undefined,
      afterFailure: "other",
    },
  } as const;
  const update = buildUpdate(
    [
      { name: "http", port: 80, rules: [sticky] },
      httpsListener("https", host, terminate(secrets, [[certificate, [host]]]), one.port),
    ],
    secrets,
  );
  const seed = Buffer.alloc(32, 1);
  await using controller = await startController({ keys: (dataPlane, nowMs) => planeKeys(seed, dataPlane, nowMs) });
  await controller.plane.apply(update);
  await using first = await startWeb([controller.port]);
  await using second = await startWeb([controller.port], { name: "web-2" });
  await eventually(() => serves(first) && serves(second));
  const { headers, body } = await ask(first.port);
  const session = String(headers["x-session"]);
  for (let n = 0; n < 4; n++) assert.equal((await ask(second.port, { headers: { "x-session": session } })).body, body);
  const tls = await handshake(first.plane.boundPort(443)!, host);
  const resumed = await handshake(second.plane.boundPort(443)!, host, { session: tls.session });
  assert.deepEqual([tls.resumed, resumed.resumed], [false, true]);
});

test("proxy: a renewed certificate is served to new connections, and its key reaches nobody else", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const host = "shop.example.test";
  const secrets: Secrets = new Map();
  const updateWith = (certificate: TestCertificate, generation: number): PlaneUpdate => ({
    ...buildUpdate([httpsListener("https", host, terminate(secrets, [[certificate, [host]]]), upstream.port)], secrets),
    generation,
  });
  const [old, renewed] = ["old", "renewed"].map((commonName) =>
    makeCertificate({ commonName, names: [host], issuer: root }),
  );
  await using controller = await startController();
  await controller.plane.apply(updateWith(old!, 1));
  await using proxy = await startWeb([controller.port]);
  await eventually(() => proxy.state.configuration !== undefined);
  const port = proxy.plane.boundPort(443)!;
  assert.equal((await handshake(port, host)).subject, "old");
  await controller.plane.apply(updateWith(renewed!, 2));
  await eventually(() => proxy.state.turn === 2);
  assert.equal(proxy.plane.boundPort(443), port, "the socket stays");
  assert.equal((await handshake(port, host)).subject, "renewed");
  const { secrets: held } = proxy.state.configuration!.result;
  assert.equal(held.keys().length, 1, "the old key is gone");
});
