import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, compileCase, httpRoute, service, yaml } from "../../../test/compile-case.ts";

const route = (kind: string, extra = "") => `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: db, namespace: shop }
spec:
  ${extra}
  rules: [{ name: main, backendRefs: [{ name: api, port: 80, weight: 3 }, { name: gone, port: 80 }] }]`;

describe("compileStreamRules", () => {
  for (const [kind, extra, protocol, port] of [
    ["TLSRoute", "hostnames: [db.example.com]", "tcp", ""],
    ["TCPRoute", "", "tcp", "appProtocol: redis"],
    ["UDPRoute", "", "udp", "protocol: UDP"],
  ] as const) {
    it(`compiles a ${kind} to weighted backends over ${protocol}`, () => {
      const compiled = compileCase(yaml(route(kind, extra), service("api", port)));
      assert.deepEqual(compiled.entries, []);
      const [rule] = compiled.streamRules;
      assert.equal(rule?.key, `${kind}/shop/db/0`);
      assert.equal(rule?.ruleName, "main");
      assert.deepEqual(
        rule?.backends.map((backend) => [backend.weight, backend.target]),
        [
          [3, { kind: "cluster", cluster: `shop/api:80|${protocol}` }],
          [1, { kind: "invalid", status: 500, reason: "Service shop/gone does not exist" }],
        ],
      );
      assert.deepEqual(brief(compiled.findings), ["backend-not-found /spec/rules/0/backendRefs/1/name"]);
    });
  }

  for (const kind of ["TLSRoute", "TCPRoute"]) {
    it(`has a ${kind} send a PROXY header to ports with appProtocol sluice.dev/proxy-v2`, () => {
      const hosts = kind === "TLSRoute" ? "hostnames: [db.example.com]" : "";
      const proxied = service("api", "appProtocol: sluice.dev/proxy-v2");
      const compiled = compileCase(yaml(route(kind, hosts), proxied, service("gone")));
      assert.deepEqual(compiled.findings, []);
      assert.deepEqual(
        [...compiled.clusters.values()].map(({ key, proxyProtocol }) => [key, proxyProtocol]),
        [
          ["shop/api:80|tcp|proxy-v2", "v2"],
          ["shop/gone:80|tcp", undefined],
        ],
      );
    });
  }

  it("refuses an HTTPRoute's port with appProtocol sluice.dev/proxy-v2: its connections are shared between clients", () => {
    const http = httpRoute("  - backendRefs: [{ name: api, port: 80 }]");
    const compiled = compileCase(yaml(http, service("api", "appProtocol: sluice.dev/proxy-v2")));
    assert.deepEqual(brief(compiled.findings), ["backend-protocol-unsupported /spec/rules/0/backendRefs/0/port"]);
  });

  it("refuses a TCP port for a UDPRoute", () => {
    const compiled = compileCase(yaml(route("UDPRoute"), service("api"), service("gone")));
    assert.deepEqual(brief(compiled.findings), [
      "backend-protocol-unsupported /spec/rules/0/backendRefs/0/port",
      "backend-protocol-unsupported /spec/rules/0/backendRefs/1/port",
    ]);
  });

  it("picks the UDP port of a Service that has both on one number", () => {
    const both = `apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop }
spec: { ports: [{ name: tcp, port: 80 }, { name: udp, port: 80, protocol: UDP }] }`;
    const compiled = compileCase(yaml(route("UDPRoute"), both, both.replace("name: api", "name: gone")));
    assert.deepEqual(compiled.findings, []);
    assert.equal([...compiled.clusters.values()][0]?.from.pointer, "/spec/ports/1");
    assert.equal([...compiled.clusters.values()][0]?.endpoints, "shop/api:80/udp");
  });
});
