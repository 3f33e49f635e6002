import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { type TestContext, test } from "node:test";
import type { Configuration, ControlState } from "../control/control-state.ts";
import { makeFinding } from "../finding/catalogue.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import type { GatewayModel, HttpRule } from "../ir/routing-model.ts";
import { SecretTable } from "../ir/secret-table.ts";
import type { UpstreamReport } from "../ir/upstream-report.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import { createTelemetry } from "../telemetry/create-telemetry.ts";
import { createLogger } from "../telemetry/log.ts";
import type {
  ConfigAnswer,
  ErrorAnswer,
  ExplainAnswer,
  FindingsAnswer,
  ReadyAnswer,
  RoutesAnswer,
  StatusAnswer,
  UpstreamsAnswer,
} from "./api.ts";
import { jsonEndpoints } from "./endpoints.ts";
import { type AdminOptions, startAdminServer } from "./server.ts";

const group = "gateway.networking.k8s.io";
const secretValue = "Bearer hush-hush";

const rule: HttpRule = {
  key: "HTTPRoute/shop/cart/0",
  from: { kind: "HTTPRoute", namespace: "shop", name: "cart", pointer: "/spec/rules/0" },
  namespace: "shop",
  name: "cart",
  ruleIndex: 0,
  ruleName: "",
  routeKind: "HTTPRoute",
  labels: {},
  filters: [
    {
      from: { kind: "HTTPRoute", namespace: "shop", name: "cart", pointer: "/spec/rules/0/filters/0" },
      filter: {
        kind: "headerModifier",
        on: "request",
        set: [{ name: "authorization", value: secretValue }],
        add: [],
        remove: [],
      },
    },
  ],
  backends: [],
  timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
};

const gateway: GatewayModel = {
  key: "infra/edge",
  namespace: "infra",
  name: "edge",
  from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "" },
  labels: {},
  addresses: [],
  listeners: [
    {
      key: "Gateway/infra/edge/http",
      name: "http",
      from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "/spec/listeners/0" },
      port: 8080,
      hostname: "",
      settings: defaultListenerSettings,
      hash: "",
      protocol: "HTTP",
      filters: [],
      virtualHosts: [
        {
          hostname: "*",
          entries: [
            {
              match: { path: { kind: "prefix", value: "/cart" }, headers: [], query: [] },
              rule: rule.key,
              matchIndex: 0,
            },
          ],
        },
      ],
    },
  ],
  httpRules: { [rule.key]: rule },
};

const configuration: Configuration = {
  generation: 7,
  snapshot: createSnapshot([]),
  result: {
    routing: { gateways: [gateway], clusters: {} },
    endpoints: { "shop/cart:80": [{ address: "10.0.0.1", port: 8080 }] },
    secrets: new SecretTable(new Map([["infra/tls", { kind: "certificate", chainPem: "chain", keyPem: "hush-hush" }]])),
    retained: new Map(),
    freshUntilMs: Number.POSITIVE_INFINITY,
    dataPlanes: [],
    status: [],
    findings: [],
  },
  report: {
    generation: 7,
    listeners: { "Gateway/infra/edge/http": { state: "programmed", address: "127.0.0.1", port: 8080 } },
    addresses: {},
  },
  status: [
    {
      ref: { kind: "HTTPRoute", group, namespace: "shop", name: "cart" },
      generation: 3,
      body: { shape: "route", parents: [{ parentRef: { name: "edge" }, conditions: [] }] },
    },
    {
      ref: { kind: "Gateway", group, namespace: "infra", name: "edge" },
      generation: 1,
      body: { shape: "gateway", conditions: [], listeners: [], attachedListenerSets: 0, addresses: [] },
    },
  ],
  findings: [
    makeFinding("listener-failed", {
      object: { kind: "Gateway", group, namespace: "infra", name: "edge" },
      message: "x",
      fix: "y",
    }),
  ],
};

const upstreams: readonly UpstreamReport[] = ["shop", "other"].map((namespace) => ({
  cluster: `${namespace}/cart:80|traffic=1`,
  namespace,
  name: "cart",
  port: 80,
  panicking: false,
  openLimits: ["parallelRequests"],
  waiting: 0,
  endpoints: [
    {
      address: "10.0.0.1:8080",
      standing: "unhealthy",
      reason: "the status is 503",
      returnsInMs: 0,
      requests: 0,
      connections: 1,
    },
  ],
}));

const serving: ControlState = { phase: "serving", turn: 7, configuration };

