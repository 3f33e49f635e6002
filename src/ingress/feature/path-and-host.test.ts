import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { hostAliases } from "./host-aliases.ts";
import { passthrough } from "./passthrough.ts";
import { pathRewrite, rewrites } from "./path-rewrite.ts";

test("a target with a query is ignored, as ingress-nginx does", () => {
  const { setting, findings, dropped } = readAnnotations(pathRewrite, { "rewrite-target": "/find?name=$1" });
  assert.deepEqual([setting.target, findings.length, dropped], [undefined, 1, undefined]);
  assert.deepEqual(readAnnotations(pathRewrite, { "rewrite-target": "/$2", "use-regex": "true" }).setting, {
    usesRegex: true,
    target: "/$2",
    forwardedPrefix: undefined,
  });
});

test("a path that is its own target is not rewritten", () => {
  const { setting } = readAnnotations(pathRewrite, { "rewrite-target": "/" });
  assert.equal(rewrites(setting, "/"), false);
  assert.equal(rewrites(setting, "/app"), true);
  assert.equal(rewrites(readAnnotations(pathRewrite, {}).setting, "/app"), false);
});

test("a prefix that ingress-nginx does not take leaves the Ingress out", () => {
  assert.equal(readAnnotations(pathRewrite, { "x-forwarded-prefix": "/api" }).setting.forwardedPrefix, "/api");
  assert.notEqual(readAnnotations(pathRewrite, { "x-forwarded-prefix": "/a;b" }).dropped, undefined);
});

test("aliases are a list of names; expressions are a finding, and other characters leave the Ingress out", () => {
  const { setting, findings } = readAnnotations(hostAliases, {
    "server-alias": "B.test, a.test, ,*.c.test,~^www\\d+\\.d\\.test$,www.e.*",
  });
  assert.deepEqual(setting, ["*.c.test", "a.test", "b.test"]);
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["ingress-alias-unsupported", "ingress-alias-unsupported"],
  );
  assert.notEqual(readAnnotations(hostAliases, { "server-alias": "a.test;b" }).dropped, undefined);
  assert.deepEqual(readAnnotations(hostAliases, {}).setting, []);
});

test("TLS passes through only where the controller has it on", () => {
  const wanted = { "ssl-passthrough": "true" };
  assert.equal(readAnnotations(passthrough, wanted, { configMap: { "enable-ssl-passthrough": "true" } }).setting, true);
  const off = readAnnotations(passthrough, wanted);
  assert.equal(off.setting, false);
  assert.deepEqual(
    off.findings.map(({ name }) => name),
    ["ingress-passthrough-off"],
  );
});
