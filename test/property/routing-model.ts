/** Routing models and requests for property tests: few names, so that hosts, paths and conditions overlap often. */

import fc from "fast-check";
import type { Filter } from "../../src/ir/filter.ts";
import { bySpecificity } from "../../src/ir/hostname.ts";
import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import type { HttpMatch, PathMatch, ValueMatch } from "../../src/ir/match.ts";
import type {
  GatewayModel,
  HttpEntry,
  HttpListener,
  HttpRule,
  Listener,
  RoutingModel,
  StreamRule,
  TlsListener,
  VirtualHost,
} from "../../src/ir/routing-model.ts";
import type { SelectRequest } from "../../src/ir/select.ts";
import { referencePath } from "../wire/http1-reference.ts";

const from = { kind: "HTTPRoute", namespace: "default", name: "r", pointer: "" };
const ports = [80, 443] as const;

const exactHosts = ["example.com", "a.example.com", "b.a.example.com", "com", "other.test"];
const patterns = [...exactHosts, "*.example.com", "*.a.example.com", "*.com", "*.test"];
const hosts = [
  ...exactHosts,
  "x.example.com",
  "x.a.example.com",
  "y.x.a.example.com",
  ".example.com",
  "..com",
  "",
  "[::1]",
];

const element = fc.constantFrom("a", "b", "ab", "", "%2f");
const path = fc.array(element, { maxLength: 4 }).map((elements) => `/${elements.join("/")}`);
/** Paths as they are kept, with what a backend makes of them: the reference of the codec says it. */
const unresolved = fc
  .array(fc.constantFrom("a", "b", "ab", "", ".", "..", "%2F"), { minLength: 1, maxLength: 6 })
  .map((elements) => referencePath(`/${elements.join("/")}`))
  .filter((forms) => forms !== undefined)
  .map(({ path: matched, forwardedPath, keptPath, sentPath }) => ({
    path: matched,
    spelling: { forwardedPath, keptPath, sentPath },
  }));
const prefix = path.map((value) => (value === "/" ? value : value.replace(/\/+$/, "") || "/"));
const regexes = [
  "/a.*",
  "/(a|b)/[^/]+",
  ".*",
  "/a/b?",
  "(",
  "(?i)/A/.*",
  "/ab|/b/.*",
  "/a/b/.*",
  "/a//.*",
  "/a/(b|ab)",
];

const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  fc.record({ kind: fc.constant("exact" as const), value: path }),
  { arbitrary: fc.record({ kind: fc.constant("prefix" as const), value: prefix }), weight: 3 },
  fc.record({ kind: fc.constant("regex" as const), value: fc.constantFrom(...regexes) }),
);

const valueMatch = (name: fc.Arbitrary<string>): fc.Arbitrary<ValueMatch> =>
  fc.oneof(
    fc.record({ name, kind: fc.constant("exact" as const), value: fc.constantFrom("1", "2", "1, 2", "a b") }),
    fc.record({ name, kind: fc.constant("regex" as const), value: fc.constantFrom("[0-9]+", "1.*", "[") }),
  );

const headerName = fc.constantFrom("x-a", "x-b", "constructor");
const queryName = fc.constantFrom("q", "Q", "a b", "__proto__");

const httpMatch: fc.Arbitrary<HttpMatch> = fc
  .record({
    path: pathMatch,
    method: fc.option(fc.constantFrom("GET", "POST"), { nil: undefined, freq: 3 }),
    headers: fc.array(valueMatch(headerName), { maxLength: 2 }),
    query: fc.array(valueMatch(queryName), { maxLength: 2 }),
    cookies: fc.option(fc.array(valueMatch(fc.constantFrom("c", "C")), { minLength: 1, maxLength: 2 }), {
      nil: undefined,
      freq: 3,
    }),
  })
  .map(({ method, cookies, ...rest }) => ({
    ...rest,
    ...(method === undefined ? {} : { method }),
    ...(cookies === undefined ? {} : { cookies }),
  }));

const ruleCount = 4;

const corsForAll: Filter = {
  kind: "cors",
  allowOrigins: ["*"],
  allowCredentials: false,
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  maxAgeSeconds: 5,
};

function httpRule(gateway: string, index: number): HttpRule {
  return {
    key: `HTTPRoute/${gateway}/r/${index}`,
    from,
    namespace: "default",
    name: "r",
    ruleIndex: index,
    ruleName: "",
    routeKind: "HTTPRoute",
    labels: {},
    filters: index === 1 ? [{ from, filter: corsForAll }] : [],
    backends: [],
    timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
  };
}

function streamRule(name: string): StreamRule {
  return {
    key: `TLSRoute/default/${name}/0`,
    from,
    namespace: "default",
    name,
    ruleIndex: 0,
    ruleName: "",
    routeKind: "TLSRoute",
    backends: [],
  };
}

const entry = (gateway: string): fc.Arbitrary<HttpEntry> =>
  fc.record({
    match: httpMatch,
    rule: fc.nat({ max: ruleCount - 1 }).map((index) => httpRule(gateway, index).key),
    matchIndex: fc.nat({ max: 3 }),
  });

