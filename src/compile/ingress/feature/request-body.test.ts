import assert from "node:assert/strict";
import { test } from "node:test";
import { serveSetting } from "../../../../test/ingress/serve-setting.ts";
import { requestBody } from "../../../ingress/feature/request-body.ts";
import { serveRequestBody } from "./request-body.ts";

const mebibyte = 1024 ** 2;
const serve = (annotations: Readonly<Record<string, string>>) => {
  const { part, findings } = serveSetting(requestBody, serveRequestBody, annotations);
  return { filters: part.filters.map(({ filter }) => filter), findings };
};

test("requests are limited, and held until they are whole", () => {
  assert.deepEqual(serve({}), {
    filters: [
      { kind: "bodyLimit", maxBytes: mebibyte },
      { kind: "requestBuffer", maxBytes: mebibyte, above: "stream" },
    ],
    findings: [],
  });
});

test("larger ones are not held, which a finding says", () => {
  assert.deepEqual(serve({ "proxy-body-size": "8m" }).findings, ["ingress-large-requests-stream"]);
  const { filters, findings } = serve({ "proxy-body-size": "0" });
  assert.deepEqual(
    filters.map(({ kind }) => kind),
    ["requestBuffer"],
  );
  assert.deepEqual(findings, ["ingress-large-requests-stream"]);
  const streamed = serve({ "proxy-body-size": "8m", "proxy-request-buffering": "off" });
  assert.deepEqual(streamed, { filters: [{ kind: "bodyLimit", maxBytes: 8 * mebibyte }], findings: [] });
});
