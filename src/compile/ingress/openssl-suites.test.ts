import assert from "node:assert/strict";
import { test } from "node:test";
import { intermediateSuites } from "../../ir/tls-profile.ts";
import { readOpensslSuites, suitesOfTls13 } from "./openssl-suites.ts";

const usual = intermediateSuites.filter((name) => !suitesOfTls13.includes(name));

test("suites are taken by name, in the order of the list", () => {
  assert.deepEqual(readOpensslSuites("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"), {
    suites: ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"],
    unknown: [],
  });
});

test("kinds are those of the intermediate profile, and what is left out stays out", () => {
  assert.deepEqual(readOpensslSuites("HIGH:!aNULL:!MD5").suites, usual);
  assert.deepEqual(
    readOpensslSuites("ECDHE+AESGCM").suites,
    usual.filter((name) => name.includes("GCM")),
  );
  assert.deepEqual(
    readOpensslSuites("HIGH:!AES128").suites,
    usual.filter((name) => !name.includes("AES128")),
  );
});

test("suites that are not served are told", () => {
  assert.deepEqual(readOpensslSuites("AES256-SHA:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-SHA"), {
    suites: ["ECDHE-RSA-AES128-SHA"],
    unknown: ["AES256-SHA"],
  });
});
