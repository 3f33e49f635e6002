import assert from "node:assert/strict";
import { test } from "node:test";
import { externalAuth } from "../../test/external-auth-filter.ts";
import { describeAction } from "./action.ts";
import type { Cluster } from "./cluster.ts";
import { plainCookie } from "./issued-cookie.ts";
import { defaultListenerSettings, type ListenerSettings } from "./listener-settings.ts";
import type { HttpListener, HttpRule, RoutingModel } from "./routing-model.ts";
import { defaultTrafficSettings } from "./traffic-settings.ts";

const from = { kind: "HTTPRoute", namespace: "shop", name: "app", pointer: "/spec/rules/0" };

const cluster: Cluster = {
  key: "shop/app:80",
  from,
  namespace: "shop",
  name: "app",
  port: 80,
  endpoints: "shop/app:80",
  protocol: "http1",
  traffic: {
    ...defaultTrafficSettings,
    retryBudget: { percent: 20, intervalMs: 10_000, minCount: 10, minIntervalMs: 1_000 },
    sessionPersistence: {
      kind: "cookie",
      name: "sid",
      absoluteTimeoutMs: 60_000,
      issued: plainCookie,
      afterFailure: "other",
    },
  },
};

const rule: HttpRule = {
  key: "HTTPRoute/shop/app/0",
  from,
  namespace: "shop",
  name: "app",
  ruleIndex: 0,
  ruleName: "",
  routeKind: "HTTPRoute",
  labels: {},
  filters: [
    {
      from,
      filter: externalAuth({
        protocol: "grpc",
        servers: ["shop/auth:9000"],
        allowedResponseHeaders: ["x-user"],
        forwardBodyBytes: 1_024,
      }),
    },
  ],
  backends: [{ from, weight: 1, filters: [], target: { kind: "cluster", cluster: "shop/app:80" } }],
  timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
  retry: { attempts: 1, codes: [], backoffMs: 25 },
};

const listener: HttpListener = {
  key: "Gateway/shop/web/http",
  name: "http",
  from,
  port: 80,
  hostname: "",
  settings: defaultListenerSettings,
  hash: "h",
  protocol: "HTTP",
  filters: [],
  virtualHosts: [],
};

const model: RoutingModel = {
  clusters: { "shop/app:80": cluster },
  gateways: [
    {
      key: "shop/web",
      namespace: "shop",
      name: "web",
      from,
      labels: {},
      addresses: [],
      listeners: [listener],
      httpRules: {},
      tracing: {
        from,
        cluster: "otel/collector:4318",
        headers: [{ name: "authorization", value: "Bearer secret" }],
        sampling: { numerator: 5, denominator: 100 },
        parentSampling: { numerator: 1, denominator: 1 },
        serviceName: "edge",
        spanName: "",
        attributes: [],
      },
    },
  ],
};

test("describeAction() tells of authorisation, retry budget, session and tracing, and of no secret", () => {
  const request = {
    port: 80,
    scheme: "http",
    host: "a.test",
    method: "GET",
    path: "/",
    query: "",
    headers: {},
  } as const;
  const action = describeAction(rule, { model, listener, request, matchedPrefix: "/" });
  assert.deepEqual(
    action.filters.map(({ does }) => does),
    [
      "asks shop/auth:9000 (gRPC) whether the request may pass, shows it all headers, shows it the body up to 1024 bytes, takes over headers x-user from it",
    ],
  );
  assert.deepEqual(action.limits, [
    "up to 1 retry after 25 ms, for connection errors",
    "retries of shop/app:80 are at most 20% of its requests in 10 s, or 10 in 1 s",
    "clients stay with one endpoint by cookie sid, for 60 s at most (app)",
    "spans of 5% of new traces, and of all traces that the caller samples, are sent to otel/collector:4318",
  ]);
  assert.doesNotMatch(JSON.stringify(action), /secret/);
});

test("describeAction() tells what a listener trusts and bounds beyond the usual", () => {
  const request = {
    port: 80,
    scheme: "http",
    host: "a.test",
    method: "GET",
    path: "/",
    query: "",
    headers: {},
  } as const;
  const settings: ListenerSettings = {
    ...defaultListenerSettings,
    trust: { trustedHops: 2, source: "forwarded" },
    forwardClientCertificate: "append",
    requestBodyBytes: 1_000,
    requestBodyTimeoutMs: 5_000,
  };
  const limitsOf = (one: HttpListener) =>
    describeAction(rule, { model, listener: one, request, matchedPrefix: "/" }).limits;
  const usual = limitsOf(listener);
  const told = limitsOf({ ...listener, settings });
  assert.deepEqual(
    told.filter((line) => !usual.includes(line)),
    [
      "2 proxies in front trusted, by forwarded",
      "client certificates told to backends (append)",
      "request bodies of at most 1000 bytes, else 413",
      "request bodies within 5000 ms, else 408",
    ],
  );
});
