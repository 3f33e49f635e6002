import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { explain } from "../../src/ir/explain.ts";
import { explainConnection } from "../../src/ir/explain-connection.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { plainCookie } from "../../src/ir/issued-cookie.ts";
import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import type { HttpRule } from "../../src/ir/routing-model.ts";
import { type SelectRequest, select } from "../../src/ir/select.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { routingModel, selectRequest } from "../property/routing-model.ts";
import {
  backend,
  gateway,
  http,
  httpRule,
  https,
  match,
  model,
  place,
  request,
  stream,
  streamRule,
  tls,
  virtualHost,
} from "./model.ts";

const prefix = (value: string) => match({ path: { kind: "prefix", value } });

const app = httpRule("app", {
  ruleName: "main",
  backends: [backend("app", 9), backend("canary", 1)],
  filters: [place({ kind: "urlRewrite", path: { kind: "prefix", value: "/v2" } })],
  timeouts: { requestMs: 5000, backendRequestMs: 1000, silence: "bounded" },
  retry: { attempts: 2, codes: [502, 503], backoffMs: 100 },
  sessionPersistence: { kind: "cookie", name: "sid", absoluteTimeoutMs: 0, issued: plainCookie, afterFailure: "other" },
});
const canary = httpRule("canary");
const api = httpRule("api", { ruleIndex: 2 });
const rest = httpRule("rest");
const rules = [app, canary, api, rest];

const shop = model(
  gateway(
    [
      http("web", "", [
        virtualHost("a.test", [
          [{ ...prefix("/app"), headers: [{ name: "x-canary", kind: "exact", value: "always" }] }, canary],
          [prefix("/app"), app],
          [{ ...prefix("/api"), method: "POST" }, api],
          [{ ...prefix("/q"), query: [{ name: "v", kind: "regex", value: "[0-9]+" }] }, api],
        ]),
        virtualHost("*.test", [[prefix("/app"), rest]]),
      ]),
      http("admin", "admin.test", []),
      https("secure", "a.test", [virtualHost("a.test", [[match(), rest]])]),
      https("wide", "*.test", [virtualHost("*.test", [[match(), rest]])]),
      tls("db", "db.test", [{ hostname: "db.test", rule: streamRule("db", "TLSRoute", [backend("db", 1)]) }]),
    ],
    rules,
  ),
);

function rule(changes: Partial<SelectRequest>, options: Parameters<typeof explain>[2] = {}) {
  const explanation = explain(shop, request(changes), options);
  assert.equal(explanation.outcome.kind, "rule");
  return { ...explanation, outcome: explanation.outcome as Extract<typeof explanation.outcome, { kind: "rule" }> };
}

describe("explain() of a request that a rule serves", () => {
  test("names route, match and why it comes before the next that matches", () => {
    const { outcome } = rule({ path: "/app/x" });
    assert.equal(outcome.route, 'HTTPRoute shop/app, rules[0] ("main")');
    assert.equal(outcome.match, "path /app and below");
    assert.deepEqual(outcome.before, {
      route: "HTTPRoute shop/rest, rules[0]",
      because: "hostname a.test is more specific than *.test",
    });
  });

  test("says what the others lacked, those that match too and the nearest first", () => {
    const { others } = rule({ path: "/app/x" });
    assert.deepEqual(
      others.map(({ route, lacks, later }) => [route, later ?? lacks]),
      [
        ["HTTPRoute shop/rest, rules[0]", "hostname a.test is more specific than *.test"],
        ["HTTPRoute shop/canary, rules[0]", ['header x-canary is absent, needs "always"']],
        ["HTTPRoute shop/api, rules[2]", ["path /app/x does not begin with /api", "method is GET, needs POST"]],
        [
          "HTTPRoute shop/api, rules[2]",
          ["path /app/x does not begin with /q", "query parameter v is absent, needs a match of [0-9]+"],
        ],
      ],
    );
  });

  test("lists no more others than the limit, and counts the rest", () => {
    const { others, othersLeftOut } = rule({ path: "/app/x" }, { limit: 1 });
    assert.deepEqual([others.length, othersLeftOut], [1, 3]);
  });

  test("says what will be done to it", () => {
    const { action } = rule(
      { path: "/app/x", query: "q=1" },
      { endpoints: { "shop/app:80": [{ address: "10.0.0.1", port: 80 }] } },
    ).outcome;
    assert.deepEqual(
      action.filters.map(({ does }) => does),
      ["rewrites path to /v2 in place of the matched prefix"],
    );
    assert.deepEqual(action.forwarded, { host: "a.test", path: "/v2/x", query: "q=1" });
    assert.deepEqual(
      action.backends.map(({ name, percent, endpoints, status }) => [name, percent, endpoints, status]),
      [
        ["shop/app:80", 90, 1, undefined],
        ["shop/canary:80", 10, 0, 503],
      ],
    );
    assert.deepEqual(action.limits, [
      "answer within 5000 ms in all, else 504",
      "each attempt within 1000 ms",
      "up to 2 retries after 100 ms, for connection errors and status 502, 503",
      "clients stay with one endpoint by cookie sid",
    ]);
  });

  test("says which listener took it and why the others did not", () => {
    const { listeners } = rule({ path: "/app" });
    assert.deepEqual(
      listeners.map(({ name, chosen, why }) => [name, chosen, why]),
      [
        ["web", true, "no listener on port 80 names the Host, and this one takes any"],
        ["admin", false, "its hostname admin.test does not cover the Host a.test"],
      ],
    );
  });
});

