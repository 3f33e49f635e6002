import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileMiddlewareCase } from "../../../test/filter/middleware-case.ts";

const refused = [
  { kind: "directResponse", status: 500, reason: "filter Middleware it (traefik.io) cannot be honoured" },
];

/** Specs that are refused, with their findings. */
const faults: readonly (readonly [spec: string, ...findings: string[]])[] = [
  ["{ addPrefix: {} }", "extension-filter-invalid /spec/addPrefix/prefix"],
  ["{ replacePathRegex: { regex: '(', replacement: x } }", "extension-filter-invalid /spec/replacePathRegex/regex"],
  ["{ redirectRegex: { regex: '(?=a)', replacement: x } }", "extension-filter-invalid /spec/redirectRegex/regex"],
  ["{ stripPrefixRegex: { regex: [/a, '['] } }", "extension-filter-invalid /spec/stripPrefixRegex/regex/1"],
  ["{ redirectScheme: {} }", "extension-filter-invalid /spec/redirectScheme/scheme"],
  ["{ redirectScheme: { scheme: https, port: '70000' } }", "extension-filter-invalid /spec/redirectScheme/port"],
  ["{ ipAllowList: {} }", "extension-filter-invalid /spec/ipAllowList/sourceRange"],
  ["{ ipAllowList: { sourceRange: [10.0.0.0/8, x] } }", "extension-filter-invalid /spec/ipAllowList/sourceRange/1"],
  [
    "{ ipAllowList: { sourceRange: [10.0.0.0/8], ipStrategy: { excludedIPs: [x] } } }",
    "extension-filter-invalid /spec/ipAllowList/ipStrategy/excludedIPs/0",
  ],
  [
    "{ ipAllowList: { sourceRange: [10.0.0.0/8], rejectStatusCode: 200 } }",
    "extension-filter-invalid /spec/ipAllowList/rejectStatusCode",
  ],
  [
    "{ headers: { customRequestHeaders: { Content-Length: '1' } } }",
    "extension-filter-invalid /spec/headers/customRequestHeaders/Content-Length",
  ],
  [
    '{ headers: { customResponseHeaders: { X-A: "a\\r\\nb: c" } } }',
    "extension-filter-invalid /spec/headers/customResponseHeaders/X-A",
  ],
  ["{ headers: { allowedHosts: [example.com] } }", "extension-filter-invalid /spec/headers/allowedHosts"],
  ["{ headers: { sslRedirect: true } }", "extension-filter-invalid /spec/headers/sslRedirect"],
  ["{ inFlightReq: {} }", "extension-filter-invalid /spec/inFlightReq/amount"],
  ["{ buffering: { maxResponseBodyBytes: 1 } }", "extension-filter-invalid /spec/buffering/maxResponseBodyBytes"],
  ["{ buffering: {} }", "extension-filter-invalid /spec/buffering/maxRequestBodyBytes"],
  ["{ compress: { encodings: [gzip, lz4] } }", "extension-filter-invalid /spec/compress/encodings/1"],
  [
    "{ errors: { status: ['4xx'] } }",
    "extension-filter-invalid /spec/errors/service",
    "extension-filter-invalid /spec/errors/status/0",
  ],
  [
    "{ errors: { status: ['404'], service: { name: pages, port: http } } }",
    "extension-filter-invalid /spec/errors/service/port",
  ],
  ['{ errors: { query: "/a b" } }', "extension-filter-invalid /spec/errors/query"],
  ["{ digestAuth: { secret: users } }", "extension-filter-invalid /spec/digestAuth"],
  ["{ plugin: { mine: { a: 1 } } }", "extension-filter-invalid /spec/plugin"],
  [
    "{ circuitBreaker: { expression: 'LatencyAtQuantileMS(50.0) > 100' } }",
    "extension-filter-invalid /spec/circuitBreaker",
  ],
  ["{}", "extension-filter-invalid /spec"],
  ["{ addPrefix: { prefix: /a }, replacePath: { path: /b } }", "extension-filter-invalid /spec"],
  ["{ chain: { middlewares: [{ name: none }] } }", "extension-filter-invalid /spec/chain/middlewares/0"],
];

describe("a Middleware that cannot be honoured answers 500, and its finding names the field", () => {
  for (const [spec, ...wanted] of faults) {
    test(spec, () => {
      const { filters, findings } = compileMiddlewareCase(spec);
      assert.deepEqual(findings, wanted);
      assert.deepEqual(filters, refused);
    });
  }
});

