import assert from "node:assert/strict";
import { test } from "node:test";
import { serveSetting } from "../../../../test/ingress/serve-setting.ts";
import { mirror } from "../../../ingress/feature/mirror.ts";
import { serveMirror } from "./mirror.ts";

const serve = (annotations: Readonly<Record<string, string>>) => serveSetting(mirror, serveMirror, annotations);

test("copies go to the URL, with path and query of the request where it says so", () => {
  const { part, findings } = serve({
    "mirror-target": "https://Shadow.example.com/copy$request_uri",
    "mirror-request-body": "off",
  });
  assert.deepEqual(
    part.filters.map(({ filter }) => filter),
    [
      {
        kind: "requestMirror",
        cluster: "https://shadow.example.com:443",
        fraction: { numerator: 1, denominator: 1 },
        as: { host: ["Shadow.example.com"], target: ["/copy", { from: "spelledTarget" }], content: false },
      },
    ],
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(serve({}).part.filters, []);
});

test("a variable that is not known is a finding, and nothing is mirrored", () => {
  const { part, findings } = serve({ "mirror-target": "http://shadow.example.com/$geoip_city" });
  assert.deepEqual(part.filters, []);
  assert.deepEqual(findings, ["ingress-mirror-not-served"]);
});
