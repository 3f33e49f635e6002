import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { limits } from "./limits.ts";

const none = {
  requests: [],
  connections: 0,
  exempt: [],
  download: undefined,
  requestStatus: 503,
  connectionStatus: 503,
};

test("without annotations nothing is limited", () => {
  assert.deepEqual(readAnnotations(limits, {}).setting, none);
  assert.deepEqual(
    readAnnotations(limits, { "limit-rps": "0", "limit-connections": "-1", "limit-rate-after": "3" }).setting,
    none,
  );
});

test("a burst is five times the limit, or as often as is written", () => {
  assert.deepEqual(readAnnotations(limits, { "limit-rps": "2", "limit-rpm": "6" }).setting.requests, [
    { requests: 2, unit: "Second", burst: 10 },
    { requests: 6, unit: "Minute", burst: 30 },
  ]);
  const plain = readAnnotations(limits, { "limit-rps": "2", "limit-burst-multiplier": "0" });
  assert.deepEqual(plain.setting.requests, [{ requests: 2, unit: "Second", burst: 0 }]);
  const odd = readAnnotations(limits, { "limit-rps": "2", "limit-burst-multiplier": "-1" });
  assert.equal(odd.setting.requests[0]?.burst, 10);
  assert.deepEqual(
    odd.findings.map(({ code }) => code),
    ["SL8000"],
  );
});

test("a limit that is no whole number is ignored, with a finding", () => {
  const { setting, findings } = readAnnotations(limits, { "limit-rps": "2/s", "limit-connections": "4" });
  assert.deepEqual(setting, { ...none, connections: 4 });
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["SL8000"],
  );
});

test("exemptions go by either name, and a wrong one leaves nobody exempt", () => {
  assert.deepEqual(readAnnotations(limits, { "limit-whitelist": "198.19.9.0/24" }).setting.exempt, ["198.19.9.0/24"]);
  const { setting, findings } = readAnnotations(limits, { "limit-rps": "1", "limit-allowlist": "198.19.9.0/24, me" });
  assert.deepEqual(setting.exempt, []);
  assert.equal(setting.requests.length, 1);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["SL8203"],
  );
});

test("rates are kilobytes, of the annotation or else of the ConfigMap", () => {
  const configMap = {
    "limit-rate": "7",
    "limit-rate-after": "1",
    "limit-req-status-code": "429",
    "limit-conn-status-code": "99",
  };
  assert.deepEqual(readAnnotations(limits, { "limit-rate": "5", "limit-rate-after": "20" }).setting.download, {
    bytesPerSecond: 5120,
    afterBytes: 20480,
  });
  const inherited = readAnnotations(limits, {}, { configMap }).setting;
  assert.deepEqual(inherited.download, { bytesPerSecond: 7168, afterBytes: 1024 });
  assert.deepEqual([inherited.requestStatus, inherited.connectionStatus], [429, 503]);
});
