import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readObjects } from "./read-objects.ts";

test("readObjects() reads objects of every kind with their places, and keeps the text of what is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-objects-"));
  try {
    writeFileSync(
      join(folder, "a.yaml"),
      "apiVersion: x.test/v1\nkind: Thing\nmetadata: { name: a }\n---\n# nothing\n---\nreplicas: 3\n",
    );
    writeFileSync(join(folder, "b.yaml"), "{{- if .Values.x }}\nkind: Ingress\n{{- end }}\n");
    writeFileSync(
      join(folder, "c.json"),
      JSON.stringify({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Service" }, 3] }),
    );
    const { objects, documents, findings, unreadable } = await readObjects([folder]);
    assert.deepEqual(
      objects.map(({ raw, origin }) => [raw["kind"], origin.at("/kind").line]),
      [
        ["Thing", 2],
        ["Service", 1],
      ],
    );
    assert.deepEqual(
      documents.map(({ position }) => [position.file.slice(folder.length + 1), position.line]),
      [
        ["a.yaml", 4],
        ["a.yaml", 6],
        ["b.yaml", 1],
      ],
    );
    assert.deepEqual(
      findings.map(({ name }) => name),
      ["syntax-error"],
    );
    assert.equal(unreadable, false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("readObjects() says which path cannot be read, and reads standard input", async () => {
  const stdin = (async function* () {
    yield "apiVersion: v1\nkind: Service\n";
  })();
  const { objects, unreadable } = await readObjects(["-", "/nowhere"], { stdin });
  assert.equal(objects.length, 1);
  assert.equal(unreadable, true);
});
