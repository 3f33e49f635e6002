import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { type SecretMaterial, SecretTable } from "./secret-table.ts";

const rows = new Map<string, SecretMaterial>([
  ["shop/plain", { kind: "certificate", chainPem: "chain", keyPem: "the key" }],
  ["shop/ca", { kind: "ca", bundlePem: "bundle" }],
  [
    "shop/ending",
    { kind: "certificate", chainPem: "c", keyPem: "k", ocspStaple: { responseBase64: "AA==", fromMs: 1, toMs: 2 } },
  ],
  [
    "shop/endless",
    {
      kind: "certificate",
      chainPem: "c",
      keyPem: "k",
      ocspStaple: { responseBase64: "AA==", fromMs: 1, toMs: Number.POSITIVE_INFINITY },
    },
  ],
]);

test("SecretTable: shows names alone to whoever prints, logs or serialises it", () => {
  const table = new SecretTable(rows);
  for (const text of [JSON.stringify(table), inspect(table), String(table)]) assert.doesNotMatch(text, /the key/);
  assert.match(JSON.stringify(table), /shop\/plain/);
});

test("SecretTable.exportUnredacted: the rows asked for survive a way through JSON; others are not in it", () => {
  const table = new SecretTable(rows);
  const exported = table.exportUnredacted([...rows.keys(), "shop/absent"]);
  const imported = SecretTable.importUnredacted(JSON.parse(JSON.stringify(exported)));
  assert.deepEqual(imported.keys(), [...rows.keys()]);
  for (const [key, material] of rows) assert.deepEqual(imported.get(key), material);
  assert.deepEqual(Object.keys(table.exportUnredacted(["shop/ca"])), ["shop/ca"]);
});
