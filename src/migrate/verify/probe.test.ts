import assert from "node:assert/strict";
import { test } from "node:test";
import { curlOf, type Probe } from "./probe.ts";

const plain: Probe = {
  shape: "path",
  scheme: "http",
  host: "shop.example.com",
  method: "GET",
  target: "/a",
  written: "/a",
  headers: [],
  client: "198.51.100.77",
  times: 1,
};

test("curlOf() is a line that a shell sends as the request is meant", () => {
  assert.equal(
    curlOf(plain),
    'curl -ik --path-as-is --resolve "shop.example.com:80:$GATEWAY" http://shop.example.com/a',
  );
  assert.equal(
    curlOf({
      ...plain,
      scheme: "https",
      host: "shop.example.com:443",
      method: "POST",
      headers: [["X-A", 'say "$HOME"']],
    }),
    'curl -ik --path-as-is -X POST --resolve "shop.example.com:443:$GATEWAY" -H "Host: shop.example.com:443" ' +
      '-H "X-A: say \\"\\$HOME\\"" https://shop.example.com/a',
  );
});
