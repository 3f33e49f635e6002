import assert from "node:assert/strict";
import { test } from "node:test";
import { editFindings } from "./edit-findings.ts";

const at = { file: "shop/web.yaml", object: "gateway.networking.k8s.io/HTTPRoute/shop/web" };

test("each note of a merge is a finding that names the object and what is kept", () => {
  const found = editFindings(
    [
      { ...at, kind: "conflict", path: ["spec", "rules", "name=main"], edited: "9s", converted: "2s" },
      { ...at, kind: "staysOut" },
      { ...at, kind: "leftOver" },
      { ...at, kind: "notOurs" },
      { ...at, object: "", kind: "unreadable" },
    ],
    "out",
  );
  assert.deepEqual(
    found.map(({ name, object }) => [name, object.kind, object.name]),
    [
      ["convert-edit-conflict", "HTTPRoute", "web"],
      ["convert-edit-kept", "HTTPRoute", "web"],
      ["convert-edit-conflict", "HTTPRoute", "web"],
      ["convert-edit-conflict", "HTTPRoute", "web"],
      ["convert-edit-conflict", "File", "shop/web.yaml"],
    ],
  );
  assert.match(found[0]?.message ?? "", /out\/shop\/web\.yaml is "9s" by hand, and would be "2s"/);
});
