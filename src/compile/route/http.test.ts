import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, compileCase, httpRoute, service, yaml } from "../../../test/compile-case.ts";
import { plainCookie } from "../../ir/issued-cookie.ts";
import type { CompiledRoute } from "../contract.ts";
import { conditionOf } from "../report/conditions.ts";

const api = service("api");
const compileRules = (rules: string) => compileCase(yaml(httpRoute(rules), api));
const backend = "backendRefs: [{ name: api, port: 80 }]";
const matchesOf = (compiled: CompiledRoute) => compiled.entries.map((entry) => entry.match);

describe("compileHttpRoute: matches", () => {
  it("matches everything when nothing is written", () => {
    assert.deepEqual(matchesOf(compileRules(`  - ${backend}`)), [
      { path: { kind: "prefix", value: "/" }, headers: [], query: [] },
    ]);
  });

  it("ignores a trailing slash of a prefix and keeps one of an exact path", () => {
    const compiled = compileRules(`  - matches:
      - path: { type: PathPrefix, value: /a/ }
      - path: { type: Exact, value: /a/ }
      - path: { type: PathPrefix, value: / }
      - path: { type: RegularExpression, value: "/[a-z]+" }
    ${backend}`);
    assert.deepEqual(
      matchesOf(compiled).map((match) => match.path),
      [
        { kind: "prefix", value: "/a" },
        { kind: "exact", value: "/a/" },
        { kind: "prefix", value: "/" },
        { kind: "regex", value: "/[a-z]+" },
      ],
    );
    assert.deepEqual(
      compiled.entries.map((entry) => [entry.rule.key, entry.matchIndex]),
      [0, 1, 2, 3].map((index) => ["HTTPRoute/shop/web/0", index]),
    );
  });

  it("lowers header names, keeps parameter names, and takes method and types over", () => {
    const [match] = matchesOf(
      compileRules(`  - matches:
      - method: POST
        headers: [{ name: X-Tenant, value: Acme }, { name: X-Id, type: RegularExpression, value: "[0-9]+" }]
        queryParams: [{ name: Page, value: "1" }]
    ${backend}`),
    );
    assert.deepEqual(match, {
      path: { kind: "prefix", value: "/" },
      method: "POST",
      headers: [
        { name: "x-tenant", kind: "exact", value: "Acme" },
        { name: "x-id", kind: "regex", value: "[0-9]+" },
      ],
      query: [{ name: "Page", kind: "exact", value: "1" }],
    });
  });

  it("lets the first of two entries for one header count, and says so", () => {
    const compiled = compileRules(`  - matches:
      - headers: [{ name: X-A, value: one }, { name: x-a, value: two }]
    ${backend}`);
    assert.deepEqual(matchesOf(compiled)[0]?.headers, [{ name: "x-a", kind: "exact", value: "one" }]);
    assert.deepEqual(brief(compiled.findings), ["header-match-ignored /spec/rules/0/matches/0/headers/1"]);
  });
});

describe("compileHttpRoute: expressions that match nothing", () => {
  for (const [pattern, told] of [
    ["api/.*", true],
    ["^v[0-9]", true],
    ["/api/.*", false],
    ["^/api", false],
    [".*api", false],
    ["(/a|/b)", false],
    ["/%41", true],
    ["/a%2fb", true],
    ["/a%2Fb", false],
    ["/%C3%A9", false],
    ["/é", true],
    ["/a//b", true],
    ["/a/\\.\\./b", true],
    ["/a/..", false],
    ["/a[?]b=c", true],
    ["/a?b=c", false],
    ["/a b", true],
    ["/[^/]*[.]", false],
    ["/a$b", true],
    ["", true],
  ] as const) {
    it(`${told ? "warns of" : "is silent about"} ${pattern}`, () => {
      const compiled = compileRules(`  - matches: [{ path: { type: RegularExpression, value: "${pattern}" } }]
    ${backend}`);
      const expected = told ? ["path-regex-never-matches /spec/rules/0/matches/0/path/value"] : [];
      assert.deepEqual(brief(compiled.findings), expected);
    });
  }
});

