import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { brief, compileCase, service, yaml } from "../../../test/compile-case.ts";
import * as ir from "../../../test/ir/model.ts";
import { defaultListenerSettings } from "../../ir/listener-settings.ts";
import type { GatewayModel, HttpListener } from "../../ir/routing-model.ts";
import { select } from "../../ir/select.ts";
import type { ScoredEntry } from "../contract.ts";
import { compareEntries, scoreHttpMatch } from "./precedence.ts";
import { findUnreachableRules } from "./unreachable-rule.ts";

/** Entries of a route with the given matches, one rule each. */
function entriesOf(name: string, rules: readonly string[]): readonly ScoredEntry[] {
  const text = rules.map((matches) => `  - { matches: ${matches}, backendRefs: [{ name: api, port: 80 }] }`).join("\n");
  return compileCase(
    yaml(
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec:
  rules:
${text}`,
      service("api"),
    ),
  ).entries;
}

function modelOf(hosts: Readonly<Record<string, readonly ScoredEntry[]>>): GatewayModel {
  const all = Object.values(hosts).flat();
  const listener: HttpListener = {
    key: "Gateway/infra/edge/http",
    name: "http",
    from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "/spec/listeners/0" },
    port: 80,
    hostname: "",
    settings: defaultListenerSettings,
    hash: "h",
    protocol: "HTTP",
    filters: [],
    virtualHosts: Object.entries(hosts).map(([hostname, entries]) => ({
      hostname,
      entries: [...entries]
        .sort(compareEntries)
        .map(({ match, rule, matchIndex }) => ({ match, rule: rule.key, matchIndex })),
    })),
  };
  return {
    key: "infra/edge",
    namespace: "infra",
    name: "edge",
    from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "" },
    labels: {},
    addresses: [],
    listeners: [listener],
    httpRules: Object.fromEntries(all.map(({ rule }) => [rule.key, rule])),
  };
}

const findingsOf = (model: GatewayModel) => [...findUnreachableRules(model).values()];
const path = (value: string, rest = "") => `[{ path: { value: ${value} }${rest} }]`;

describe("findUnreachableRules", () => {
  it("names the route that always wins", () => {
    const model = modelOf({ "*": [...entriesOf("first", [path("/a")]), ...entriesOf("second", [path("/a")])] });
    const findings = findingsOf(model);
    assert.deepEqual(brief(findings), ["rule-unreachable /spec/rules/0"]);
    assert.equal(findings[0]?.object.name, "second");
    assert.equal(findings[0]?.related?.[0]?.name, "first");
    assert.match(
      findings[0]?.message ?? "",
      /rules\[0\] of HTTPRoute shop\/first matches every such request and takes precedence/,
    );
  });

  it("sees through the order of headers and parameters", () => {
    const one = `[{ headers: [{ name: A, value: x }, { name: b, value: y }] }]`;
    const two = `[{ headers: [{ name: B, value: y }, { name: a, value: x }] }]`;
    const model = modelOf({ "*": [...entriesOf("first", [one]), ...entriesOf("second", [two])] });
    assert.equal(findingsOf(model).length, 1);
  });

  it("is silent for matches that differ in any part", () => {
    const model = modelOf({
      "*": entriesOf("web", [
        path("/a"),
        path("/a/b"),
        path("/a", ", method: GET"),
        path("/a", ", headers: [{ name: a, value: x }]"),
        path("/a", ", headers: [{ name: a, value: y }]"),
        path("/a", ", queryParams: [{ name: a, value: y }]"),
        "[{ path: { type: Exact, value: /a } }]",
      ]),
    });
    assert.deepEqual(findingsOf(model), []);
  });

  it("is silent for a duplicate inside one rule, and tells of one in another rule of the route", () => {
    const inside = modelOf({ "*": entriesOf("web", ["[{ path: { value: /a } }, { path: { value: /a/ } }]"]) });
    assert.deepEqual(findingsOf(inside), []);
    const across = modelOf({ "*": entriesOf("web", [path("/a"), path("/a")]) });
    assert.match(
      findingsOf(across)[0]?.message ?? "",
      /rules\[0\] of the same route matches every such request and takes precedence/,
    );
  });

  it("points at the match when only some of a rule are hidden", () => {
    const model = modelOf({
      "*": [
        ...entriesOf("first", [path("/a")]),
        ...entriesOf("second", ["[{ path: { value: /b } }, { path: { value: /a } }]"]),
      ],
    });
    assert.deepEqual(brief(findingsOf(model)), ["rule-unreachable /spec/rules/0/matches/1"]);
  });

  it("is silent when the rule still serves on another hostname", () => {
    const second = entriesOf("second", [path("/a")]);
    const model = modelOf({ "a.example": [...entriesOf("first", [path("/a")]), ...second], "b.example": second });
    assert.deepEqual(findingsOf(model), []);
  });

  it("knows that an expression for every path stands before all prefixes", () => {
    const every = '[{ path: { type: RegularExpression, value: "/.*" } }]';
    const model = modelOf({ "*": entriesOf("web", [path("/a"), every, "[{ path: { type: Exact, value: /b } }]"]) });
    assert.deepEqual(brief(findingsOf(model)), ["rule-unreachable /spec/rules/0"]);
    const post = '[{ path: { type: RegularExpression, value: "/.*" }, method: POST }]';
    assert.deepEqual(findingsOf(modelOf({ "*": entriesOf("web", [path("/a"), post]) })), []);
  });
});

describe("findUnreachableRules against the reference matcher", () => {
  const match = fc.record({
    path: fc.constantFrom(
      { kind: "exact", value: "/a" } as const,
      { kind: "prefix", value: "/" } as const,
      { kind: "prefix", value: "/a" } as const,
      { kind: "regex", value: "/.*" } as const,
    ),
    method: fc.constantFrom(undefined, "GET"),
    header: fc.constantFrom(undefined, "x", "y"),
  });
  const requests = ["/", "/a", "/a/b"].flatMap((path) =>
    ["GET", "PUT"].flatMap((method) =>
      [{}, { h: "x" }, { h: "y" }, { h: "z" }].map((headers) => ir.request({ path, method, headers })),
    ),
  );

  it("never names a rule that serves some request", () => {
    let named = 0;
    fc.assert(
      fc.property(fc.array(match, { minLength: 1, maxLength: 8 }), (matches) => {
        const entries = matches.map(({ path: at, method, header }, index): ScoredEntry => {
          const built = ir.match({
            path: at,
            ...(method === undefined ? {} : { method }),
            headers: header === undefined ? [] : [{ name: "h", kind: "exact", value: header }],
          });
          return {
            match: built,
            rule: ir.httpRule(`r${index}`),
            matchIndex: 0,
            score: scoreHttpMatch(built, undefined),
          };
        });
        entries.sort(compareEntries);
        const host = ir.virtualHost(
          "*",
          entries.map((entry) => [entry.match, entry.rule] as const),
        );
        const gateway = ir.gateway(
          [ir.http("http", "", [host])],
          entries.map((entry) => entry.rule),
        );
        const model = ir.model(gateway);
        const serving = new Set(
          requests.flatMap((request) => {
            const selection = select(model, request);
            return selection.kind === "rule" ? [selection.rule.name] : [];
          }),
        );
        for (const finding of findingsOf(gateway)) {
          named++;
          assert.ok(!serving.has(finding.object.name), finding.message);
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(named > 100, `only ${named} rules were named`);
  });
});
