import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCsrf } from "./compile.ts";

test("csrf: nothing is in the shadow unless the policy says so", () => {
  assert.deepEqual(compileCsrf({}), [
    { kind: "csrf", additionalOrigins: [], shadow: { numerator: 0, denominator: 100 } },
  ]);
  assert.deepEqual(
    compileCsrf({ additionalOrigins: ["https://a.test"], shadowFraction: { numerator: 1, denominator: 3 } }),
    [{ kind: "csrf", additionalOrigins: ["https://a.test"], shadow: { numerator: 1, denominator: 3 } }],
  );
});
