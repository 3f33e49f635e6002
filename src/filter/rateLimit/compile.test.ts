import assert from "node:assert/strict";
import { test } from "node:test";
import { cartWorld } from "../../../test/cart-world.ts";
import { brief, defaultOptions, resourcesOf } from "../../../test/compile-case.ts";
import { compile } from "../../compile/compile.ts";
import type { RateLimitRule } from "../../ir/rate-limit.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";

function run(spec: string, ...more: readonly string[]) {
  const policy = `apiVersion: gateway.sluice.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart }]
${spec}`;
  const result = compile(createSnapshot(resourcesOf(cartWorld([policy, ...more]))), defaultOptions);
  const rule = Object.values(result.routing.gateways[0]?.httpRules ?? {})[0];
  return { filters: (rule?.filters ?? []).map(({ filter }) => filter), findings: brief(result.findings) };
}

function rulesOf(spec: string): readonly RateLimitRule[] {
  const [filter] = run(spec).filters;
  assert.equal(filter?.kind, "localRateLimit");
  return filter.rules;
}

const local = (...rules: readonly string[]) => `  rateLimit: { local: { rules: [${rules.join(", ")}] } }`;

test("limits: the fields of Envoy Gateway with their defaults", () => {
  const [rule] = rulesOf(local("{ limit: { requests: 10, unit: Minute } }"));
  const { counter, ...rest } = rule!;
  assert.match(counter.name, /^BackendTrafficPolicy\/shop\/p\/limit\/[0-9a-f]{16}$/);
  assert.deepEqual(
    [counter.shared, rest],
    [
      false,
      {
        selectors: [],
        requests: 10,
        unit: "Minute",
        burst: 10,
        requestCost: 1,
        responseCost: 0,
        shadow: false,
        tells: true,
      },
    ],
  );
});

test("limits: everything that a rule can say", () => {
  const [rule] = rulesOf(
    local(`{
      limit: { requests: 10, unit: Hour, burst: 20 }, shared: true, shadowMode: true, xRateLimitHeaders: "Off",
      cost: { request: { from: Number, number: 0 }, response: { from: Number, number: 3 } },
      clientSelectors: [{
        headers: [{ name: X-User, type: Distinct }, { name: X-Plan, value: free, invert: true }],
        queryParams: [{ name: "a%20b", type: RegularExpression, value: "[a-z]+" }],
        claims: [{ name: sub, type: Distinct }],
        methods: [{ value: POST }, { value: GET, invert: true }],
        path: { value: /api/, invert: true },
        sourceCIDR: { type: Distinct, value: 10.1.2.3/8 },
      }] }`),
  );
  assert.deepEqual(
    { ...rule, counter: rule?.counter.shared },
    {
      counter: true,
      selectors: [
        {
          headers: [
            { name: "x-user", kind: "distinct" },
            { name: "x-plan", kind: "exact", value: "free", invert: true },
          ],
          query: [{ name: "a b", kind: "regex", value: "[a-z]+", invert: false }],
          claims: [{ name: "sub", kind: "distinct" }],
          methods: [
            { method: "POST", invert: false },
            { method: "GET", invert: true },
          ],
          path: { match: { kind: "prefix", value: "/api" }, invert: true },
          network: { cidr: "10.0.0.0/8", distinct: true, except: [] },
        },
      ],
      requests: 10,
      unit: "Hour",
      burst: 20,
      requestCost: 0,
      responseCost: 3,
      shadow: true,
      tells: false,
    },
  );
});

test("limits: a counter's name stays when a limit is raised or moved, and no two rules of a policy have one", () => {
  const names = (...rules: readonly string[]) => rulesOf(local(...rules)).map(({ counter }) => counter.name);
  const forGet = (requests: number) =>
    `{ clientSelectors: [{ methods: [{ value: GET }] }], limit: { requests: ${requests}, unit: Hour } }`;
  const [one, other] = names(forGet(1), forGet(1));
  assert.deepEqual(names("{ limit: { requests: 1, unit: Hour } }", forGet(2))[1], one);
  assert.notEqual(other, one);
});

test("limits: what nobody can be selected by is told, and nothing may pass", () => {
  const { filters, findings } = run(
    local(
      `{ limit: { requests: 1, unit: Hour }, clientSelectors: [
        { sourceCIDR: { value: 10.0.0.0/99 } },
        { headers: [{ name: x-a, type: RegularExpression, value: "(" }, { name: x-b }] },
        { path: { type: RegularExpression, value: "[" } }] }`,
    ),
  );
  assert.deepEqual(
    filters.map((filter) => (filter.kind === "directResponse" ? filter.status : filter.kind)),
    [500],
  );
  assert.deepEqual(
    findings.filter((finding) => finding.startsWith("limit-selector-invalid")),
    ["0/sourceCIDR/value", "1/headers/0/value", "1/headers/1", "2/path/value"].map(
      (field) => `limit-selector-invalid /spec/rateLimit/local/rules/0/clientSelectors/${field}`,
    ),
  );
});