const virtualHosts = (gateway: string): fc.Arbitrary<readonly VirtualHost[]> =>
  fc
    .uniqueArray(
      fc.record({
        hostname: fc.constantFrom("*", ...patterns, "?.example.com", "?.com"),
        paths: fc.constantFrom({}, { paths: "decoded" as const }),
        entries: fc.array(entry(gateway), { maxLength: 8 }),
      }),
      { selector: (host) => host.hostname, maxLength: 5 },
    )
    .map((list) =>
      list
        .map(({ paths, ...host }) => ({ ...host, ...paths }))
        .toSorted((a, b) => bySpecificity(a.hostname, b.hostname)),
    );

const listener = (gateway: string, index: number): fc.Arbitrary<Listener> => {
  const common = {
    name: `l${index}`,
    key: `Gateway/default/${gateway}/l${index}`,
    from,
    settings: defaultListenerSettings,
    hash: "",
  };
  const port = fc.constantFrom(...ports);
  const hostname = fc.constantFrom("", ...patterns);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ port, hostname, virtualHosts: virtualHosts(gateway), keeps: fc.boolean() }).map(
        ({ keeps, ...row }): HttpListener => ({
          ...common,
          ...row,
          settings: { ...defaultListenerSettings, paths: keeps ? "asSent" : "resolved" },
          filters: [],
          ...(row.port === 80
            ? { protocol: "HTTP" }
            : { protocol: "HTTPS", tls: { mode: "terminate", certificates: [], minVersion: "TLSv1.2" } }),
        }),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ hostname, routes: fc.uniqueArray(fc.constantFrom("*", ...patterns), { maxLength: 3 }) })
        .map(
          (row): TlsListener => ({
            ...common,
            protocol: "TLS",
            tls: { mode: "passthrough" },
            port: 443,
            hostname: row.hostname,
            routes: row.routes
              .toSorted(bySpecificity)
              .map((hostname) => ({ hostname, rule: streamRule(`${gateway}-${index}-${hostname}`) })),
          }),
        ),
    },
  );
};

const gateway = (name: string): fc.Arbitrary<GatewayModel> =>
  fc
    .tuple(listener(name, 0), listener(name, 1), listener(name, 2), listener(name, 3))
    .chain((all) => fc.nat({ max: 4 }).map((count) => all.slice(0, count)))
    .map((listeners) => ({
      key: `default/${name}`,
      namespace: "default",
      name,
      from,
      labels: {},
      addresses: [],
      listeners: listeners.toSorted((a, b) => a.port - b.port),
      httpRules: Object.fromEntries(
        Array.from({ length: ruleCount }, (_, index) => httpRule(name, index)).map((rule) => [rule.key, rule]),
      ),
    }));

/** Up to two gateways that share ports 80 (HTTP) and 443 (HTTPS and TLS). */
export const routingModel: fc.Arbitrary<RoutingModel> = fc
  .oneof(fc.tuple(gateway("g")), fc.tuple(gateway("g"), gateway("h")))
  .map((gateways) => ({ gateways, clusters: {} }));

/** Requests that come near the models of {@link routingModel}. */
export const selectRequest: fc.Arbitrary<SelectRequest> = fc
  .record({
    scheme: fc.constantFrom("http" as const, "https" as const),
    sni: fc.option(fc.constantFrom(...exactHosts, "x.example.com", "x.a.example.com"), { nil: undefined, freq: 5 }),
    host: fc.constantFrom(...hosts),
    sameHost: fc.boolean(),
    method: fc.constantFrom("GET", "POST", "HEAD"),
    path: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.oneof(
          path.map((text) => ({ path: text })),
          unresolved,
        ),
      },
      fc.constantFrom("*", "/A/x", "/a/b/c/d/e/f").map((text) => ({ path: text })),
    ),
    query: fc.constantFrom(
      "",
      "q=1",
      "q=2&q=1",
      "Q=1&q=2",
      "a+b=1",
      "a%20b=1&__proto__=1",
      "q",
      "q=a%20b",
      "&&q=%zz",
      "=1",
    ),
    headers: fc
      .tuple(
        fc.dictionary(headerName, fc.constantFrom("1", "2", "1, 2", "a b", ""), { maxKeys: 2 }),
        fc.option(fc.constantFrom("c=1", "C=1; c=2", "c=2; c=1", 'c="a b"', "x=c=1"), { nil: undefined }),
      )
      .map(([headers, cookie]) => (cookie === undefined ? headers : { ...headers, cookie })),
    preflight: fc.option(
      fc.record({
        origin: fc.constant("https://app.test"),
        "access-control-request-method": fc.constantFrom("GET", "POST"),
        "access-control-request-headers": fc.constantFrom("", "x-a", "X-A,x-b", " x-b , x-a"),
      }),
      { nil: undefined, freq: 3 },
    ),
  })
  .map(({ sni, sameHost, preflight, path: forms, ...rest }) => ({
    ...rest,
    ...forms,
    ...(preflight === undefined ? {} : { method: "OPTIONS", headers: { ...rest.headers, ...preflight } }),
    port: rest.scheme === "https" ? 443 : 80,
    ...(rest.scheme === "https" && sni !== undefined ? { sni } : {}),
    ...(sameHost && sni !== undefined ? { host: sni } : {}),
  }));
