import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { retries } from "./retries.ts";

const defaults = { on: ["error", "timeout"], nonIdempotent: false, tries: 3, timeoutSeconds: 0 };

test("retries: three tries after errors and timeouts, for idempotent requests", () => {
  assert.deepEqual(readAnnotations(retries, {}).setting, defaults);
});

test("retries: nginx's words, of which off is the last", () => {
  const read = (value: string) => readAnnotations(retries, { "proxy-next-upstream": value });
  assert.deepEqual(read("http_503 error  non_idempotent").setting, {
    ...defaults,
    on: ["error", "http_503"],
    nonIdempotent: true,
  });
  assert.deepEqual(read("error off").setting.on, []);
  for (const bad of ["errors", "errortimeout", "http_418"]) {
    const { setting, findings } = read(bad);
    assert.deepEqual(setting, defaults, bad);
    assert.deepEqual(
      findings.map(({ name }) => name),
      ["ingress-annotation-invalid"],
    );
  }
});

test("retries: what the ConfigMap says holds where no annotation does", () => {
  const configMap = {
    "proxy-next-upstream": "error",
    "proxy-next-upstream-tries": "5",
    "proxy-next-upstream-timeout": "10",
    "retry-non-idempotent": "true",
  };
  const { setting, findings } = readAnnotations(retries, { "proxy-next-upstream-tries": "0" }, { configMap });
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["ingress-tries-unlimited"],
  );
  assert.deepEqual(setting, {
    on: ["error"],
    nonIdempotent: true,
    tries: 0,
    timeoutSeconds: 10,
  });
});
