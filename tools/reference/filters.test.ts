import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyFilters } from "../../src/filter/proxy-filters.ts";
import { renderFilterReference } from "./filters.ts";

test("renderFilterReference() has a section for every kind of filter, and tables that are computed", () => {
  const page = renderFilterReference();
  for (const kind of Object.keys(proxyFilters)) assert.ok(page.includes(`In the routing model: \`${kind}\``), kind);
  assert.match(page, /\| `\/foo\/bar` \| `\/foo` \| `\/xyz\/` \| `\/xyz\/bar` \|/);
  assert.doesNotMatch(page, /undefined/);
});
