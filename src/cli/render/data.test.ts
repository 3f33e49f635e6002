import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { renderData } from "./data.ts";

test("renderData() writes YAML that readers of 1.1 and of 1.2 understand alike", () => {
  const values = ["Off", "on", "yes", "n", "1:30", "0755", "1_000", "~", "text"];
  const written = renderData(values, "yaml");
  assert.deepEqual(parse(written, { version: "1.1" }), values);
  assert.deepEqual(parse(written, { version: "1.2" }), values);
});