async function start(t: TestContext, state: ControlState = serving, extra: Partial<AdminOptions> = {}) {
  const lines: string[] = [];
  const telemetry = createTelemetry({ version: "1.2.3" });
  const server = await startAdminServer({
    address: { host: "127.0.0.1", port: 0 },
    state: () => state,
    telemetry,
    log: createLogger({ write: (line) => lines.push(line) }),
    controllerName: "sluice.example/x",
    upstreams: () => upstreams,
    normalizePath: (path) =>
      path.includes("\\") ? { status: 400, reason: "it has a backslash", rule: "a rule" } : { path },
    routeRows: (model) =>
      model.gateways.map(({ key, httpRules }) => ({
        gateway: key,
        listener: "http",
        protocol: "HTTP",
        port: 8080,
        hostname: "*",
        match: "prefix /cart",
        route: "HTTPRoute shop/cart#0",
        namespace: "shop",
        backends: [],
        does: Object.values(httpRules).map(({ filters }) => `sets ${JSON.stringify(filters)}`),
      })),
    ...extra,
  });
  t.after(() => server.close());
  t.after(() => telemetry.close());
  const get = async (path: string, { method = "GET", headers = {} as Record<string, string>, from = "" } = {}) => {
    const at = from === "" ? server.address : { host: from, port: server.address.port };
    const message = request({ ...at, path, method, headers, agent: false });
    message.end();
    const [response] = await once(message, "response");
    let text = "";
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode as number, headers: response.headers as Record<string, string>, text };
  };
  const json = async <T>(path: string) => JSON.parse((await get(path)).text) as T;
  return { server, lines, get, json };
}

test("startAdminServer: /livez answers from the start, / lists every endpoint", async (t) => {
  const { get } = await start(t, { phase: "starting", turn: 0 });
  assert.deepEqual([(await get("/livez")).status, (await get("/livez")).text], [200, "ok\n"]);
  const index = (await get("/")).text;
  for (const path of [
    "/livez",
    "/readyz",
    "/metrics",
    "/status",
    "/findings",
    "/routes",
    "/upstreams",
    "/explain",
    "/config",
  ]) {
    assert.ok(index.includes(`\n${path} `), path);
  }
});

test("/readyz: 503 until the first configuration and while draining, and the body says why", async (t) => {
  const failed: Configuration = {
    ...configuration,
    report: { ...configuration.report, listeners: { a: { state: "failed", message: "no" } } },
  };
  const failure = { turn: 8, message: "a bug" };
  const rows: readonly (readonly [ControlState, number, RegExp])[] = [
    [{ phase: "starting", turn: 0 }, 503, /not applied yet/],
    [{ phase: "starting", turn: 1, failure }, 503, /log says why/],
    [serving, 200, /1 of 1 listeners serve/],
    [{ ...serving, failure }, 200, /generation 7 stays/],
    [{ ...serving, configuration: failed }, 503, /None of the 1 listeners/],
    [{ ...serving, phase: "draining" }, 503, /shutting down/],
  ];
  for (const [state, status, reason] of rows) {
    const { get } = await start(t, state);
    const answer = await get("/readyz");
    const body = JSON.parse(answer.text) as ReadyAnswer;
    assert.equal(answer.status, status, reason.source);
    assert.equal(body.ready, status === 200);
    assert.match(body.reason, reason);
  }
});

