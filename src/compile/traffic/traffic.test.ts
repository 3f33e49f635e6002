import assert from "node:assert/strict";
import { test } from "node:test";
import { plainCookie } from "../../ir/issued-cookie.ts";
import type { HttpRule } from "../../ir/routing-model.ts";
import { defaultTrafficSettings } from "../../ir/traffic-settings.ts";
import { compileCircuitBreaker } from "./circuit-breaker.ts";
import { findIdleSettings } from "./find-idle-settings.ts";
import { compileHealthCheck } from "./health-check.ts";
import { compileLoadBalancing } from "./load-balancing.ts";
import { compileOutlierDetection } from "./outlier-detection.ts";
import { compilePolicyRetry } from "./retry.ts";
import { ruleUnderPolicy } from "./rule-under-policy.ts";
import { trafficUnderPolicy } from "./traffic-under-policy.ts";

const from = { kind: "Service", namespace: "shop", name: "app", pointer: "" };
const rule: HttpRule = {
  key: "HTTPRoute/shop/app/0",
  from,
  namespace: "shop",
  name: "app",
  ruleIndex: 0,
  ruleName: "",
  routeKind: "HTTPRoute",
  labels: {},
  filters: [],
  backends: [],
  timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
};
const breaker = { maxConnections: 9, maxPendingRequests: 8, maxParallelRequests: 7, maxParallelRetries: 6 };

test("compileCircuitBreaker: a budget stands in for the number of retries", () => {
  assert.deepEqual(compileCircuitBreaker({ ...breaker, perEndpoint: { maxConnections: 2 } }), {
    maxConnections: 9,
    maxConnectionsPerEndpoint: 2,
    maxPendingRequests: 8,
    maxParallelRequests: 7,
    retries: { kind: "count", max: 6 },
  });
  const percent = { numerator: 1, denominator: 8 };
  assert.deepEqual(compileCircuitBreaker({ ...breaker, retryBudget: { percent } }).retries, {
    kind: "share",
    percent: 12.5,
    minConcurrency: 3,
  });
});

test("compileOutlierDetection: an ejection may be as long as its base, and an interval is never nothing", () => {
  const made = compileOutlierDetection({
    splitExternalLocalOriginErrors: false,
    interval: "0s",
    consecutiveLocalOriginFailures: 5,
    consecutiveGatewayErrors: 0,
    consecutive5XxErrors: 5,
    baseEjectionTime: "1h",
    maxEjectionPercent: 10,
  });
  assert.deepEqual([made.intervalMs, made.baseEjectionMs, made.maxEjectionMs], [1, 3_600_000, 3_600_000]);
  assert.deepEqual([made.alwaysEjectOne, made.failurePercentage], [false, 0]);
});

test("compileHealthCheck: texts and bytes become base64, and the port of the checks is kept", () => {
  const common = { interval: "3s", timeout: "1s", unhealthyThreshold: 3, healthyThreshold: 1 } as const;
  const made = compileHealthCheck({
    ...common,
    type: "TCP",
    tcp: { send: { type: "Text", text: "PING" }, receive: { type: "Binary", binary: "UE9ORw==" } },
    overrides: { port: 8081 },
  });
  assert.equal(made.port, 8_081);
  assert.deepEqual(made.probe, { kind: "tcp", send: "UElORw==", receive: "UE9ORw==" });
  assert.deepEqual(compileHealthCheck({ ...common, type: "HTTP", http: { path: "/healthz" } }).probe, {
    kind: "http",
    hostname: "",
    path: "/healthz",
    method: "GET",
    expectedStatuses: [200],
    retriableStatuses: [],
    content: "",
    expectedContent: "",
  });
  assert.deepEqual(compileHealthCheck({ ...common, type: "GRPC" }).probe, { kind: "grpc", service: "" });
});

test("compileLoadBalancing: a cookie's attributes cannot end it, and a table has a prime number of entries", () => {
  const cookie = { name: "lane", ttl: "90s", attributes: { Path: "/;\r\nSet-Cookie: x=1", Secure: "" } };
  const made = compileLoadBalancing({
    type: "ConsistentHash",
    consistentHash: { type: "Cookie", cookie, tableSize: 1_000 },
  });
  assert.deepEqual(made?.turns, {
    kind: "consistentHash",
    by: {
      kind: "cookie",
      name: "lane",
      issued: { ...plainCookie, maxAgeSeconds: 90, others: "; Path=/Set-Cookie: x=1; Secure" },
    },
    tableSize: 1_009,
    afterFailure: "other",
  });
  assert.equal(compileLoadBalancing({ type: "DynamicModule" }), undefined);
});