describe("explain() of answers that the gateway gives by itself", () => {
  const answers: readonly [
    title: string,
    changes: Partial<HttpRule>,
    request: Partial<SelectRequest>,
    expected: unknown,
  ][] = [
    [
      "a redirect with its Location",
      { filters: [place({ kind: "requestRedirect", status: 301, scheme: "https" })] },
      { path: "/x", query: "q" },
      { status: 301, location: "https://a.test:8443/x?q", why: "the rule redirects" },
    ],
    [
      "an extension that does not exist",
      { filters: [place({ kind: "directResponse", status: 500, reason: "no such filter" })] },
      {},
      { status: 500, why: "no such filter" },
    ],
    ["a rule without backends", { backends: [] }, {}, { status: 500, why: "the rule has no backend" }],
    [
      "weights that are all 0",
      { backends: [backend("app", 0)] },
      {},
      { status: 500, why: "all weights of the rule's backends are 0" },
    ],
    [
      "a gRPC rule without backends",
      { backends: [], routeKind: "GRPCRoute" },
      {},
      { status: 200, why: "the rule has no backend: grpc-status 14 (UNAVAILABLE)" },
    ],
    [
      "an authorisation server that did not resolve",
      {
        filters: [place(externalAuth({ servers: [] }))],
      },
      {},
      { status: 403, why: "the authorisation server did not resolve, so nothing may pass" },
    ],
    [
      "a CORS preflight",
      {
        filters: [
          place({
            kind: "cors",
            allowOrigins: ["*"],
            allowCredentials: false,
            allowMethods: [],
            allowHeaders: [],
            exposeHeaders: [],
            maxAgeSeconds: 5,
          }),
        ],
      },
      { method: "OPTIONS", headers: { origin: "https://x.test", "access-control-request-method": "GET" } },
      { status: 200, why: "it is a CORS preflight, which the gateway answers" },
    ],
  ];
  for (const [title, changes, asked, expected] of answers) {
    test(title, () => {
      const only = httpRule("only", changes);
      const small = model(gateway([http("web", "", [virtualHost("*", [[match(), only]])])], [only]));
      const { outcome } = explain(small, request(asked), { publicPort: (port) => (port === 443 ? 8443 : port) });
      assert.deepEqual(outcome.kind === "rule" && outcome.action.answer, expected);
      assert.deepEqual(outcome.kind === "rule" && outcome.action.backends, []);
    });
  }
});

