import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { mirror } from "./mirror.ts";

const target = (annotations: Readonly<Record<string, string>>) => readAnnotations(mirror, annotations).setting.target;

test("copies go nowhere without a target", () => {
  assert.equal(target({}), undefined);
  assert.equal(target({ "mirror-host": "a.example.com", "mirror-request-body": "off" }), undefined);
});

test("a target is a URL whose path may hold variables", () => {
  assert.deepEqual(target({ "mirror-target": "http://shadow.example.com$request_uri" }), {
    scheme: "http",
    host: "shadow.example.com",
    port: 80,
    path: "$request_uri",
    hostHeader: "shadow.example.com",
    content: true,
  });
  assert.deepEqual(
    target({
      "mirror-target": "https://shadow.example.com:8443/copy$request_uri",
      "mirror-host": "shop.example.com",
      "mirror-request-body": "off",
    }),
    {
      scheme: "https",
      host: "shadow.example.com",
      port: 8443,
      path: "/copy$request_uri",
      hostHeader: "shop.example.com",
      content: false,
    },
  );
});

test("nothing is mirrored to a host that requests choose, or to none", () => {
  for (const url of ["http://$host$request_uri", "ftp://a.example.com/", "shadow", "http://a.example.com:99999/"]) {
    const { setting, findings } = readAnnotations(mirror, { "mirror-target": url });
    assert.equal(setting.target, undefined);
    assert.deepEqual(
      findings.map(({ name }) => name),
      ["ingress-mirror-not-served"],
    );
  }
});
