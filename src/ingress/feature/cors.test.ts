import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { cors } from "./cors.ts";

const on = { "enable-cors": "true" };

test("CORS is off unless it is enabled", () => {
  assert.equal(readAnnotations(cors, { "cors-allow-origin": "*" }).setting, undefined);
  assert.equal(readAnnotations(cors, { "enable-cors": "false" }).setting, undefined);
  const odd = readAnnotations(cors, { "enable-cors": "yes" });
  assert.equal(odd.setting, undefined);
  assert.equal(odd.findings.length, 1);
});

test("what is not written is as ingress-nginx has it", () => {
  assert.deepEqual(readAnnotations(cors, on).setting, {
    allowOrigins: ["*"],
    allowCredentials: true,
    allowMethods: "GET, PUT, POST, DELETE, PATCH, OPTIONS",
    allowHeaders:
      "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization",
    exposeHeaders: "",
    maxAgeSeconds: 1728000,
  });
});

test("texts are kept as they are written", () => {
  const { setting, findings } = readAnnotations(cors, {
    ...on,
    "cors-allow-origin": "https://a.test, https://*.b.test, capacitor://localhost, http://c.test:8080,",
    "cors-allow-methods": "GET,POST DELETE",
    "cors-allow-headers": "X-One, X-Two",
    "cors-expose-headers": "*, X-Out",
    "cors-allow-credentials": "false",
    "cors-max-age": "60",
  });
  assert.deepEqual(setting, {
    allowOrigins: ["https://a.test", "https://*.b.test", "capacitor://localhost", "http://c.test:8080"],
    allowCredentials: false,
    allowMethods: "GET,POST DELETE",
    allowHeaders: "X-One, X-Two",
    exposeHeaders: "*, X-Out",
    maxAgeSeconds: 60,
  });
  assert.deepEqual(findings, []);
  const all = readAnnotations(cors, { ...on, "cors-allow-origin": "https://a.test, *" });
  assert.deepEqual(all.setting?.allowOrigins, ["*"]);
});

test("what is no origin is left out, and other odd values count as not written", () => {
  const { setting, findings } = readAnnotations(cors, {
    ...on,
    "cors-allow-origin": "https://a.test, b.test, https://c.test/path",
    "cors-allow-methods": "GET;POST",
    "cors-allow-headers": "X One=1",
    "cors-expose-headers": ",X-Out",
    "cors-max-age": "1h",
  });
  assert.deepEqual(setting, {
    ...readAnnotations(cors, on).setting,
    allowOrigins: ["https://a.test"],
  });
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["SL8204", "SL8204", "SL8000", "SL8000", "SL8000", "SL8000"],
  );
});