describe("explain() of a request that no route serves", () => {
  const rows: readonly [changes: Partial<SelectRequest>, status: number | undefined, sentence: RegExp][] = [
    [{ port: 81 }, 404, /^No listener uses port 81\. Listeners use ports 80, 443\.$/],
    [{ port: 443 }, 404, /^Port 443 speaks HTTPS and TLS, and the request is HTTP\.$/],
    [{ host: "admin.test" }, 404, /^No route is attached to listener "admin" \(HTTP, port 80, admin\.test\)\.$/],
    [
      { host: "example.org" },
      404,
      /^No route of listener "web" .* is for the Host example\.org\. Its routes are for \*\.test, a\.test\.$|a\.test, \*\.test\.$/,
    ],
    [
      { path: "/apple" },
      404,
      /The nearest is HTTPRoute shop\/app, rules\[0\] .*: path \/apple does not begin with the whole element \/app/,
    ],
    [{ path: "/api/x" }, 404, /5 matches are for the Host a\.test.*method is GET, needs POST\.$/],
    [{ path: "/q", query: "v=x" }, 404, /query parameter v, "x", does not match \[0-9\]\+ as a whole/],
    [
      { scheme: "https", sni: "b.test" },
      421,
      /made for b\.test, which is listener "wide".*Host a\.test belongs to listener "secure"/,
    ],
    [
      { scheme: "https", sni: "x.org" },
      undefined,
      /^No listener on port 443 covers the SNI x\.org\. Listeners there are for /,
    ],
    [{ scheme: "https" }, undefined, /^No listener on port 443 covers a connection without SNI\./],
    [
      { scheme: "https", sni: "db.test" },
      undefined,
      /SNI "db\.test" belongs to listener "db".*TLSRoute shop\/db, rules\[0\] passes the connection on\.$/,
    ],
    [{ scheme: "https", sni: "a.test", host: "x.org" }, 404, /^No listener on port 443 covers the Host x\.org\./],
  ];
  for (const [changes, status, sentence] of rows) {
    test(`${JSON.stringify(changes)} gets ${status ?? "no handshake"} and a sentence`, () => {
      const { outcome } = explain(shop, request(changes));
      assert.equal(outcome.kind, "none");
      if (outcome.kind !== "none") return;
      assert.equal(outcome.status, status);
      assert.match(outcome.sentence, sentence);
    });
  }

  test("names routes elsewhere whose conditions it meets", () => {
    const { elsewhere } = explain(shop, request({ host: "admin.test", path: "/app" }));
    assert.deepEqual(
      elsewhere.map(({ route, lacks }) => [route, lacks]),
      [
        ['HTTPRoute shop/app, rules[0] ("main")', ["it is for host a.test"]],
        ["HTTPRoute shop/rest, rules[0]", ["it is on listener web, which does not take this host"]],
      ],
    );
  });

  test("speaks of listeners that act as one because their Gateways share a port", () => {
    const two = model(
      gateway([http("web", "", [virtualHost("b.test", [[match(), rest]])])], [rest], "one"),
      gateway([http("web", "", [])], [], "two"),
    );
    const { outcome, listeners } = explain(two, request());
    assert.match(
      outcome.kind === "none" ? outcome.sentence : "",
      /^No route of listener "web" .* or of 1 listener like it is for the Host/,
    );
    assert.match(
      listeners[1]?.why ?? "",
      /^it has the same hostname as web of Gateway .*; the routes of both were tried$/,
    );
  });

  test("says that nothing is in force when nothing is", () => {
    const { outcome } = explain(model(), request());
    assert.equal(outcome.kind === "none" && outcome.sentence, "No listener is in force on any port.");
  });
});

describe("explain() of what the order of precedence turned on", () => {
  const rows: readonly [
    title: string,
    winner: Parameters<typeof match>[0],
    loser: Parameters<typeof match>[0],
    because: string,
  ][] = [
    ["exact before prefix", { path: { kind: "exact", value: "/" } }, {}, "path exactly / ranks before any path"],
    ["method", { method: "GET" }, {}, "it names the method GET"],
    [
      "headers",
      { headers: [{ name: "a", kind: "exact", value: "1" }] },
      {},
      "it has more header conditions (1 against 0)",
    ],
    [
      "query parameters",
      { query: [{ name: "a", kind: "exact", value: "1" }] },
      {},
      "it has more query parameter conditions (1 against 0)",
    ],
    ["age or name", {}, {}, "their conditions rank equal, and shop/one is older than shop/two or comes first by name"],
  ];
  for (const [title, winner, loser, because] of rows) {
    test(title, () => {
      const [one, two] = [httpRule("one"), httpRule("two")];
      const entries = [[match(winner), one] as const, [match(loser), two] as const];
      const small = model(gateway([http("web", "", [virtualHost("*", entries)])], [one, two]));
      const { outcome } = explain(small, request({ headers: { a: "1" }, query: "a=1" }));
      assert.equal(outcome.kind === "rule" && outcome.before?.because, because);
    });
  }

  test("rule order inside a route", () => {
    const [one, two] = [httpRule("same"), httpRule("same", { ruleIndex: 1 })];
    const small = model(
      gateway(
        [
          http("web", "", [
            virtualHost("*", [
              [match(), one],
              [match(), two],
            ]),
          ]),
        ],
        [one, two],
      ),
    );
    const { outcome } = explain(small, request());
    assert.equal(
      outcome.kind === "rule" && outcome.before?.because,
      "their conditions rank equal, and rules[0] is written before rules[1]",
    );
  });
});

test("describeFilter() has words for every kind, also for references that did not resolve", () => {
  const filters: readonly (readonly [Filter, string])[] = [
    [
      {
        kind: "headerModifier",
        on: "response",
        set: [{ name: "a", value: "1" }],
        add: [{ name: "b", value: "2" }],
        remove: ["c"],
      },
      "sets response header a, adds to response header b, removes response header c",
    ],
    [
      { kind: "requestMirror", cluster: "shop/m:80", fraction: { numerator: 5, denominator: 100 } },
      "mirrors 5% of requests to shop/m:80",
    ],
    [
      { kind: "requestMirror", cluster: undefined, fraction: { numerator: 1, denominator: 1 } },
      "mirrors nothing: its backend did not resolve",
    ],
  ];
  for (const [filter, words] of filters) {
    const only = httpRule("only", { filters: [place(filter)] });
    const small = model(gateway([http("web", "", [virtualHost("*", [[match(), only]])])], [only]));
    const { outcome } = explain(small, request());
    assert.equal(outcome.kind === "rule" && outcome.action.filters[0]?.does, words);
  }
});

