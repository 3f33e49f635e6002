import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { timeouts } from "./timeouts.ts";

const defaults = { connectSeconds: 5, sendSeconds: 60, readSeconds: 60 };

test("timeouts: seconds, by annotation, then by the ConfigMap, then those of ingress-nginx", () => {
  const { setting } = readAnnotations(timeouts, {});
  assert.deepEqual(setting, defaults);
  assert.deepEqual(
    readAnnotations(timeouts, { "proxy-connect-timeout": "1", "proxy-read-timeout": "3600", "proxy-send-timeout": "0" })
      .setting,
    { connectSeconds: 1, sendSeconds: 0, readSeconds: 3600 },
  );
  const configMap = { "proxy-read-timeout": "120", "proxy-send-timeout": "2m" };
  assert.deepEqual(readAnnotations(timeouts, { "proxy-connect-timeout": "7" }, { configMap }).setting, {
    connectSeconds: 7,
    sendSeconds: 60,
    readSeconds: 120,
  });
});

test("timeouts: a unit is ignored, and so is what would keep nginx from loading its configuration", () => {
  for (const [value, finding] of [
    ["60s", "ingress-annotation-invalid"],
    ["", undefined],
    ["-1", "ingress-breaks-nginx"],
  ] as const) {
    const { setting, findings } = readAnnotations(timeouts, { "proxy-read-timeout": value });
    assert.deepEqual(setting, defaults, value);
    assert.deepEqual(
      findings.map(({ name }) => name),
      finding === undefined ? [] : [finding],
    );
  }
});
