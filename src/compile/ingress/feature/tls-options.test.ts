import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFinding } from "../../../finding/catalogue.ts";
import { suitesOfTls13 } from "../openssl-suites.ts";
import type { ServeServerScope } from "../serve-feature.ts";
import { serveTlsOptions } from "./tls-options.ts";

function serve(ciphers: string | undefined) {
  const findings: string[] = [];
  const object = { kind: "Ingress", group: "networking.k8s.io", namespace: "shop", name: "web" };
  const report: ServeServerScope["report"] = (name, _annotation, text) =>
    void findings.push(makeFinding(name, { object, ...text }).name);
  const scope = { report } as unknown as ServeServerScope;
  return { tls: serveTlsOptions({ ciphers, prefersOwnOrder: undefined }, scope).tls, findings };
}

test("suites of TLS 1.2 are those of the list; those of TLS 1.3 stay", () => {
  assert.deepEqual(serve(undefined), { tls: {}, findings: [] });
  assert.deepEqual(serve("ECDHE-RSA-AES128-GCM-SHA256"), {
    tls: { cipherSuites: [...suitesOfTls13, "ECDHE-RSA-AES128-GCM-SHA256"] },
    findings: [],
  });
});

test("what is not served is not offered, which a finding says", () => {
  assert.deepEqual(serve("AES128-SHA"), {
    tls: { cipherSuites: suitesOfTls13 },
    findings: ["ingress-suites-not-served"],
  });
});
