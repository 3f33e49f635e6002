import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { firewall } from "./firewall.ts";

const blocking = "SecRuleEngine On\nSecRule ARGS 1 deny";
const read = (annotations: Readonly<Record<string, string>>, configMap = {}) =>
  readAnnotations(firewall, annotations, { configMap });

test("without ModSecurity nothing is missed", () => {
  for (const annotations of [{}, { "enable-owasp-core-rules": "true" }, { "modsecurity-snippet": blocking }]) {
    const { setting, findings } = read(annotations);
    assert.equal(setting.mode, "off");
    assert.deepEqual(findings, []);
  }
  assert.equal(read({ "enable-modsecurity": "false" }, { "enable-modsecurity": "true" }).setting.mode, "off");
});

test("where it only writes a log, requests pass with a finding", () => {
  for (const [annotations, configMap] of [
    [{ "enable-modsecurity": "true" }, {}],
    [{}, { "enable-modsecurity": "true" }],
    [{ "enable-modsecurity": "true", "modsecurity-snippet": "SecRuleEngine DetectionOnly" }, {}],
  ]) {
    const { setting, findings, denied } = read(annotations!, configMap);
    assert.equal(setting.mode, "detects");
    assert.equal(denied, undefined);
    assert.deepEqual(
      findings.map(({ name }) => name),
      ["ingress-firewall-not-served"],
    );
  }
});

test("where it refuses requests, none passes", () => {
  for (const [annotations, configMap] of [
    [{ "enable-modsecurity": "true", "modsecurity-snippet": blocking }, {}],
    [{}, { "enable-modsecurity": "true", "modsecurity-snippet": blocking }],
  ]) {
    const { setting, denied } = read(annotations!, configMap);
    assert.equal(setting.mode, "blocks");
    assert.equal(denied?.name, "ingress-firewall-not-served");
  }
});
