import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretName } from "./secret-name.ts";

test("isSecretName: by the end of the name, in any spelling", () => {
  for (const key of ["Authorization", "proxy-authorization", "X-API-Key", "access_token", "tls.key", "clientSecret"]) {
    assert.ok(isSecretName(key), key);
  }
  for (const key of ["sig", "X-Sig", "passwd", "db_pwd", "X-JWT", "access_key", "X-Hub-Signature", "AccessKey"]) {
    assert.ok(isSecretName(key), key);
  }
  for (const key of ["secretName", "key", "accept", "tokens_total", "x-request-id", "design", "signed"])
    assert.ok(!isSecretName(key), key);
});
