import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { backendProtocol } from "./backend-protocol.ts";

test("backendProtocol: in any case; what is not known is HTTP", () => {
  const speaks = (value: string) => readAnnotations(backendProtocol, { "backend-protocol": value }).setting.speaks;
  assert.deepEqual(["HTTP", "https", " GRPC ", "Grpcs", "AUTO_HTTP", ""].map(speaks), [
    "http",
    "https",
    "grpc",
    "grpcs",
    "auto",
    "http",
  ]);
  const unknown = readAnnotations(backendProtocol, { "backend-protocol": "H2C" });
  assert.equal(unknown.setting.speaks, "http");
  assert.deepEqual(
    unknown.findings.map(({ name }) => name),
    ["ingress-annotation-invalid"],
  );
});

test("backendProtocol: FCGI is refused as a whole", () => {
  const { setting, denied } = readAnnotations(backendProtocol, { "backend-protocol": "fcgi" });
  assert.equal(setting.speaks, "unserved");
  assert.equal(denied?.name, "ingress-protocol-unserved");
});

test("backendProtocol: the version of HTTP, by annotation or by the ConfigMap", () => {
  const version = (annotations: Readonly<Record<string, string>>, configMap: Readonly<Record<string, string>> = {}) =>
    readAnnotations(backendProtocol, annotations, { configMap }).setting.httpVersion;
  assert.equal(version({}), "1.1");
  assert.equal(version({ "proxy-http-version": "1.0" }), "1.0");
  assert.equal(version({}, { "proxy-http-version": "1.0" }), "1.0");
  assert.equal(version({ "proxy-http-version": "2" }), "1.1");
});
