import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../../test/ingress/read-annotations.ts";
import { serveAlone } from "../../../../test/ingress/serve-alone.ts";
import { storedSecret } from "../../../../test/ingress/stored.ts";
import { makeCertificate } from "../../../../test/test-certificate.ts";
import { clientCertificate } from "../../../ingress/feature/client-certificate.ts";
import type { ServedServerPart } from "../serve-feature.ts";
import { serveClientCertificate } from "./client-certificate.ts";

const ca = storedSecret("client-ca", { "ca.crt": makeCertificate({ names: ["ca"] }).certPem });

function serve(annotations: Readonly<Record<string, string>>, objects = [ca]) {
  const all = { "auth-tls-secret": "shop/client-ca", ...annotations };
  const { setting, findings } = readAnnotations(clientCertificate, all, { objects });
  let part: ServedServerPart | undefined;
  const served = serveAlone(
    {},
    (_settings, scope) => {
      part = serveClientCertificate(setting, scope);
      return part.filters;
    },
    { objects },
  );
  return { part, filter: served.filters[0], findings: [...findings.map(({ name }) => name), ...served.findings] };
}

test("connections come to be with any certificate, and requests are judged before all else", () => {
  const { part, filter, findings } = serve({
    "auth-tls-match-cn": "CN=alice",
    "auth-tls-error-page": "https://shop.test/e",
  });
  assert.deepEqual(findings, []);
  assert.equal(filter?.stage, "certificate");
  assert.deepEqual(filter?.filter, {
    kind: "clientCertificate",
    demands: "valid",
    errorPage: "https://shop.test/e",
    subject: "CN=alice",
    tellsCertificate: false,
  });
  assert.equal(part?.tls.clientValidation?.mode, "allowInsecureFallback");
  assert.equal(part?.tls.clientValidation?.ca.length, 1);
});

test("off asks nobody for a certificate, and still tells the backend that there is none", () => {
  const { part, filter } = serve({ "auth-tls-verify-client": "off" });
  assert.deepEqual(part?.tls, {});
  assert.equal(filter?.filter.kind === "clientCertificate" && filter.filter.demands, "nothing");
});

test("a path as error page is not served: refused clients get the 400", () => {
  const { filter, findings } = serve({ "auth-tls-error-page": "/error.html" });
  assert.deepEqual(findings, ["ingress-certificate-error-page-unsupported"]);
  assert.equal(filter?.filter.kind === "clientCertificate" && filter.filter.errorPage, undefined);
});

test("what cannot be checked refuses everyone on the host", () => {
  const unusable = [storedSecret("client-ca", { "ca.crt": "no PEM" })];
  const list = [
    storedSecret("client-ca", { "ca.crt": makeCertificate({ names: ["ca"] }).certPem, "ca.crl": "no list" }),
  ];
  for (const { filter, findings } of [
    serve({}, unusable),
    serve({}, list),
    serve({ "auth-tls-match-cn": "CN=(" }),
    serve({ "auth-tls-match-cn": "alice" }),
  ]) {
    assert.deepEqual(findings, ["ingress-client-certificate-invalid"]);
    assert.deepEqual(filter?.filter, { kind: "authorization", rules: [], defaultAction: "deny" });
  }
});
