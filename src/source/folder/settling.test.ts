import assert from "node:assert/strict";
import { test } from "node:test";
import { Settling, type SourceFiles } from "./settling.ts";
import { type SourceFile, updateSourceFile } from "./source-file.ts";

const service = (name: string, port = 1) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: ${port}}]}\n`;

/** Reads texts by file name on top of what is in force. */
function read(texts: Readonly<Record<string, string>>, before: SourceFiles = new Map()): SourceFiles {
  const fileOf = ([file, text]: [string, string]): [string, SourceFile] => [
    file,
    updateSourceFile(file, { text, hash: text, bytes: text.length }, before.get(file)),
  ];
  return new Map(Object.entries(texts).map(fileOf));
}

const names = (files: SourceFiles) =>
  [...files].map(
    ([file, { part }]) =>
      `${file}:${part.resources.map(({ metadata }) => metadata.name).join()}/${part.findings.length}`,
  );

const both = `${service("a")}---\n${service("b")}`;
const options = { quietMs: 100, ceilingMs: 500 };

test("Settling: what is added or altered counts at once", () => {
  const before = read({ "1.yaml": service("a") });
  const next = read({ "1.yaml": `${service("a", 2)}---\n${service("b")}`, "2.yaml": service("c") }, before);
  assert.deepEqual(new Settling(options).settle(before, next, 0), { files: next, waitMs: undefined });
});

test("Settling: an object, or a file, that is missing has to be so for 100 ms", () => {
  const settling = new Settling(options);
  const before = read({ "1.yaml": both, "2.yaml": service("c") });
  const next = read({ "1.yaml": service("a") }, before);
  const held = settling.settle(before, next, 1000);
  assert.deepEqual([names(held.files), held.waitMs], [["1.yaml:a,b/0", "2.yaml:c/0"], 100]);
  assert.equal(settling.settle(before, next, 1060).waitMs, 40);
  assert.deepEqual(settling.settle(before, next, 1100), { files: next, waitMs: undefined });
});

test("Settling: a file that is back in time was never gone, and the next loss begins anew", () => {
  const settling = new Settling(options);
  const before = read({ "1.yaml": both });
  settling.settle(before, new Map(), 0);
  assert.deepEqual(settling.settle(before, before, 50), { files: before, waitMs: undefined });
  assert.equal(settling.settle(before, new Map(), 120).waitMs, 100);
});

test("Settling: errors of a file that is half written are not told while it grows, for half a second at most", () => {
  const settling = new Settling(options);
  const before = read({ "1.yaml": both });
  for (let step = 0; step < 6; step++) {
    const next = read({ "1.yaml": `${service("a")}---\nkind: [${"x".repeat(step)}` }, before);
    assert.deepEqual(settling.settle(before, next, step * 90).files, before);
  }
  const next = read({ "1.yaml": `${service("a")}---\nkind: [` }, before);
  assert.deepEqual(names(settling.settle(before, next, 500).files), ["1.yaml:b,a/2"]);
});

test("Settling: a new file with errors is told of when it stays so", () => {
  const settling = new Settling(options);
  const next = read({ "new.yaml": "kind: [" });
  assert.deepEqual(names(settling.settle(new Map(), next, 0).files), []);
  assert.deepEqual(names(settling.settle(new Map(), next, 100).files), ["new.yaml:/1"]);
});

test("Settling: an object that moves to another file is not lost", () => {
  const before = read({ "1.yaml": both });
  const next = read({ "1.yaml": service("a"), "2.yaml": service("b") }, before);
  assert.deepEqual(new Settling(options).settle(before, next, 0), { files: next, waitMs: undefined });
});
