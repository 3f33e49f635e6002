import assert from "node:assert/strict";
import { test } from "node:test";
import type { FilterOfKind } from "../../src/filter/contract/build.ts";
import type { ClientCredential, RequestFacts } from "../../src/filter/contract/exchange.ts";
import { runFilter } from "./message.ts";

const required: FilterOfKind<"clientCertificate"> = {
  kind: "clientCertificate",
  demands: "valid",
  errorPage: undefined,
  subject: undefined,
  tellsCertificate: false,
};

const shown = (fault: ClientCredential["fault"]): ClientCredential => ({
  subject: "CN=alice,O=Shop",
  issuer: "CN=shop-ca",
  fault,
  pem: () => "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
});

const none: Partial<RequestFacts> = { scheme: "https" };
const good: Partial<RequestFacts> = {
  scheme: "https",
  clientCertificate: "verified",
  clientCredential: shown(undefined),
};
const foreign: Partial<RequestFacts> = {
  scheme: "https",
  clientCertificate: "unverified",
  clientCredential: shown({ message: "unable to verify the first certificate", vouching: true }),
};
const expired: Partial<RequestFacts> = {
  scheme: "https",
  clientCertificate: "unverified",
  clientCredential: shown({ message: "certificate has expired", vouching: false }),
};

const forged = { "ssl-client-verify": "SUCCESS", "ssl-client-subject-dn": "CN=root", "ssl-client-cert": "forged" };

test("which certificates are let in by what is demanded", () => {
  const rows = [
    ["valid", [400, undefined, 400, 400]],
    ["validIfGiven", [undefined, undefined, 400, 400]],
    ["currentIfGiven", [undefined, undefined, undefined, 400]],
    ["nothing", [undefined, undefined, undefined, undefined]],
  ] as const;
  for (const [demands, statuses] of rows) {
    const judged = [none, good, foreign, expired].map(
      (facts) => runFilter({ ...required, demands }, { facts }).reply?.status,
    );
    assert.deepEqual(judged, statuses, demands);
  }
});

test("a request without TLS needs no certificate, but the subject all the same", () => {
  assert.equal(runFilter(required, {}).reply, undefined);
  assert.equal(runFilter({ ...required, subject: "CN=alice" }, {}).reply?.status, 403);
});

test("the subject is an expression that is found somewhere", () => {
  for (const [subject, status] of [
    ["CN=alice", undefined],
    ["CN=(ali|bob)", undefined],
    ["O=Shop", undefined],
    ["CN=bob", 403],
    ["(", 403],
  ] as const) {
    assert.equal(runFilter({ ...required, subject }, { facts: good }).reply?.status, status, subject);
  }
});

test("refused clients are sent to the error page where there is one", () => {
  const { reply } = runFilter({ ...required, errorPage: "https://shop.test/error" }, { facts: none });
  assert.equal(reply?.status, 302);
  assert.deepEqual(reply?.headers[0], ["location", "https://shop.test/error"]);
});

test("backends are told of the certificate, and nobody else's word comes in", () => {
  const told = (filter: FilterOfKind<"clientCertificate">, facts: Partial<RequestFacts>) =>
    runFilter(filter, { headers: forged, facts }).sent.headers;
  assert.deepEqual(told({ ...required, demands: "validIfGiven" }, none), { "ssl-client-verify": "NONE" });
  assert.deepEqual(told(required, {}), {});
  assert.deepEqual(told({ ...required, tellsCertificate: true }, good), {
    "ssl-client-verify": "SUCCESS",
    "ssl-client-subject-dn": "CN=alice,O=Shop",
    "ssl-client-issuer-dn": "CN=shop-ca",
    "ssl-client-cert": "-----BEGIN%20CERTIFICATE-----%0AMII%3D%0A-----END%20CERTIFICATE-----%0A",
  });
  assert.equal(
    told({ ...required, demands: "currentIfGiven" }, foreign)["ssl-client-verify"],
    "FAILED:unable to verify the first certificate",
  );
});
