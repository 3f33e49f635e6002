import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../../test/compile-case.ts";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { errorPages } from "./error-pages.ts";

const objects = resourcesOf(`
apiVersion: v1
kind: Service
metadata: { name: errors, namespace: shop }
spec: { ports: [{ port: 8000 }, { port: 9000 }] }
`);
const read = (annotations: Readonly<Record<string, string>>, configMap = {}) =>
  readAnnotations(errorPages, annotations, { objects, configMap });

test("nothing is replaced unless somebody names statuses", () => {
  assert.deepEqual(read({}).setting, { statuses: [], ofBackends: false, own: false, backend: undefined });
});

test("statuses of the Ingress take the place of the controller's", () => {
  assert.deepEqual(read({ "custom-http-errors": "404,503" }, { "custom-http-errors": "500" }).setting, {
    statuses: [404, 503],
    ofBackends: true,
    own: true,
    backend: undefined,
  });
  assert.deepEqual(read({}, { "custom-http-errors": "500" }).setting, {
    statuses: [500],
    ofBackends: true,
    own: false,
    backend: undefined,
  });
});

test("answers of backends are left alone where the Ingress says so and the controller does not replace them", () => {
  const flag = { "custom-http-errors": "404", "disable-proxy-intercept-errors": "true" };
  assert.equal(read(flag).setting.ofBackends, false);
  assert.equal(read(flag, { "custom-http-errors": "500" }).setting.ofBackends, true);
  assert.equal(
    read(flag, { "custom-http-errors": "500", "disable-proxy-intercept-errors": "true" }).setting.ofBackends,
    false,
  );
});

test("lists with spaces, with a comma at the end or with other numbers are ignored", () => {
  for (const list of ["404, 503", "404,", "200", "teapot"]) {
    const { setting, findings } = read({ "custom-http-errors": list });
    assert.deepEqual(setting.statuses, [], list);
    assert.deepEqual(
      findings.map(({ name }) => name),
      ["ingress-annotation-invalid"],
    );
  }
});

test("the default backend is the first port of a Service of the namespace", () => {
  assert.deepEqual(read({ "default-backend": "errors" }).setting.backend, { service: "errors", port: 8000 });
  const missing = read({ "default-backend": "nowhere" });
  assert.equal(missing.setting.backend, undefined);
  assert.equal(missing.findings[0]?.name, "ingress-default-backend-missing");
  assert.equal(read({ "default-backend": "other/errors" }).findings[0]?.name, "ingress-annotation-invalid");
});
