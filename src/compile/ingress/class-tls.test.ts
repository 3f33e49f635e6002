import assert from "node:assert/strict";
import { test } from "node:test";
import { classTls } from "./class-tls.ts";
import { suitesOfTls13 } from "./openssl-suites.ts";

const tls = (values: Readonly<Record<string, string>>) =>
  classTls({ configMap: undefined, value: (key) => values[key] });

test("versions and suites are those of the controller, as far as they are safe", () => {
  assert.deepEqual(tls({}), { minVersion: "TLSv1.2" });
  assert.deepEqual(tls({ "ssl-protocols": "TLSv1.3" }), { minVersion: "TLSv1.3" });
  assert.deepEqual(tls({ "ssl-protocols": "TLSv1 TLSv1.1 TLSv1.2" }), { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
  assert.deepEqual(tls({ "ssl-ciphers": "ECDHE-RSA-AES128-GCM-SHA256" }), {
    minVersion: "TLSv1.2",
    cipherSuites: [...suitesOfTls13, "ECDHE-RSA-AES128-GCM-SHA256"],
  });
});