test("explain() agrees with select() and never throws, for any model and request", () => {
  fc.assert(
    fc.property(routingModel, selectRequest, (any, asked) => {
      const { outcome, others, listeners } = explain(any, asked);
      const selection = select(any, asked);
      assert.equal(outcome.kind, selection.kind);
      if (outcome.kind === "none" && selection.kind === "none") {
        assert.equal(outcome.reason, selection.reason);
        assert.match(outcome.sentence, /\.$/);
      }
      if (outcome.kind === "rule" && selection.kind === "rule") assert.equal(outcome.listener, selection.listener.key);
      assert.ok(others.every(({ lacks, later }) => lacks.length > 0 || later !== undefined));
      assert.ok(listeners.filter(({ chosen }) => chosen).length <= 1);
    }),
    { numRuns: 1000 },
  );
});

describe("explainConnection()", () => {
  const dns = streamRule("dns", "UDPRoute", [backend("dns", 1)]);
  const all = model(
    gateway(
      [
        ...shop.gateways[0]!.listeners,
        stream("dns", "UDP", 53, dns),
        stream("idle", "TCP", 5432, undefined),
        stream("zero", "TCP", 6379, streamRule("cache", "TCPRoute", [backend("cache", 0)])),
      ],
      rules,
    ),
  );
  const rows: readonly [request: Parameters<typeof explainConnection>[1], outcome: string, sentence: RegExp][] = [
    [
      { protocol: "TLS", port: 443, sni: "db.test" },
      "forwarded",
      /^Listener "db" .* takes it; TLSRoute shop\/db, rules\[0\] forwards it\.$/,
    ],
    [{ protocol: "TLS", port: 443, sni: "a.test" }, "http", /terminates TLS; its requests are routed by Host\.$/],
    [{ protocol: "TLS", port: 443, sni: "x.org" }, "refused", /covers the SNI "x\.org", so the handshake is refused\./],
    [{ protocol: "UDP", port: 53 }, "forwarded", /UDPRoute shop\/dns, rules\[0\] forwards it\.$/],
    [{ protocol: "TCP", port: 5432 }, "closed", /has no route for it, so the connection is closed\.$/],
    [{ protocol: "TCP", port: 6379 }, "closed", /has no usable backend, so the connection is closed\.$/],
    [{ protocol: "TCP", port: 53 }, "refused", /^No TCP listener uses port 53\. On that port there is listener "dns"/],
  ];
  for (const [asked, outcome, sentence] of rows) {
    test(`${asked.protocol} ${asked.port} ${asked.sni ?? ""} is ${outcome}`, () => {
      const found = explainConnection(all, asked);
      assert.equal(found.outcome, outcome);
      assert.match(found.sentence, sentence);
    });
  }
});

describe("a listener that keeps the segments of paths", () => {
  const own = httpRule("own");
  const moved = httpRule("moved", { filters: [place({ kind: "urlRewrite", path: { kind: "prefix", value: "/b" } })] });
  const hosts = [
    virtualHost("*", [
      [prefix("/bkt"), own],
      [prefix("/moved"), moved],
      [prefix("/secret"), rest],
    ]),
  ];
  const store = model(
    gateway(
      [{ ...http("s3", "", hosts), settings: { ...defaultListenerSettings, paths: "asSent" } }],
      [own, moved, rest],
    ),
  );
  const asked = (path: string, keptPath: string, sentPath: string): SelectRequest =>
    request({ path, spelling: { forwardedPath: path, keptPath, sentPath } });

  test("says what is forwarded, as it was sent or rewritten", () => {
    const kept = explain(store, asked("/bkt/y", "/bkt/x/..//y", "/bkt/x/%2e%2e//y")).outcome;
    assert.equal(kept.kind === "rule" && kept.action.forwarded?.path, "/bkt/x/%2e%2e//y");
    const rewritten = explain(store, asked("/moved/y", "/moved/x/..//y", "/moved/x/%2e%2e//y")).outcome;
    assert.equal(rewritten.kind === "rule" && rewritten.action.forwarded?.path, "/b/x/%2e%2e//y");
  });

  test("says why a path that would be another rule's is refused", () => {
    const { outcome } = explain(store, asked("/secret", "/bkt/../secret", "/bkt/../secret"));
    assert.ok(outcome.kind === "none");
    assert.deepEqual([outcome.reason, outcome.status], ["ambiguousPath", 400]);
    assert.match(outcome.sentence, /keeps the segments of paths.*\/bkt\/\.\.\/secret/);
  });
});