describe("compileHttpRoute: rules that cannot be honoured", () => {
  const bad = `matches: [{ path: { type: RegularExpression, value: "/(" } }]`;

  it("drops a rule with a broken expression and keeps the others: PartiallyInvalid", () => {
    const compiled = compileRules(`  - ${bad}
    ${backend}
  - ${backend}`);
    assert.deepEqual(
      compiled.entries.map((entry) => entry.rule.ruleIndex),
      [1],
    );
    assert.deepEqual(brief(compiled.findings), ["rule-dropped /spec/rules/0/matches/0/path/value"]);
    assert.match(compiled.findings[0]?.message ?? "", /^Dropped Rule 0: the regular expression "\/\("/);
    assert.deepEqual(conditionOf(compiled.findings[0]!), {
      type: "PartiallyInvalid",
      status: "True",
      reason: "UnsupportedValue",
    });
  });

  it("does not accept a route without a rule left", () => {
    const compiled = compileRules(`  - ${bad}
    backendRefs: [{ name: missing, port: 80 }]`);
    assert.deepEqual(compiled.entries, []);
    assert.deepEqual(brief(compiled.findings), ["route-without-valid-rule /spec/rules/0/matches/0/path/value"]);
    assert.deepEqual(conditionOf(compiled.findings[0]!), {
      type: "Accepted",
      status: "False",
      reason: "UnsupportedValue",
    });
  });

  it("checks expressions of headers and parameters too", () => {
    const compiled = compileRules(`  - matches:
      - headers: [{ name: a, type: RegularExpression, value: "(?=x)" }]
      - queryParams: [{ name: a, type: RegularExpression, value: "[" }]
    ${backend}`);
    assert.deepEqual(brief(compiled.findings), [
      "route-without-valid-rule /spec/rules/0/matches/0/headers/0/value",
      "route-without-valid-rule /spec/rules/0/matches/1/queryParams/0/value",
    ]);
  });

  it("refuses a rewrite for the rule beside a redirect for a backend", () => {
    const compiled = compileRules(`  - filters: [{ type: URLRewrite, urlRewrite: { hostname: a.example } }]
    backendRefs:
      - { name: api, port: 80, filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }] }`);
    assert.deepEqual(brief(compiled.findings), ["route-filters-incompatible /spec/rules/0/backendRefs/0/filters/0"]);
    assert.equal(conditionOf(compiled.findings[0]!)?.reason, "IncompatibleFilters");
  });
});

describe("compileHttpRoute: backends", () => {
  it("keeps weights, also 0, and the share of what does not resolve", () => {
    const compiled = compileRules(`  - backendRefs:
      - { name: api, port: 80, weight: 9 }
      - { name: gone, port: 80 }
      - { name: api, port: 80, weight: 0 }`);
    assert.deepEqual(
      compiled.entries[0]?.rule.backends.map((each) => [each.weight, each.target.kind]),
      [
        [9, "cluster"],
        [1, "invalid"],
        [0, "cluster"],
      ],
    );
  });

  it("warns when all weights are 0", () => {
    const compiled = compileRules("  - backendRefs: [{ name: api, port: 80, weight: 0 }]");
    assert.deepEqual(brief(compiled.findings), ["weights-sum-zero /spec/rules/0/backendRefs"]);
  });

  it("warns of a rule without backends, and not of one that redirects", () => {
    const compiled = compileRules(`  - matches: [{ path: { value: /a } }]
  - filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }]`);
    assert.deepEqual(brief(compiled.findings), ["rule-without-backends /spec/rules/0"]);
  });

  it("compiles the filters of a backendRef for it alone", () => {
    const compiled = compileRules(`  - backendRefs:
      - name: api
        port: 80
        filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: A, value: b }] } }]`);
    assert.deepEqual(compiled.entries[0]?.rule.backends[0]?.filters, [
      {
        from: { kind: "HTTPRoute", namespace: "shop", name: "web", pointer: "/spec/rules/0/backendRefs/0/filters/0" },
        filter: { kind: "headerModifier", on: "request", set: [{ name: "a", value: "b" }], add: [], remove: [] },
      },
    ]);
  });
});

