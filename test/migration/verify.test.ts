import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/compile/compile.ts";
import { observePlanes } from "../../src/migrate/observe/observe-planes.ts";
import { deriveRequests } from "../../src/migrate/verify/derive-probes.ts";
import { placeRequests } from "../../src/migrate/verify/logged-requests.ts";
import { readAccessLog } from "../../src/migrate/verify/read-access-log.ts";
import { type Side, sideOf } from "../../src/migrate/verify/side.ts";
import { type Difference, type VerifyOptions, verify } from "../../src/migrate/verify/verify.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { sluice } from "../cli/sluice-process.ts";
import { defaultOptions, resourcesOf } from "../compile-case.ts";

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: shop }
spec:
  gatewayClassName: any
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
---
`;

function route(rules: string, hostname = "shop.example.com"): string {
  return `${gateway}apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec:
  parentRefs: [{ name: web }]
  hostnames: ["${hostname}"]
  rules: [${rules}]
`;
}

const backend = "backendRefs: [{ name: app, port: 80 }]";

function side(yaml: string): Side {
  const options = { ...defaultOptions, adoptClasses: true, stubBackends: true };
  const { routing, secrets } = compile(createSnapshot(resourcesOf(yaml)), options);
  return sideOf(routing, secrets);
}

const derived = (sides: readonly Side[]): VerifyOptions => ({
  asked: deriveRequests(sides),
  send: "where settings differ",
});

async function differences(old: string, fresh: string): Promise<readonly Difference[]> {
  const [before, after] = [side(old), side(fresh)];
  return (await verify(before, after, observePlanes(before, after), derived([before, after]))).differences;
}

const kinds = (found: readonly Difference[]): readonly string[] => found.map(({ host, kind }) => `${host} ${kind}`);

test("verify() finds nothing where both sides are written alike but for their names, and sends nothing", async () => {
  const old = side(route(`{ ${backend} }`));
  const fresh = side(route(`{ ${backend} }`).replaceAll("name: web", "name: other"));
  const report = await verify(old, fresh, observePlanes(old, fresh), derived([old, fresh]));
  assert.deepEqual([report.differences, report.sent, report.differing], [[], 0, 0]);
  assert.ok(report.requests > 20);
});

test("verify() finds nothing where the same is written in two ways", async () => {
  const redirect = (more: string): string =>
    route(`{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 301${more} } }] }`);
  assert.deepEqual(await differences(redirect(""), redirect(", port: 443")), []);
});

const shapes: readonly (readonly [name: string, old: string, fresh: string, kinds: readonly string[]])[] = [
  [
    "an exact path and a prefix",
    `{ matches: [{ path: { type: Exact, value: /a } }], ${backend} }`,
    `{ matches: [{ path: { type: PathPrefix, value: /a } }], ${backend} }`,
    ["shop.example.com path-slash", "shop.example.com path-below"],
  ],
  [
    "a redirect to another place",
    "{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 301 } }] }",
    "{ filters: [{ type: RequestRedirect, requestRedirect: { hostname: other.example, statusCode: 301 } }] }",
    ["shop.example.com location"],
  ],
  [
    "a rewritten path and another time limit",
    `{ timeouts: { request: 5s }, ${backend} }`,
    `{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: /x } } }], ${backend} }`,
    ["shop.example.com backend-path", "shop.example.com timeouts"],
  ],
  [
    "a header that is set or added",
    `{ filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-A, value: b }] } }], ${backend} }`,
    `{ filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: X-A, value: b }] } }], ${backend} }`,
    ["shop.example.com backend-headers"],
  ],
  [
    "weights",
    "{ backendRefs: [{ name: app, port: 80, weight: 9 }, { name: next, port: 80, weight: 1 }] }",
    "{ backendRefs: [{ name: app, port: 80, weight: 8 }, { name: next, port: 80, weight: 2 }] }",
    ["shop.example.com backend"],
  ],
  [
    "a header that chooses",
    `{ matches: [{ headers: [{ name: x-canary, value: always }] }], backendRefs: [{ name: next, port: 80 }] }, { ${backend} }`,
    `{ ${backend} }`,
    ["shop.example.com backend"],
  ],
];

for (const [name, old, fresh, expected] of shapes)
  test(`verify() names ${name}`, async () => {
    assert.deepEqual(kinds(await differences(route(old), route(fresh))), expected);
  });

test("verify() tells of hosts that one side alone has", async () => {
  const found = await differences(route(`{ ${backend} }`), route(`{ ${backend} }`, "*.example.com"));
  assert.deepEqual(kinds(found), ["*.example.com path", "*.example.com host-more-labels"]);
  assert.deepEqual([found[0]?.example.old, found[0]?.example.new], ["404", "200 from a backend"]);
});

test("verify() asks for what an access log says was asked, at the host that leads to the Service of the line", async () => {
  const [old, fresh] = [
    side(route(`{ ${backend} }`)),
    side(route(`{ matches: [{ path: { value: /a } }], ${backend} }`)),
  ];
  const line = (path: string, upstream: string): string =>
    `192.0.2.1 - - [30/Nov/2026:10:00:00 +0000] "GET ${path} HTTP/1.1" 200 5 "-" "-" 90 0.001 [${upstream}] [] - - - - -`;
  const log = [
    line("/a", "shop-app-80"),
    line("/b", "shop-app-80"),
    line("/b", "shop-app-80"),
    line("/", "shop-other-80"),
  ];
  const { hosts, homeless } = placeRequests(readAccessLog(log.join("\n")).requests, old);
  const report = await verify(old, fresh, observePlanes(old, fresh), { asked: hosts, send: "where settings differ" });
  assert.deepEqual([homeless, report.requests, report.differing], [1, 3, 2]);
  assert.deepEqual(kinds(report.differences), ["shop.example.com logged"]);
});

test("migrate verify exits with 1 for differences, with 0 for those that are accepted, and with 2 for what it cannot read", async () => {
  const run = (...args: readonly string[]) => sluice(["migrate", "verify", ...args]);
  const old = "examples/redirects-and-rewrites";
  const fresh = "examples/quickstart";
  const { code, out } = await run(old, fresh, "-o", "json");
  const report = JSON.parse(out) as { readonly differences: readonly Difference[] };
  assert.equal(code, 1);
  const accept = [...new Set(report.differences.map(({ kind }) => kind))].flatMap((kind) => ["--accept", kind]);
  const accepted = await run(old, fresh, ...accept);
  assert.equal(accepted.code, 0);
  assert.match(
    accepted.out,
    / answer alike \(\d+ more are accepted\): \d+ requests to \d+ hosts, .* had to be sent\.\n$/,
  );
  assert.equal((await run(old, "test/no-such-folder")).code, 2);
  assert.match((await run(old, fresh, "--live", "http://127.0.0.1")).err, /--live is given twice/);
});
