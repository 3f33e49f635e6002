import assert from "node:assert/strict";
import { test } from "node:test";
import { compileYaml, fromAll, gateway, ourClass, route } from "../../test/compile-status.ts";
import { countRules } from "./count-rules.ts";

test("countRules counts the rules of streams too, once each", () => {
  const to = (listener: string) => `parentRefs: [{ name: edge, namespace: infra, sectionName: ${listener} }]`;
  const { result } = compileYaml([
    ourClass,
    gateway(
      [
        `{ name: http, port: 80, protocol: HTTP, ${fromAll} }`,
        `{ name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, ${fromAll} }`,
        `{ name: tcp, port: 5432, protocol: TCP, ${fromAll} }`,
        `{ name: udp, port: 53, protocol: UDP, ${fromAll} }`,
      ].join(", "),
    ),
    route(`${to("http")}, rules: [{ backendRefs: [{ name: api, port: 80 }] }]`),
    route(`${to("tls")}, hostnames: [a.example.com, b.example.com]`, "TLSRoute", "names"),
    route(to("tcp"), "TCPRoute", "tcp"),
    route(to("udp"), "UDPRoute", "udp"),
  ]);
  assert.equal(countRules(result.routing), 4);
});