test("/metrics: the format that the scraper asks for", async (t) => {
  const { get } = await start(t);
  const plain = await get("/metrics");
  assert.equal(plain.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.match(plain.text, /\ngateway_build_info\{version="1\.2\.3",node_version="v[^"]+"\} 1\n/);
  const open = await get("/metrics", { headers: { accept: "application/openmetrics-text;version=1.0.0" } });
  assert.equal(open.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
  assert.ok(open.text.endsWith("# EOF\n"));
  for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_uptime_seconds"]) {
    assert.match(plain.text, new RegExp(`^${name} [0-9.]+$`, "m"));
  }
  assert.match(plain.text, /^nodejs_eventloop_lag_seconds\{percentile="99"\} /m);
});

test("/status: objects with their status, chosen by kind and namespace", async (t) => {
  const { json } = await start(t);
  const all = await json<StatusAnswer>("/status");
  assert.equal(all.generation, 7);
  assert.equal(all.objects.length, 2);
  const some = await json<StatusAnswer>("/status?kind=httproute&namespace=shop");
  assert.deepEqual(some.objects, [
    {
      kind: "HTTPRoute",
      group,
      namespace: "shop",
      name: "cart",
      observedGeneration: 3,
      status: { parents: [{ parentRef: { name: "edge" }, controllerName: "sluice.example/x", conditions: [] }] },
    },
  ]);
  assert.deepEqual((await json<StatusAnswer>("/status?name=nothing")).objects, []);
});

test("/findings: chosen by severity", async (t) => {
  const { json } = await start(t);
  assert.equal((await json<FindingsAnswer>("/findings?severity=error")).findings[0]?.code, "SL7004");
  assert.deepEqual((await json<FindingsAnswer>("/findings?severity=info")).findings, []);
});

test("/config, /routes and /explain: credentials are left out", async (t) => {
  const { get, json } = await start(t);
  const config = await json<ConfigAnswer>("/config");
  assert.equal(config.routing.gateways[0]?.listeners[0]?.port, 8080);
  assert.deepEqual(config.secrets, ["infra/tls"]);
  assert.deepEqual(config.endpoints, configuration.result.endpoints);
  for (const path of ["/config", "/routes", "/explain?path=/cart"]) {
    const { text } = await get(path);
    assert.doesNotMatch(text, /hush/, path);
    assert.match(text, path.startsWith("/explain") ? /sets request header authorization/ : /\[redacted\]/, path);
  }
  assert.equal((await json<RoutesAnswer>("/routes?namespace=shop")).routes.length, 1);
});

test("/explain: which rule serves a request; the only port that serves the scheme is the default", async (t) => {
  const { json } = await start(t);
  const hit = await json<ExplainAnswer>(
    "/explain?host=Shop.Example.com:8080&path=/cart/1%3Fa%3Db&header=x-a:1&header=X-A:2",
  );
  assert.equal(hit.explanation.outcome.kind, "rule");
  const { port, host, path, query, headers } = hit.explanation.request;
  assert.deepEqual(
    { port, host, path, query, headers },
    { port: 8080, host: "shop.example.com", path: "/cart/1", query: "a=b", headers: { "x-a": "1, 2" } },
  );
  const miss = await json<ExplainAnswer>("/explain?path=/");
  assert.equal(miss.explanation.outcome.kind, "none");
});

test("bad requests: a JSON error that says what to ask instead", async (t) => {
  const { get } = await start(t);
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ["/nothing", 404, /GET \//],
    ["/livez/..", 404, /GET \//],
    ["/constructor", 404, /GET \//],
    ["/status?kid=Gateway", 400, /kind, namespace, name/],
    ["/status?kind=a&kind=b", 400, /once/],
    ["/findings?severity=fatal", 400, /error or warning or info/],
    ["//a/config", 400, /Request a path/],
    ["/explain?port=0", 400, /port=80/],
    ["/explain?port=http", 400, /port=80/],
    ["/explain?scheme=ftp", 400, /http or https/],
    ["/explain?path=cart", 400, /path=\//],
    ["/explain?path=/a%5Cb", 400, /backslashes/],
    ["/explain?header=nonsense", 400, /header=/],
    ["/explain?header=__proto__", 400, /header=/],
  ];
  for (const [path, status, fix] of rows) {
    const answer = await get(path);
    const body = JSON.parse(answer.text) as ErrorAnswer;
    assert.equal(answer.status, status, path);
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
    assert.match(body.fix, fix, path);
  }
});

test("before the first configuration: what speaks about it answers 503", async (t) => {
  const { get } = await start(t, { phase: "starting", turn: 0 });
  for (const path of ["/status", "/config", "/routes", "/findings", "/explain"]) {
    assert.equal((await get(path)).status, 503, path);
  }
});

test("read-only: other methods are refused, HEAD has no body", async (t) => {
  const { get } = await start(t);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const answer = await get("/status", { method });
    assert.deepEqual([answer.status, answer.headers["allow"]], [405, "GET, HEAD"]);
  }
  for (const path of ["/metrics", "/status", "/livez"]) {
    const answer = await get(path, { method: "HEAD" });
    assert.deepEqual([answer.status, answer.text], [200, ""]);
  }
});

test("slow connections keep nobody out: health is answered beside any number of them", async (t) => {
  const { server, get } = await start(t);
  const slow = Array.from({ length: 300 }, () => connect(server.address.port, server.address.host));
  t.after(() => {
    for (const socket of slow) socket.destroy();
  });
  for (const socket of slow) {
    socket.on("error", () => {});
    socket.on("connect", () => socket.write("GET /livez HTTP/1.1\r\nHost: loc"));
  }
  await Promise.all(slow.map((socket) => (socket.pending ? once(socket, "connect") : undefined)));
  for (const path of ["/livez", "/readyz", "/livez", "/readyz"]) assert.equal((await get(path)).status, 200, path);
});

test("health and metrics are told by any name, the rest by those that nobody can forge", async (t) => {
  const { get } = await start(t);
  const headers = { host: "sluice-controller-metrics.sluice-system.svc:9900" };
  for (const path of ["/", "/livez", "/readyz", "/metrics"])
    assert.equal((await get(path, { headers })).status, 200, path);
  for (const path of Object.keys(jsonEndpoints)) assert.equal((await get(path, { headers })).status, 403, path);
});

test("the configuration is told on the same machine alone, and elsewhere for a token", async (t) => {
  const token = "0123456789abcdef";
  const elsewhere = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  const host = elsewhere?.address ?? "127.0.0.1";
  const address = { host: "0.0.0.0", port: 0 };
  const shut = await start(t, serving, { address });
  const open = await start(t, serving, { address, token: async () => token });
  for (const path of Object.keys(jsonEndpoints)) {
    const asked = `${path}${path === "/explain" ? "?path=/" : ""}`;
    assert.equal((await shut.get(asked)).status, 200, path);
    assert.equal((await shut.get(asked, { from: host })).status, elsewhere === undefined ? 200 : 403, path);
    const bare = await open.get(asked, { from: host });
    assert.deepEqual(
      [bare.status, bare.headers["www-authenticate"]],
      elsewhere === undefined ? [200, undefined] : [401, "Bearer"],
      path,
    );
    const wrong = await open.get(asked, { from: host, headers: { authorization: `Bearer ${token}0` } });
    assert.deepEqual([wrong.status, wrong.headers["www-authenticate"]], [401, "Bearer"], path);
    const right = await open.get(asked, { from: host, headers: { authorization: `Bearer ${token}` } });
    assert.equal(right.status, 200, path);
  }
  assert.equal((await shut.get("/metrics", { from: host })).status, 200);
});

test("a token that cannot be read lets nobody in", async (t) => {
  const { get } = await start(t, serving, {
    token: async () => {
      throw new Error("gone");
    },
  });
  assert.equal((await get("/config", { headers: { authorization: "Bearer x" } })).status, 500);
});

test("yieldPort: another process can listen at once, and who is connected still hears of the drain", async (t) => {
  let phase: ControlState["phase"] = "serving";
  const { server } = await start(t, serving, { state: () => ({ ...serving, phase }) });
  const socket = connect(server.address.port, server.address.host);
  await once(socket, "connect");
  const ask = async () => {
    socket.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return String((await once(socket, "data"))[0]);
  };
  assert.match(await ask(), /^HTTP\/1.1 200 /);
  phase = "draining";
  await server.yieldPort();
  const successor = await start(t, serving, { address: server.address });
  assert.equal((await successor.get("/readyz")).status, 200);
  assert.match(await ask(), /^HTTP\/1.1 503 .*"phase":"draining"/s);
  socket.destroy();
});

test("DNS rebinding: a foreign Host is refused; addresses, localhost and configured names are served", async (t) => {
  const { get } = await start(t, serving, { hostnames: ["sluice.infra.svc"] });
  const rows: readonly (readonly [string, number])[] = [
    ["127.0.0.1:9900", 200],
    ["[::1]:9900", 200],
    ["localhost", 200],
    ["LOCALHOST.:80", 200],
    ["sluice.infra.svc", 200],
    ["evil.example.com", 403],
    ["localhost.evil.example.com", 403],
    ["127.0.0.1.evil.example.com", 403],
    ["127.0.0.1:80:80", 403],
    ["[localhost]", 403],
  ];
  for (const [host, status] of rows) assert.equal((await get("/status", { headers: { host } })).status, status, host);
});

test("answers are not cached, not guessed at, and open to no other origin", async (t) => {
  const { get } = await start(t);
  const { headers } = await get("/status", { headers: { origin: "https://evil.example.com" } });
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["access-control-allow-origin"], undefined);
});

test("an error of ours is a 500 that says nothing of the inside, and is logged", async (t) => {
  const { get, lines } = await start(t, serving, {
    routeRows: () => {
      throw new Error("a detail of the inside");
    },
  });
  const answer = await get("/routes");
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /inside/);
  assert.match(lines.join(""), /a detail of the inside/);
});

test("limits: headers beyond 8 KiB are refused", async (t) => {
  const { get } = await start(t);
  assert.equal((await get("/livez", { headers: { "x-large": "x".repeat(9000) } })).status, 431);
});

test("close: ends idle and half-open connections, and can be called twice", async (t) => {
  const { server } = await start(t);
  const socket = connect(server.address.port, server.address.host);
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /li");
  await once(socket, "data");
  const closed = once(socket, "close");
  await server.close();
  await server.close();
  await closed;
});

test("startAdminServer: an address that is taken rejects with the system's error", async (t) => {
  const { server } = await start(t);
  await assert.rejects(start(t, serving, { address: server.address }), { code: "EADDRINUSE" });
});

test("/upstreams: says how backends under a policy are doing, of one namespace or all", async (t) => {
  const { json } = await start(t);
  assert.deepEqual(await json<UpstreamsAnswer>("/upstreams"), { generation: 7, upstreams });
  assert.deepEqual((await json<UpstreamsAnswer>("/upstreams?namespace=shop")).upstreams, upstreams.slice(0, 1));
});
