import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "../finding/finding.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import type { HttpRule, RoutingModel } from "../ir/routing-model.ts";
import { diffGenerations, renderDiff } from "./generation-diff.ts";

const from = { kind: "HTTPRoute", namespace: "shop", name: "r", pointer: "" };

function rule(name: string, requestMs = 0): HttpRule {
  return {
    key: `HTTPRoute/shop/${name}/0`,
    from,
    namespace: "shop",
    name,
    ruleIndex: 0,
    ruleName: "",
    routeKind: "HTTPRoute",
    labels: {},
    filters: [],
    backends: [],
    timeouts: { requestMs, backendRequestMs: 0, silence: "bounded" },
  };
}

function model(...rules: readonly HttpRule[]): RoutingModel {
  const entries = rules.map(
    ({ key }) =>
      ({ match: { path: { kind: "prefix", value: "/" }, headers: [], query: [] }, rule: key, matchIndex: 0 }) as const,
  );
  return {
    clusters: {},
    gateways: [
      {
        key: "shop/web",
        namespace: "shop",
        name: "web",
        from,
        labels: {},
        addresses: [],
        httpRules: Object.fromEntries(rules.map((row) => [row.key, row])),
        listeners: [
          {
            key: "l",
            name: "http",
            from,
            port: 80,
            hostname: "",
            settings: defaultListenerSettings,
            hash: "",
            protocol: "HTTP",
            filters: [],
            virtualHosts: [{ hostname: "*", entries }],
          },
        ],
      },
    ],
  };
}

const finding = (message: string) =>
  ({ code: "SL5001", object: { kind: "HTTPRoute", group: "", name: "r" }, pointer: "", message }) as Finding;

test("diffGenerations() counts routes that came, went and changed, and new findings", () => {
  const before = { routing: model(rule("a"), rule("b"), rule("c")), findings: [finding("old"), finding("stays")] };
  const after = {
    routing: model(rule("b", 5000), rule("c"), rule("d"), rule("e")),
    findings: [finding("stays"), finding("new")],
  };
  const diff = diffGenerations(before, after);
  assert.deepEqual([diff.added, diff.removed, diff.changed, diff.goneFindings], [2, 1, 1, 1]);
  assert.deepEqual(
    diff.newFindings.map(({ message }) => message),
    ["new"],
  );
  assert.equal(renderDiff(diff), "+2 routes, -1 route, 1 route changed");
});

test("renderDiff() says so when no route changed", () => {
  const same = { routing: model(rule("a")), findings: [] };
  assert.equal(renderDiff(diffGenerations(same, same)), "routes as before");
});
