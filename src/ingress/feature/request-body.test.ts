import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { requestBody } from "./request-body.ts";

const mebibyte = 1024 ** 2;

test("content is limited to 1 MiB, by the controller's value, or by the Ingress' own", () => {
  const bytes = (annotations: Readonly<Record<string, string>>, configMap = {}) =>
    readAnnotations(requestBody, annotations, { configMap }).setting.maxBytes;
  assert.equal(bytes({}), mebibyte);
  assert.equal(bytes({ "proxy-body-size": "" }), mebibyte);
  assert.equal(bytes({ "proxy-body-size": "8m" }), 8 * mebibyte);
  assert.equal(bytes({ "proxy-body-size": "1000" }), 1000);
  assert.equal(bytes({ "proxy-body-size": "0" }), 0);
  assert.equal(bytes({}, { "proxy-body-size": "2m" }), 2 * mebibyte);
  assert.equal(bytes({ "proxy-body-size": "1k" }, { "proxy-body-size": "2m" }), 1024);
  assert.equal(bytes({}, { "proxy-body-size": "plenty" }), mebibyte);
});

test("a size that ingress-nginx ignores is a finding, and so is one that nginx stumbles over", () => {
  for (const [value, name] of [
    ["8mb", "ingress-annotation-invalid"],
    ["8Mi", "ingress-annotation-invalid"],
    ["8 m", "ingress-breaks-nginx"],
    ["100b", "ingress-breaks-nginx"],
  ] as const) {
    const { setting, findings } = readAnnotations(requestBody, { "proxy-body-size": value });
    assert.equal(setting.maxBytes, mebibyte, value);
    assert.deepEqual(
      findings.map((finding) => finding.name),
      [name],
    );
  }
});

test("requests are held back unless somebody says off", () => {
  const buffered = (annotations: Readonly<Record<string, string>>, configMap = {}) =>
    readAnnotations(requestBody, annotations, { configMap }).setting.buffered;
  assert.equal(buffered({}), true);
  assert.equal(buffered({ "proxy-request-buffering": "off" }), false);
  assert.equal(buffered({}, { "proxy-request-buffering": "off" }), false);
  assert.equal(buffered({ "proxy-request-buffering": "on" }, { "proxy-request-buffering": "off" }), true);
  assert.equal(buffered({ "proxy-request-buffering": "Off" }), true);
});
