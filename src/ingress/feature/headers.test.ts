import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../../test/compile-case.ts";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { headers } from "./headers.ts";

const objects = resourcesOf(`
apiVersion: v1
kind: ConfigMap
metadata: { name: answers, namespace: web }
data: { X-Team: shop, Cache-Control: no-store }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: broken, namespace: web }
data: { X Team: shop }
`);
const configMap = { "global-allowed-response-headers": "X-Team, Cache-Control" };
const reading = (annotations: Readonly<Record<string, string>>, given: object = { objects, configMap }) =>
  readAnnotations(headers, annotations, given);

test("without annotations nothing is said", () => {
  const { setting, findings } = reading({});
  assert.deepEqual(setting, { answer: [], request: [], connection: undefined, host: undefined });
  assert.deepEqual(findings, []);
});

test("headers of the ConfigMap are set when the controller allows each of them", () => {
  const { setting, denied } = reading({ "custom-headers": "web/answers" });
  assert.deepEqual(setting.answer, [
    { name: "Cache-Control", value: "no-store" },
    { name: "X-Team", value: "shop" },
  ]);
  assert.equal(denied, undefined);
});

test("headers of the controller's ConfigMaps count, too, and give way to the Ingress' own", () => {
  const more = { "add-headers": "web/usual", "proxy-set-headers": "web/sent" };
  const maps = resourcesOf(`
apiVersion: v1
kind: ConfigMap
metadata: { name: usual, namespace: web }
data: { x-team: edge, X-Served-By: edge }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: sent, namespace: web }
data: { X-Host: $host }
`);
  const given = { objects: [...objects, ...maps], configMap: { ...configMap, ...more } };
  const { setting } = reading({ "custom-headers": "web/answers" }, given);
  assert.deepEqual(
    setting.answer.map(({ name, value }) => `${name}: ${value}`),
    ["X-Served-By: edge", "Cache-Control: no-store", "X-Team: shop"],
  );
  assert.deepEqual(setting.request, [{ name: "X-Host", value: "$host" }]);
});

test("without them everything answers 503", () => {
  for (const [name, given, words] of [
    ["web/nowhere", { objects, configMap }, "does not exist"],
    ["answers", { objects, configMap }, "does not exist"],
    ["web/answers", { objects }, "global-allowed-response-headers"],
    ["web/answers", { objects, configMap: { "global-allowed-response-headers": "x-team,cache-control" } }, "lacks"],
    ["web/broken", { objects, configMap }, "no header"],
  ] as const) {
    const { setting, denied } = reading({ "custom-headers": name }, given);
    assert.deepEqual(setting.answer, []);
    assert.equal(denied?.name, "ingress-headers-unusable");
    assert.ok(denied.message.includes(words), denied.message);
  }
});

test("Connection is close or keep-alive", () => {
  assert.equal(reading({ "connection-proxy-header": "keep-alive" }).setting.connection, "keep-alive");
  assert.equal(reading({ "connection-proxy-header": " close " }).setting.connection, "close");
  const { setting, findings } = reading({ "connection-proxy-header": "upgrade" });
  assert.equal(setting.connection, undefined);
  assert.equal(findings[0]?.name, "ingress-annotation-invalid");
});

test("a host may have nginx's variables, and no spaces", () => {
  assert.equal(reading({ "upstream-vhost": "inner.example.com" }).setting.host, "inner.example.com");
  assert.equal(reading({ "upstream-vhost": "$service_name.$namespace" }).setting.host, "$service_name.$namespace");
  assert.equal(reading({ "upstream-vhost": "a b" }).setting.host, undefined);
});
