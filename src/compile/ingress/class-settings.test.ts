import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultListenerSettings } from "../../ir/listener-settings.ts";
import { classSettings } from "./class-settings.ts";

const settings = (values: Readonly<Record<string, string>> = {}) =>
  classSettings({ configMap: undefined, value: (key) => values[key] }, defaultListenerSettings);

const listed = (values: Readonly<Record<string, string>> = {}) => {
  const { forwarding } = settings(values);
  assert.ok(forwarding.kind === "listed");
  const { host, headers } = forwarding;
  const told: Record<string, unknown> = { host };
  for (const { name, value } of headers) told[name] = value;
  return told;
};

test("nobody is believed, and backends are told of the connection alone", () => {
  const { trustedNetworks, clientAddressHeader, requestId, fieldNames, proxyProtocolFrom } = settings();
  assert.deepEqual([trustedNetworks, clientAddressHeader, requestId, fieldNames], [[], "", "keep", "hyphenated"]);
  assert.deepEqual(proxyProtocolFrom, []);
  assert.deepEqual(listed(), {
    host: "asked",
    "x-real-ip": "clientAddress",
    "x-forwarded-for": "clientAddress",
    "x-forwarded-host": "host",
    "x-forwarded-port": "port",
    "x-forwarded-proto": "scheme",
    "x-forwarded-scheme": "scheme",
    "x-scheme": "scheme",
    "x-original-forwarded-for": { field: "x-forwarded-for" },
    "x-original-forwarded-host": { field: "x-forwarded-host" },
  });
});

test("use-forwarded-headers believes proxies, by default all of them", () => {
  const behind = { "use-forwarded-headers": "true" };
  assert.deepEqual(settings(behind).trustedNetworks, ["0.0.0.0/0"]);
  assert.deepEqual(settings({ ...behind, "proxy-real-ip-cidr": "10.0.0.0/8,192.0.2.1" }).trustedNetworks, [
    "10.0.0.0/8",
    "192.0.2.1/32",
  ]);
  assert.deepEqual(settings({ ...behind, "proxy-real-ip-cidr": "anywhere" }).trustedNetworks, []);
  assert.equal(listed(behind).host, "told");
  assert.equal(listed({ ...behind, "compute-full-forwarded-for": "true" })["x-forwarded-for"], "addresses");
  const named = { ...behind, "forwarded-for-header": "CF-Connecting-IP" };
  assert.equal(settings(named).clientAddressHeader, "cf-connecting-ip");
  assert.deepEqual(listed(named)["x-original-forwarded-for"], { field: "cf-connecting-ip" });
});

test("without it, neither the header nor the whole list counts", () => {
  const values = { "compute-full-forwarded-for": "true", "forwarded-for-header": "CF-Connecting-IP" };
  assert.equal(settings(values).clientAddressHeader, "");
  assert.equal(listed(values)["x-forwarded-for"], "clientAddress");
});

test("names of headers, ids of requests and the PROXY protocol are as the controller has them", () => {
  assert.equal(settings({ "enable-underscores-in-headers": "true" }).fieldNames, "underscored");
  assert.equal(settings({ "ignore-invalid-headers": "false" }).fieldNames, "tokens");
  assert.equal(settings({ "generate-request-id": "false" }).requestId, "pass");
  assert.deepEqual(settings({ "use-proxy-protocol": "true" }).proxyProtocolFrom, ["0.0.0.0/0", "::/0"]);
});
