import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { tlsOptions } from "./tls-options.ts";

test("suites are OpenSSL's list, and nothing else", () => {
  assert.deepEqual(readAnnotations(tlsOptions, {}).setting, { ciphers: undefined, prefersOwnOrder: undefined });
  assert.deepEqual(
    readAnnotations(tlsOptions, { "ssl-ciphers": "HIGH:!aNULL", "ssl-prefer-server-ciphers": "true" }).setting,
    { ciphers: "HIGH:!aNULL", prefersOwnOrder: true },
  );
  const { setting, findings } = readAnnotations(tlsOptions, { "ssl-ciphers": "HIGH MEDIUM" });
  assert.equal(setting.ciphers, undefined);
  assert.equal(findings[0]?.name, "ingress-annotation-invalid");
});
