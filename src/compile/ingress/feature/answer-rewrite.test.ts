import assert from "node:assert/strict";
import { test } from "node:test";
import { serveSetting } from "../../../../test/ingress/serve-setting.ts";
import { answerRewrite } from "../../../ingress/feature/answer-rewrite.ts";
import { serveAnswerRewrite } from "./answer-rewrite.ts";

const serve = (annotations: Readonly<Record<string, string>>) =>
  serveSetting(answerRewrite, serveAnswerRewrite, annotations);

test("nothing is replaced without annotations", () => {
  assert.deepEqual(serve({}).part.filters, []);
});

test("texts are replaced as they stand, domains without their dot", () => {
  const { part } = serve({
    "proxy-cookie-path": "/inner /outer",
    "proxy-cookie-domain": ".Inner.test shop.test",
    "proxy-redirect-from": "http://inner.test/",
    "proxy-redirect-to": "https://shop.test/",
  });
  assert.deepEqual(
    part.filters.map(({ filter }) => filter),
    [
      {
        kind: "responseRewrite",
        manner: "text",
        location: [{ from: "http://inner.test/", to: "https://shop.test/" }],
        cookieDomain: [{ from: "inner.test", to: "shop.test" }],
        cookiePath: [{ from: "/inner", to: "/outer" }],
      },
    ],
  );
});

test("expressions and variables are not served, which a finding says", () => {
  const { part, findings } = serve({ "proxy-redirect-from": "~^http://([a-z]+)/", "proxy-redirect-to": "https://$1/" });
  assert.deepEqual(part.filters, []);
  assert.deepEqual(findings, ["ingress-answer-rewrite-not-served"]);
});
