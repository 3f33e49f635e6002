import assert from "node:assert/strict";
import { test } from "node:test";
import { profileTable } from "./profile-table.ts";

const report = `
gatewayAPIVersion: v1.7.0
gatewayAPIChannel: experimental
profiles:
- name: GATEWAY-TLS
  core:
    result: failure
    statistics: { Passed: 20, Failed: 1, Skipped: 0 }
  extended:
    result: partial
    statistics: { Passed: 3, Failed: 0, Skipped: 2 }
    unsupportedFeatures: [TLSRouteModeMixed]
- name: GATEWAY-GRPC
  core:
    result: success
    statistics: { Passed: 17, Failed: 0, Skipped: 0 }
`;

test("profileTable has a row for each profile, with what failed and was skipped only where something was", () => {
  assert.deepEqual(
    profileTable(report)
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {3,}/)),
    [
      ["PROFILE", "CORE", "EXTENDED", "UNSUPPORTED FEATURES"],
      ["GATEWAY-GRPC", "17 passed", "none", "none"],
      ["GATEWAY-TLS", "20 passed, 1 failed", "3 passed, 2 skipped", "TLSRouteModeMixed"],
    ],
  );
});

test("profileTable of a report without profiles is the header alone", () => {
  assert.equal(profileTable("gatewayAPIVersion: v1.7.0").split("\n").length, 2);
});
