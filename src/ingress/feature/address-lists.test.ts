import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { addressLists } from "./address-lists.ts";

test("lists are canonical networks, and the name allowlist counts before whitelist", () => {
  assert.deepEqual(readAnnotations(addressLists, {}).setting, { allow: undefined, deny: [], satisfy: "all" });
  const { setting, findings } = readAnnotations(addressLists, {
    "whitelist-source-range": "192.0.2.1",
    "allowlist-source-range": "10.1.2.3/8, 2001:DB8::1",
    "denylist-source-range": "198.51.100.7",
    satisfy: "any",
  });
  assert.deepEqual(setting, {
    allow: ["10.0.0.0/8", "2001:db8::1/128"],
    deny: ["198.51.100.7/32"],
    satisfy: "any",
  });
  assert.deepEqual(findings, []);
});

test("lists of the ConfigMap hold where an Ingress has none of its own", () => {
  const configMap = { "whitelist-source-range": "198.19.9.7/32", "denylist-source-range": "198.19.9.8" };
  assert.deepEqual(readAnnotations(addressLists, {}, { configMap }).setting.allow, ["198.19.9.7/32"]);
  const own = readAnnotations(addressLists, { "whitelist-source-range": "198.19.9.1" }, { configMap }).setting;
  assert.deepEqual([own.allow, own.deny], [["198.19.9.1/32"], ["198.19.9.8/32"]]);
});

test("a list with anything else in it, or nothing, refuses everyone", () => {
  for (const list of ["198.19.9.7, everyone", "10.0.0.0/33", "10.0.0.0/8,", ""]) {
    const { denied, findings } = readAnnotations(addressLists, { "whitelist-source-range": list });
    assert.equal(denied?.code, "SL8201", list);
    assert.equal(findings.length, 1, list);
    assert.equal(findings[0]?.pointer, "/metadata/annotations/nginx.ingress.kubernetes.io~1whitelist-source-range");
  }
  const inherited = readAnnotations(addressLists, {}, { configMap: { "whitelist-source-range": "all" } });
  assert.match(inherited.denied?.message ?? "", /of the controller's ConfigMap has "all"/);
});

test("satisfy is any or all", () => {
  assert.equal(readAnnotations(addressLists, { satisfy: "all" }).setting.satisfy, "all");
  const odd = readAnnotations(addressLists, { satisfy: "ANY" });
  assert.equal(odd.setting.satisfy, "all");
  assert.deepEqual(
    odd.findings.map(({ code }) => code),
    ["SL8000"],
  );
});