test("limits: of requests at a time, of content and of its speed, in the order in which requests meet them", () => {
  const { filters, findings } = run(`  requestBodyLimit: 10Mi
  requestBuffer: { limit: 64k }
  concurrency: { rules: [{ requests: 5, clientSelectors: [{ sourceCIDR: { type: Distinct, value: 0.0.0.0/0 } }] }], statusCode: 503 }
  rateLimit: { local: { rules: [] }, statusCode: 420 }
  bandwidthLimit:
    request: { limit: { value: 6Mi, unit: Minute } }
    response: { limit: { value: 1k }, responseTrailers: { prefix: x- } }`);
  assert.deepEqual(findings, ["backend-endpoints-unknown /spec/selector"]);
  assert.deepEqual(
    filters.map(({ kind }) => kind),
    ["bodyLimit", "concurrency", "requestBuffer", "bandwidthLimit"],
  );
  const [body, concurrency, buffer, bandwidth] = filters;
  assert.deepEqual(body, { kind: "bodyLimit", maxBytes: 10_485_760 });
  assert.deepEqual(buffer, { kind: "requestBuffer", maxBytes: 64_000, above: "refuse" });
  assert.ok(concurrency?.kind === "concurrency" && concurrency.status === 503 && concurrency.rules[0]?.requests === 5);
  assert.ok(bandwidth?.kind === "bandwidthLimit");
  assert.equal(bandwidth.request?.bytesPerSecond, 104_857.6);
  assert.deepEqual([bandwidth.response?.bytesPerSecond, bandwidth.response?.trailerPrefix], [1_000, "x-"]);
});

const secret = `apiVersion: v1
kind: Secret
metadata: { name: redis, namespace: shop }
data: { password: c2VzYW1l }`;

test("global limits: a rate limit service, or Redis with a password that only the secret table holds", () => {
  const rules = "rules: [{ limit: { requests: 5, unit: Week } }]";
  const byService = run(`  rateLimit:
    global: { ${rules}, service: { backendRef: { name: api, port: 80 }, domain: edge }, onFailure: Closed, timeout: 1s }`);
  const [first] = byService.filters;
  assert.ok(first?.kind === "globalRateLimit");
  assert.deepEqual(
    [first.limiter.kind === "service" && first.limiter.domain, first.timeoutMs, first.onFailure],
    ["edge", 1_000, "closed"],
  );
  assert.match(first.limiter.cluster ?? "", /^shop\/api:80/);
  const byRedis = run(
    `  rateLimit:
    global: { ${rules}, redis: { backendRef: { name: api, port: 80 }, passwordRef: { name: redis } } }
    local: { rules: [{ limit: { requests: 1, unit: Second } }] }`,
    secret,
  );
  assert.deepEqual(
    byRedis.filters.map(({ kind }) => kind),
    ["localRateLimit", "globalRateLimit"],
  );
  const [, second] = byRedis.filters;
  assert.ok(second?.kind === "globalRateLimit" && second.limiter.kind === "redis");
  assert.deepEqual([second.timeoutMs, second.onFailure, second.limiter.database], [100, "open", 0]);
  assert.equal(second.limiter.password, "Secret/shop/redis#entry/password");
  assert.doesNotMatch(JSON.stringify(byRedis.filters), /c2VzYW1l|sesame/);
});

test("global limits: nobody to count, or a password that is not there: nothing may pass", () => {
  const rules = "rules: [{ limit: { requests: 5, unit: Week } }]";
  const rows: readonly (readonly [limiter: string, finding: string])[] = [
    ["", "global-limit-without-counter /spec/rateLimit/global"],
    [
      ", redis: { backendRef: { name: api, port: 80 }, passwordRef: { name: gone } }",
      "policy-reference-unresolved /spec/rateLimit/global/redis/passwordRef",
    ],
    [
      ", service: { backendRef: { name: gone, port: 80 } }",
      "backend-not-found /spec/rateLimit/global/service/backendRef/name",
    ],
  ];
  for (const [limiter, finding] of rows) {
    const { filters, findings } = run(`  rateLimit: { global: { ${rules}${limiter} } }`);
    assert.deepEqual(
      filters.map(({ kind }) => kind),
      ["directResponse"],
    );
    assert.ok(findings.includes(finding), findings.join("\n"));
  }
});

test("global limits: the Gateway's policy says who counts, and a policy for Envoy Gateway on the route says the rules", () => {
  const policies = [
    `apiVersion: gateway.sluice.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: counter, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  rateLimit: { global: { redis: { backendRef: { name: api, port: 80 } }, onFailure: Closed } }`,
    `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: route, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart }]
  mergeType: StrategicMerge
  rateLimit: { type: Global, global: { rules: [{ limit: { requests: 5, unit: Hour } }] } }`,
  ];
  const result = compile(createSnapshot(resourcesOf(cartWorld(policies))), defaultOptions);
  const [first] = Object.values(result.routing.gateways[0]?.httpRules ?? {})[0]?.filters ?? [];
  assert.ok(first?.filter.kind === "globalRateLimit");
  assert.deepEqual([first.filter.limiter.kind, first.filter.onFailure], ["redis", "closed"]);
  assert.match(first.filter.rules[0]?.counter.name ?? "", /^BackendTrafficPolicy\/shop\/route\//);
});
