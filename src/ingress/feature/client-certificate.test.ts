import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { storedSecret } from "../../../test/ingress/stored.ts";
import { clientCertificate } from "./client-certificate.ts";

const objects = [storedSecret("client-ca", { "ca.crt": "pem" }), storedSecret("no-ca", { "tls.crt": "pem" })];
const secret = { "auth-tls-secret": "shop/client-ca" };

test("a certificate is required of everyone unless another mode is written", () => {
  assert.equal(readAnnotations(clientCertificate, { "auth-tls-verify-client": "on" }).setting, undefined);
  const asked = {
    kind: "asked",
    authorities: { namespace: "shop", name: "client-ca" },
    verify: "on",
    depth: 1,
    errorPage: undefined,
    tellsCertificate: false,
    subject: undefined,
  };
  assert.deepEqual(readAnnotations(clientCertificate, secret, { objects }).setting, asked);
  const all = {
    ...secret,
    "auth-tls-verify-client": "optional_no_ca",
    "auth-tls-verify-depth": "3",
    "auth-tls-error-page": "https://shop.test/cert-error.html",
    "auth-tls-pass-certificate-to-upstream": "true",
    "auth-tls-match-cn": "CN=(alice|bob)",
  };
  assert.deepEqual(readAnnotations(clientCertificate, all, { objects }).setting, {
    ...asked,
    verify: "optional_no_ca",
    depth: 3,
    errorPage: "https://shop.test/cert-error.html",
    tellsCertificate: true,
    subject: "CN=(alice|bob)",
  });
});

test("odd modes and depths count as not written", () => {
  const odd = { ...secret, "auth-tls-verify-client": "yes", "auth-tls-verify-depth": "0" };
  const { setting, findings } = readAnnotations(clientCertificate, odd, { objects });
  assert.equal(setting?.kind === "asked" && setting.verify, "on");
  assert.equal(setting?.kind === "asked" && setting.depth, 1);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["SL8000", "SL8207"],
  );
});

test("whatever keeps certificates from being checked refuses everyone on the host", () => {
  const wrong: readonly Readonly<Record<string, string>>[] = [
    { "auth-tls-secret": "client-ca" },
    { "auth-tls-secret": "shop/not-there" },
    { "auth-tls-secret": "shop/no-ca" },
    { "auth-tls-secret": "team-b/client-ca" },
    { ...secret, "auth-tls-error-page": "javascript:alert(1)" },
    { ...secret, "auth-tls-match-cn": "alice" },
  ];
  for (const annotations of wrong) {
    const { setting, findings } = readAnnotations(clientCertificate, annotations, { objects });
    assert.deepEqual(setting, { kind: "refused" }, JSON.stringify(annotations));
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["SL8202"],
    );
  }
});