test("compileLoadBalancing: zones have Envoy Gateway's defaults", () => {
  const zones = (zoneAware: Parameters<typeof compileLoadBalancing>[0]["zoneAware"]) =>
    compileLoadBalancing({ type: "RoundRobin", ...(zoneAware === undefined ? {} : { zoneAware }) })?.zones;
  assert.deepEqual(zones(undefined), { kind: "none" });
  assert.deepEqual(zones({ preferLocal: {} }), { kind: "local", minEndpoints: 6, forceMinEndpoints: 0, percent: 100 });
  assert.deepEqual(zones({ preferLocal: { force: {}, percentageEnabled: 50 } }), {
    kind: "local",
    minEndpoints: 6,
    forceMinEndpoints: 1,
    percent: 50,
  });
  assert.deepEqual(zones({ weightedZones: [{ zone: "a", weight: 3 }] }), { kind: "weighted", weights: { a: 3 } });
});

test("compilePolicyRetry: the defaults, single triggers, and codes", () => {
  assert.deepEqual(compilePolicyRetry({ numRetries: 2 }), {
    attempts: 2,
    codes: [503],
    backoffMs: 25,
    triggers: {
      failures: ["connect", "connectTimeout", "refusedStream"],
      grpcCodes: [1, 14],
      repeats: "any",
      withinMs: 0,
      maxBackoffMs: 250,
    },
  });
  const of = (retryOn: NonNullable<Parameters<typeof compilePolicyRetry>[0]["retryOn"]>) =>
    compilePolicyRetry({ numRetries: 1, retryOn });
  assert.equal(of({ triggers: ["5xx"] })?.codes.length, 100);
  assert.deepEqual(of({ triggers: ["gateway-error", "retriable-4xx"] })?.codes, [409, 502, 503, 504]);
  assert.deepEqual(of({ triggers: ["reset"], httpStatusCodes: [500] })?.codes, []);
  assert.deepEqual(of({ triggers: ["reset-before-request"] })?.triggers?.failures, [
    "connect",
    "connectTimeout",
    "resetBeforeRequest",
  ]);
  assert.deepEqual(of({ triggers: ["retriable-status-codes"], httpStatusCodes: [504, 500] })?.codes, [500, 504]);
  assert.deepEqual(of({ httpStatusCodes: [429] }), {
    attempts: 1,
    codes: [429],
    backoffMs: 25,
    triggers: { failures: [], grpcCodes: [], repeats: "any", withinMs: 0, maxBackoffMs: 250 },
  });
  assert.equal(compilePolicyRetry({ numRetries: 0 }), undefined);
});

test("ruleUnderPolicy: what the rule says of its time and of retries wins", () => {
  const settings = {
    retry: { numRetries: 3, perRetry: { timeout: "1s" } },
    timeout: { http: { requestTimeout: "10s", streamIdleTimeout: "30s", maxStreamDuration: "1h" } },
  };
  const free = ruleUnderPolicy(rule, settings);
  assert.deepEqual(free.timeouts, {
    requestMs: 10_000,
    backendRequestMs: 1_000,
    silence: 30_000,
    maxStreamMs: 3_600_000,
  });
  assert.equal(free.retry?.attempts, 3);
  const own = { requestMs: 0, backendRequestMs: 2_000, silence: "unbounded" } as const;
  const retry = { attempts: 0, codes: [], backoffMs: 0 };
  const bound = ruleUnderPolicy({ ...rule, timeouts: own, retry }, settings);
  assert.deepEqual(bound.timeouts, { ...own, silence: 30_000, maxStreamMs: 3_600_000 });
  assert.equal(bound.retry, retry);
});

test("ruleUnderPolicy: a request timeout of 0s sets the rule free of the limit on silence, and says nothing else", () => {
  const silence = (http: NonNullable<NonNullable<Parameters<typeof ruleUnderPolicy>[1]["timeout"]>["http"]>) =>
    ruleUnderPolicy(rule, { timeout: { http } }).timeouts.silence;
  assert.equal(silence({}), "bounded");
  assert.equal(silence({ requestTimeout: "0s" }), "unbounded");
  assert.equal(silence({ streamIdleTimeout: "0s" }), "unbounded");
});

