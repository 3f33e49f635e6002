import assert from "node:assert/strict";
import { test } from "node:test";
import { decodedPath } from "./decoded-path.ts";

const cases: readonly (readonly [string, string])[] = [
  ["/app", "/app"],
  ["/app%2Fx", "/app/x"],
  ["/app/%2Fx", "/app/x"],
  ["/%2F%2Fapp", "/app"],
  ["/a%20b%3F", "/a b?"],
  ["/%C3%A4", "/ä"],
  ["/%FF", "/\ufffd"],
  ["/%252F", "/%2F"],
];

for (const [path, decoded] of cases) test(`${path} is ${decoded}`, () => assert.equal(decodedPath(path), decoded));
