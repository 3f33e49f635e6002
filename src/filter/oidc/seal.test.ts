import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Seal } from "./seal.ts";

const key = Buffer.alloc(32, 1);
const seal = new Seal(key, "a");

test("a sealed text is opened by the same key, context and purpose, and by no other", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), fc.string(), (text, purpose, other) => {
      const sealed = seal.close(purpose, text);
      assert.equal(new Seal(Buffer.from(key), "a").open(purpose, sealed), Buffer.from(text).toString());
      assert.equal(new Seal(key, "b").open(purpose, sealed), undefined);
      assert.equal(new Seal(Buffer.alloc(32, 2), "a").open(purpose, sealed), undefined);
      if (other !== purpose) assert.equal(seal.open(other, sealed), undefined);
    }),
    { numRuns: 30 },
  );
});

test("a sealed text says nothing of what it holds but its length, and is another each time", () => {
  const first = seal.close("p", "hello");
  const second = seal.close("p", "hello");
  assert.notEqual(first, second);
  assert.equal(first.length, second.length);
  assert.match(first, /^[A-Za-z0-9_-]+$/);
});

test("what is changed anywhere, cut, lengthened, or no sealed text is not opened, and nothing is thrown", () => {
  const sealed = seal.close("p", "hello");
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
    assert.equal(seal.open("p", changed), undefined);
    assert.equal(seal.open("p", sealed.slice(0, at)), undefined);
  }
  for (const other of [`${sealed}A`, `${sealed}=`, ` ${sealed}`, `${sealed}\n`, "", "é"])
    assert.equal(seal.open("p", other), undefined);
  fc.assert(fc.property(fc.string(), (text) => seal.open("p", text) === undefined));
});

test("derived texts differ where any part, or how the text is divided, differs", () => {
  const texts = [["a", "b"], ["ab"], ["a", "b", ""], ["b", "a"]].map((parts) => seal.derive(...parts));
  assert.equal(new Set([...texts, new Seal(key, "b").derive("a", "b")]).size, 5);
  assert.ok(texts.every((text) => /^[A-Za-z0-9_-]{43}$/.test(text)));
});
