import assert from "node:assert/strict";
import { test } from "node:test";
import { readNginxText } from "./nginx-text.ts";

const read = (text: string) => readNginxText(text, { serverName: "shop.test" });

test("variables become places in the text", () => {
  assert.deepEqual(read("https://login.test/start"), { kind: "template", template: ["https://login.test/start"] });
  assert.deepEqual(read(""), { kind: "template", template: [] });
  assert.deepEqual(read(`https://$host/start?rd=$escaped_request_uri&h=$\{server_name}:$scheme`), {
    kind: "template",
    template: [
      "https://",
      { from: "hostname" },
      "/start?rd=",
      { from: "escapedTarget" },
      "&h=shop.test:",
      { from: "scheme" },
    ],
  });
  assert.deepEqual(read("$http_x_api_key$cookie_session$arg_q"), {
    kind: "template",
    template: [
      { from: "request", name: "x-api-key", otherwise: undefined, maxLength: 4096 },
      { from: "cookie", name: "session" },
      { from: "parameter", name: "q" },
    ],
  });
});

test("a variable that is not known is named", () => {
  assert.deepEqual(read("/$1"), { kind: "unknown", variable: "$1" });
  assert.deepEqual(read(`$\{geoip2_country}x`), { kind: "unknown", variable: "$geoip2_country" });
});
