import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { answerRewrite } from "./answer-rewrite.ts";

const nothing = { cookieDomain: undefined, cookiePath: undefined, location: undefined };

test("nothing is replaced without annotations", () => {
  assert.deepEqual(readAnnotations(answerRewrite, {}).setting, nothing);
  assert.deepEqual(readAnnotations(answerRewrite, { "proxy-cookie-path": "off" }).setting, nothing);
});

test("two words are what stands there and what takes its place", () => {
  const { setting, findings } = readAnnotations(
    answerRewrite,
    { "proxy-cookie-path": "/inner /outer" },
    { configMap: { "proxy-cookie-domain": "inner.test shop.test" } },
  );
  assert.deepEqual(setting, {
    ...nothing,
    cookieDomain: { from: "inner.test", to: "shop.test" },
    cookiePath: { from: "/inner", to: "/outer" },
  });
  assert.deepEqual(findings, []);
});

test("one word or three are no directive of nginx; a quote is refused before that", () => {
  for (const [value, name] of [
    ["/inner", "ingress-breaks-nginx"],
    ["/a /b /c", "ingress-breaks-nginx"],
    ['"/a" /b', "ingress-annotation-invalid"],
  ] as const) {
    const { setting, findings } = readAnnotations(answerRewrite, { "proxy-cookie-path": value });
    assert.deepEqual(setting, nothing);
    assert.deepEqual(
      findings.map((finding) => finding.name),
      [name],
    );
  }
});

test("Location is replaced when both halves are there", () => {
  const location = (from: string | undefined, to: string | undefined) =>
    readAnnotations(answerRewrite, {
      ...(from !== undefined && { "proxy-redirect-from": from }),
      ...(to !== undefined && { "proxy-redirect-to": to }),
    }).setting.location;
  assert.deepEqual(location("http://inner.test/", "https://shop.test/"), {
    from: "http://inner.test/",
    to: "https://shop.test/",
  });
  assert.deepEqual(location("~^http://([a-z]+)/", "https://$1/"), { from: "~^http://([a-z]+)/", to: "https://$1/" });
  assert.equal(location("http://inner.test/", undefined), undefined);
  assert.equal(location(undefined, "https://shop.test/"), undefined);
  assert.equal(location("default", "https://shop.test/"), undefined);
});
