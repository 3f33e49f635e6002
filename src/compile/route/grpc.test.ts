import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, compileCase, service, yaml } from "../../../test/compile-case.ts";
import { compileRegex } from "../../base/regex.ts";

const grpcRoute = (rules: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: cart, namespace: shop }
spec:
${rules}`;

const rule = (matches: string) =>
  compileCase(
    yaml(grpcRoute(`  rules: [{ matches: ${matches}, backendRefs: [{ name: api, port: 80 }] }]`), service("api")),
  );
const pathOf = (method: string) => rule(`[{ method: ${method} }]`).entries[0]?.match.path;

describe("compileGrpcRoute", () => {
  it("turns methods into paths", () => {
    assert.deepEqual(pathOf("{ service: shop.Cart, method: Add }"), { kind: "exact", value: "/shop.Cart/Add" });
    assert.deepEqual(pathOf("{ service: shop.Cart }"), { kind: "prefix", value: "/shop.Cart" });
    assert.deepEqual(pathOf("{ method: Add }"), { kind: "regex", value: "/[^/]+/Add" });
    assert.deepEqual(rule("[{ headers: [{ name: A, value: b }] }]").entries[0]?.match, {
      path: { kind: "prefix", value: "/" },
      headers: [{ name: "a", kind: "exact", value: "b" }],
      query: [],
    });
  });

  it("keeps each expression inside its part of the path", () => {
    const path = pathOf("{ type: RegularExpression, service: '^a|b$', method: 'Get.*' }");
    assert.equal(path?.kind, "regex");
    const regex = compileRegex(path?.value ?? "");
    assert.equal(regex.kind, "regex");
    const matches = (text: string) => regex.kind === "regex" && regex.matchesWhole(text);
    assert.ok(matches("/a/GetOne"));
    assert.ok(matches("/b/Get"));
    assert.ok(!matches("/b"));
    assert.ok(!matches("/c/Get"));
  });

  it("drops a rule whose expression is broken, alone or joined with the rest", () => {
    assert.deepEqual(brief(rule("[{ method: { type: RegularExpression, service: '(' } }]").findings), [
      "route-without-valid-rule /spec/rules/0/matches/0/method/service",
    ]);
    assert.deepEqual(brief(rule("[{ method: { type: RegularExpression, service: 'a', method: '\\Qx' } }]").findings), [
      "route-without-valid-rule /spec/rules/0/matches/0/method",
    ]);
  });

  it("matches every call when a rule lists no matches, speaking HTTP/2", () => {
    const compiled = compileCase(
      yaml(grpcRoute("  rules: [{ backendRefs: [{ name: api, port: 80 }] }]"), service("api")),
    );
    assert.equal(compiled.entries.length, 1);
    assert.equal(compiled.entries[0]?.rule.key, "GRPCRoute/shop/cart/0");
    assert.deepEqual([...compiled.clusters.keys()], ["shop/api:80|http2"]);
  });

  it("has no entries without rules", () => {
    assert.deepEqual(compileCase(grpcRoute("  hostnames: [a.example]")).entries, []);
  });

  it("refuses a WebSocket port, and a rule without backends is told", () => {
    const route = grpcRoute("  rules: [{ backendRefs: [{ name: api, port: 80 }] }, {}]");
    const compiled = compileCase(yaml(route, service("api", "appProtocol: kubernetes.io/ws")));
    assert.deepEqual(brief(compiled.findings), [
      "backend-protocol-unsupported /spec/rules/0/backendRefs/0/port",
      "rule-without-backends /spec/rules/1",
    ]);
  });

  it("takes filters and session persistence over", () => {
    const compiled = compileCase(
      yaml(
        grpcRoute(`  rules:
    - filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { remove: [Server] } }]
      sessionPersistence: { cookie: { name: pin } }
      backendRefs: [{ name: api, port: 80 }]`),
        service("api"),
      ),
    );
    const found = compiled.entries[0]?.rule;
    assert.deepEqual(
      found?.filters.map((placed) => placed.filter),
      [{ kind: "headerModifier", on: "response", set: [], add: [], remove: ["server"] }],
    );
    assert.equal(found?.sessionPersistence?.name, "pin");
  });
});