/** Specs that are served. */
const served: readonly (readonly [spec: string, filters: readonly object[], findings?: readonly string[]])[] = [
  [
    "{ replacePathRegex: { regex: ' ^/a/(.*) ', replacement: ' /b/$1 ' } }",
    [{ kind: "pathEdit", change: { edit: "replacePattern", pattern: "^/a/(.*)", substitution: "/b/\\1" } }],
  ],
  ["{ replacePathRegex: { regex: x } }", []],
  [
    "{ redirectScheme: { scheme: https, forcePermanentRedirect: true } }",
    [
      {
        kind: "urlRedirect",
        target: { to: "scheme", scheme: "https", port: undefined },
        permanence: "alwaysPermanent",
      },
    ],
  ],
  [
    "{ ipWhiteList: { sourceRange: [10.1.2.3/8, ' ::1 '], ipStrategy: { depth: 2, excludedIPs: [10.0.0.1] } } }",
    [
      {
        kind: "addressAllowList",
        networks: ["10.0.0.0/8", "::1/128"],
        source: { from: "depth", depth: 2 },
        ipv6Bits: 128,
        status: 403,
      },
    ],
  ],
  [
    "{ headers: { frameDeny: true, customFrameOptionsValue: SAMEORIGIN, browserXssFilter: true, stsSeconds: 5, stsPreload: true } }",
    [
      {
        kind: "headerModifier",
        on: "response",
        set: [
          { name: "x-frame-options", value: "SAMEORIGIN" },
          { name: "x-xss-protection", value: "1; mode=block" },
        ],
        add: [],
        remove: [],
      },
      { kind: "strictTransport", value: "max-age=5; preload", always: false },
    ],
  ],
  ["{ headers: { stsSeconds: 5, isDevelopment: true } }", []],
  [
    "{ headers: { customRequestHeaders: { X-A: b, X-C: '', Host: in.example.com } } }",
    [
      { kind: "urlRewrite", hostname: "in.example.com" },
      {
        kind: "headerModifier",
        on: "request",
        set: [{ name: "x-a", value: "b" }],
        add: [],
        remove: ["x-c"],
      },
    ],
  ],
  [
    "{ errors: { status: ['404,500-599', '429'], service: { name: api, port: 80 }, query: '/{status}.html' } }",
    [
      {
        kind: "responseOverride",
        rows: [
          {
            statuses: [
              { from: 404, to: 404 },
              { from: 500, to: 599 },
              { from: 429, to: 429 },
            ],
            headers: [],
            source: "all",
            action: {
              kind: "errorPage",
              cluster: "shop/api:80",
              path: "/{status}.html",
              manner: "traefik",
              tells: [],
              timeoutMs: 2_000,
              maxBytes: 1_048_576,
            },
          },
        ],
      },
    ],
  ],
  ["{ contentType: { autoDetect: false } }", []],
  ["{ contentType: {} }", [], ["extension-field-unserved /spec/contentType"]],
  ["{ retry: { attempts: 2 } }", [], ["extension-field-unserved /spec/retry"]],
  ["{ rateLimit: { average: 0 } }", []],
  ["{ buffering: { maxRequestBodyBytes: 9 } }", [{ kind: "requestBuffer", maxBytes: 9, above: "refuse" }]],
  [
    "{ compress: { minResponseBodyBytes: 7, encodings: [gzip, br] } }",
    [
      {
        kind: "compression",
        encodings: [
          { encoding: "gzip", minBytes: 7 },
          { encoding: "br", minBytes: 7 },
        ],
      },
    ],
  ],
];

describe("a Middleware that is served", () => {
  for (const [spec, wanted, findings = []] of served) {
    test(spec, () => {
      const compiled = compileMiddlewareCase(spec);
      assert.deepEqual(compiled.findings, findings);
      assert.deepEqual(compiled.filters, wanted);
    });
  }
});

/** Rates: requests in a unit, and what may come at once. */
const rates: readonly (readonly [spec: string, requests: number, unit: string, burst: number])[] = [
  ["{ average: 100 }", 100, "Second", 1],
  ["{ average: 100, burst: 50 }", 100, "Second", 50],
  ["{ average: 6, period: 1m, burst: 0 }", 6, "Minute", 1],
  ["{ average: 10, period: 500ms }", 20, "Second", 1],
  ["{ average: 1, period: 7 }", 1 / 7, "Second", 1],
];

for (const [spec, requests, unit, burst] of rates) {
  test(`rateLimit ${spec} counts for each address, whatever its family`, () => {
    const { filters, findings } = compileMiddlewareCase(`{ rateLimit: ${spec} }`);
    assert.deepEqual(findings, []);
    const [filter] = filters;
    assert.ok(filter?.kind === "localRateLimit");
    assert.deepEqual(
      filter.rules.map((rule) => [rule.requests, rule.unit, rule.burst, rule.selectors[0]?.network?.cidr]),
      ["0.0.0.0/0", "::/0"].map((cidr) => [requests, unit, burst, cidr]),
    );
    assert.equal(new Set(filter.rules.map(({ counter }) => counter.name)).size, 2);
  });
}

test("a chain goes into another namespace by grant, and comes to all of its members in their order", () => {
  const grant = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: chains, namespace: shared }
spec:
  from: [{ group: traefik.io, kind: Middleware, namespace: shop }]
  to: [{ group: traefik.io, kind: Middleware }]`;
  const middleware = (namespace: string, name: string, spec: string) => `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}`;
  const { filters, findings } = compileMiddlewareCase(
    "{ chain: { middlewares: [{ name: first }, { name: more, namespace: shared }, { name: first }] } }",
    grant,
    middleware("shop", "first", "{ addPrefix: { prefix: /1 } }"),
    middleware("shared", "more", "{ chain: { middlewares: [{ name: second }] } }"),
    middleware("shared", "second", "{ addPrefix: { prefix: /2 } }"),
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(
    filters.map((filter) => filter.kind === "pathEdit" && filter.change),
    ["/1", "/2", "/1"].map((prefix) => ({ edit: "addPrefix", prefix })),
  );
});

test("chains in chains are bounded", () => {
  const members = Array.from({ length: 33 }, () => "{ name: twice }").join();
  const { filters, findings } = compileMiddlewareCase(
    `{ chain: { middlewares: [${members}] } }`,
    `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: twice, namespace: shop }
spec: { chain: { middlewares: [{ name: one }] } }`,
    `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: one, namespace: shop }
spec: { addPrefix: { prefix: /1 } }`,
  );
  assert.deepEqual(findings, ["extension-filter-invalid /spec/chain/middlewares/32"]);
  assert.deepEqual(filters, refused);
});