describe("compileHttpRoute: timeouts, retry, session persistence", () => {
  const ruleOf = (fields: string) => {
    const compiled = compileRules(`  - name: main
    ${backend}
    ${fields}`);
    return { rule: compiled.entries[0]?.rule, findings: brief(compiled.findings) };
  };

  it("reads durations", () => {
    assert.deepEqual(ruleOf("timeouts: { request: 1m30s, backendRequest: 500ms }").rule?.timeouts, {
      requestMs: 90_000,
      backendRequestMs: 500,
      silence: "unbounded",
    });
  });

  it("leaves silence to the plane only where the rule says nothing of its time: a zero says that there is no limit", () => {
    for (const fields of ["request: 0s", "backendRequest: 0s", "request: 0s, backendRequest: 0s"]) {
      assert.deepEqual(
        ruleOf(`timeouts: { ${fields} }`).rule?.timeouts,
        { requestMs: 0, backendRequestMs: 0, silence: "unbounded" },
        fields,
      );
    }
    for (const fields of ["timeouts: {}", ""]) {
      assert.deepEqual(
        ruleOf(fields).rule?.timeouts,
        { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
        fields,
      );
    }
  });

  it("takes a duration that no timer can hold as the longest that one can", () => {
    assert.equal(ruleOf("timeouts: { request: 99999h }").rule?.timeouts.requestMs, 2_147_483_647);
  });

  it("takes the rule's name over", () => {
    assert.equal(ruleOf("timeouts: {}").rule?.ruleName, "main");
  });

  it("retries once with a short wait unless written otherwise, codes in order", () => {
    assert.deepEqual(ruleOf("retry: { codes: [504, 502] }").rule?.retry, {
      attempts: 1,
      codes: [502, 504],
      backoffMs: 25,
    });
    assert.deepEqual(ruleOf("retry: { attempts: 3, codes: [503], backoff: 1s }").rule?.retry, {
      attempts: 3,
      codes: [503],
      backoffMs: 1000,
    });
  });

  it("switches retries off with 0 attempts", () => {
    const { rule, findings } = ruleOf("retry: { attempts: 0 }");
    assert.deepEqual(rule?.retry, { attempts: 0, codes: [], backoffMs: 0 });
    assert.deepEqual(findings, []);
  });

  it("notes a retry without codes, and a wait that outlasts the request", () => {
    assert.deepEqual(ruleOf("retry: { attempts: 2 }").findings, ["retry-without-codes /spec/rules/0/retry"]);
    assert.deepEqual(ruleOf("retry: { codes: [503], backoff: 2s }\n    timeouts: { request: 1s }").findings, [
      "retry-backoff-too-long /spec/rules/0/retry/backoff",
    ]);
  });

  it("names a cookie after the rule when the user does not, permanent when asked", () => {
    const sticky = ruleOf(
      "sessionPersistence: { absoluteTimeout: 1h, cookie: { lifetimeType: Permanent, path: /shop } }",
    ).rule?.sessionPersistence;
    assert.match(sticky?.name ?? "", /^sluice-[0-9a-f]{8}$/);
    assert.deepEqual(
      { ...sticky, name: "" },
      {
        kind: "cookie",
        name: "",
        absoluteTimeoutMs: 3_600_000,
        issued: { ...plainCookie, maxAgeSeconds: 3_600, path: "/shop", secure: "onHttps", sameSite: "Lax" },
        afterFailure: "other",
      },
    );
    assert.equal(
      ruleOf("sessionPersistence: { type: Header, header: { name: X-Sticky } }").rule?.sessionPersistence?.name,
      "x-sticky",
    );
  });
});