test("trafficUnderPolicy: a policy that is not about endpoints leaves them shared with other rules", () => {
  const own = defaultTrafficSettings;
  assert.equal(trafficUnderPolicy(own, {}), own);
  const others = { retry: { numRetries: 1 }, timeout: { http: { requestTimeout: "1s" } } };
  assert.equal(trafficUnderPolicy(own, others), own);
  assert.equal(trafficUnderPolicy(own, { timeout: { tcp: { connectTimeout: "5s" } } }), own);
  assert.deepEqual(trafficUnderPolicy(own, { timeout: { tcp: { connectTimeout: "1s" } } }), {
    ...own,
    connectTimeoutMs: 1_000,
  });
});

test("trafficUnderPolicy: what the policy does not say is as without it", () => {
  const own = { ...defaultTrafficSettings, loadBalancing: "leastRequest" } as const;
  const settings = { timeout: { http: { connectionIdleTimeout: "20s" } }, tcpKeepalive: { probes: 3 } };
  assert.deepEqual(trafficUnderPolicy(own, settings), {
    ...own,
    policy: {
      loadBalancing: {
        turns: { kind: "leastRequest" },
        slowStartMs: 0,
        zones: { kind: "none" },
        overrideHeaders: [],
      },
      connections: {
        maxRequests: 0,
        maxAgeMs: 0,
        idleMs: 20_000,
        keepalive: { idleSeconds: 7_200, intervalSeconds: 75, probes: 3 },
      },
      panicPercent: 50,
    },
  });
});

test("trafficUnderPolicy: settings of HTTP/2 and of the PROXY protocol are those of connections", () => {
  const http2 = {
    initialStreamWindowSize: "128Ki",
    initialConnectionWindowSize: "3Gi",
    maxConcurrentStreams: 10,
    connectionKeepalive: { interval: "30s", timeout: "5s" },
  };
  const { policy } = trafficUnderPolicy(defaultTrafficSettings, { http2, proxyProtocol: { version: "V1" } });
  assert.deepEqual(policy?.connections, {
    maxRequests: 0,
    maxAgeMs: 0,
    idleMs: 0,
    http2: {
      maxConcurrentStreams: 10,
      streamWindowBytes: 131_072,
      connectionWindowBytes: 2_147_483_647,
      pingAfterMs: 30_000,
      pingTimeoutMs: 5_000,
    },
    proxyProtocol: "v1",
  });
});

test("findIdleSettings: tells of what can never happen, and of nothing else", () => {
  const passive = {
    splitExternalLocalOriginErrors: false,
    interval: "3s",
    consecutiveLocalOriginFailures: 5,
    consecutiveGatewayErrors: 0,
    consecutive5XxErrors: 5,
    baseEjectionTime: "30s",
    maxEjectionPercent: 10,
  };
  const pointers = (settings: Parameters<typeof findIdleSettings>[0]) =>
    findIdleSettings(settings).map(({ pointer }) => pointer);
  assert.deepEqual(pointers({ healthCheck: { passive } }), []);
  const counts = { ...passive, consecutive5XxErrors: 0 };
  assert.deepEqual(pointers({ healthCheck: { passive: counts } }), ["/healthCheck/passive"]);
  assert.deepEqual(pointers({ healthCheck: { passive: { ...counts, splitExternalLocalOriginErrors: true } } }), []);
  assert.deepEqual(pointers({ healthCheck: { passive: { ...passive, maxEjectionPercent: 0 } } }), [
    "/healthCheck/passive/maxEjectionPercent",
  ]);
  assert.deepEqual(pointers({ healthCheck: { panicThreshold: 20 } }), ["/healthCheck/panicThreshold"]);
  const retryOn = { triggers: ["reset"], httpStatusCodes: [503] } as const;
  assert.deepEqual(pointers({ retry: { numRetries: 1, retryOn } }), ["/retry/retryOn/httpStatusCodes"]);
  assert.deepEqual(
    pointers({
      retry: { numRetries: 1, perRetry: { timeout: "2s" } },
      timeout: { http: { requestTimeout: "1s" } },
    }),
    ["/retry/perRetry/timeout"],
  );
  const consistentHash = { type: "SourceIP", tableSize: 5_000_011 } as const;
  assert.deepEqual(pointers({ loadBalancer: { type: "ConsistentHash", consistentHash } }), [
    "/loadBalancer/consistentHash/tableSize",
  ]);
});
