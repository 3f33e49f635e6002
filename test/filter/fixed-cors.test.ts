import assert from "node:assert/strict";
import { test } from "node:test";
import type { FilterOfKind } from "../../src/filter/contract/build.ts";
import { runFilter } from "./message.ts";

const listed: FilterOfKind<"fixedCors"> = {
  kind: "fixedCors",
  allowOrigins: ["https://a.test", "https://*.b.test"],
  headers: [
    { name: "access-control-allow-methods", value: "GET, PUT" },
    { name: "access-control-max-age", value: "60" },
  ],
};
const all: FilterOfKind<"fixedCors"> = { ...listed, allowOrigins: ["*"] };

const marks = (origin: string) => ({
  "access-control-allow-origin": origin,
  "access-control-allow-methods": "GET, PUT",
  "access-control-max-age": "60",
});

test("every OPTIONS request of an allowed origin is answered with 204, whatever it asks for", () => {
  for (const [filter, origin, told] of [
    [listed, "https://A.test", "https://A.test"],
    [listed, "https://x.b.test", "https://x.b.test"],
    [all, "null", "*"],
    [all, undefined, "*"],
  ] as const) {
    const { reply } = runFilter(filter, { method: "OPTIONS", headers: origin === undefined ? {} : { origin } });
    assert.equal(reply?.status, 204);
    assert.deepEqual(Object.fromEntries(reply?.headers ?? []), marks(told));
  }
});

test("OPTIONS of another origin, or of none, goes to the backend", () => {
  for (const origin of ["https://evil.test", undefined]) {
    const headers = origin === undefined ? {} : { origin };
    const { reply, response } = runFilter(listed, { method: "OPTIONS", headers, response: { vary: "x" } });
    assert.equal(reply, undefined);
    assert.deepEqual(response, { vary: "x" });
  }
});

test("answers to allowed origins get the same headers in place of the backend's; those to others stay", () => {
  const backend = { "access-control-allow-origin": "https://backend.test" };
  const run = (filter: FilterOfKind<"fixedCors">, origin: string) =>
    runFilter(filter, { headers: { origin }, response: backend }).response;
  assert.deepEqual(run(listed, "https://a.test"), marks("https://a.test"));
  assert.deepEqual(run(all, "https://a.test"), marks("*"));
  assert.deepEqual(run(listed, "https://evil.test"), backend);
});
