import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson } from "./canonical-json.ts";

test("canonicalJson() does not depend on the order in which members were written", () => {
  assert.equal(canonicalJson({ b: 1, a: { d: [1, "x", null], c: true } }), '{"a":{"c":true,"d":[1,"x",null]},"b":1}');
  assert.equal(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }));
});

test("canonicalJson() leaves out undefined members and keeps array positions", () => {
  assert.equal(canonicalJson({ a: undefined, b: [undefined, 1] }), '{"b":[null,1]}');
});

test("canonicalJson() writes text that JSON.parse reads back", () => {
  const value = { 'quote"': "line\nbreak", ключ: -0.5, __proto__x: [[], {}] };
  assert.deepEqual(JSON.parse(canonicalJson(value)), value);
});

test("canonicalJson() throws for what JSON cannot say", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, () => 1, new Map(), new Date(0), 1n, Symbol("x")]) {
    assert.throws(() => canonicalJson({ bad }), TypeError);
  }
});
