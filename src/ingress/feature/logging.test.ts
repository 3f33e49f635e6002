import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { logging } from "./logging.ts";

test("requests are logged unless the Ingress or the controller says no", () => {
  const logged = (annotations: Readonly<Record<string, string>>, configMap = {}) =>
    readAnnotations(logging, annotations, { configMap }).setting.accessLog;
  assert.equal(logged({}), true);
  assert.equal(logged({ "enable-access-log": "false" }), false);
  assert.equal(logged({ "enable-access-log": "no" }), true);
  assert.equal(logged({ "enable-access-log": "true" }, { "disable-access-log": "true" }), false);
});

test("what is said of spans is read, and stays open where nothing is", () => {
  const unsaid = { enabled: undefined, trustsIncoming: undefined, operationName: undefined };
  assert.deepEqual(readAnnotations(logging, {}).setting.tracing, unsaid);
  assert.deepEqual(
    readAnnotations(logging, { "enable-opentelemetry": "true" }).findings.map(({ name }) => name),
    ["ingress-tracing-not-served"],
  );
  assert.deepEqual(
    readAnnotations(logging, {
      "enable-opentelemetry": "true",
      "opentelemetry-trust-incoming-span": "false",
      "opentelemetry-operation-name": "shop",
    }).setting.tracing,
    { enabled: true, trustsIncoming: false, operationName: "shop" },
  );
});
