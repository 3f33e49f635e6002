import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareHostnames, intersectHostnames, intersectRouteHostnames, patternCovers } from "./hostname-patterns.ts";

describe("intersectHostnames", () => {
  for (const [a, b, expected] of [
    ["", "", "*"],
    ["", "a.example.com", "a.example.com"],
    ["a.example.com", "*", "a.example.com"],
    ["a.example.com", "a.example.com", "a.example.com"],
    ["a.example.com", "b.example.com", undefined],
    ["*.example.com", "a.example.com", "a.example.com"],
    ["*.example.com", "a.b.example.com", "a.b.example.com"],
    ["*.example.com", "example.com", undefined],
    ["*.example.com", "badexample.com", undefined],
    ["a.example.com", "*.example.com", "a.example.com"],
    ["*.example.com", "*.b.example.com", "*.b.example.com"],
    ["*.b.example.com", "*.example.com", "*.b.example.com"],
    ["*.example.com", "*.example.org", undefined],
    ["*.com", "*.example.com", "*.example.com"],
  ] as const) {
    it(`${a || "any"} and ${b || "any"} agree on ${expected ?? "nothing"}`, () => {
      assert.equal(intersectHostnames(a, b), expected);
      assert.equal(intersectHostnames(b, a), expected);
    });
  }
});

it("patternCovers: a wildcard does not stand for every hostname", () => {
  assert.equal(patternCovers("*.example.com", "*"), false);
  assert.equal(patternCovers("*", "*.example.com"), true);
});

it("compareHostnames: names, then longer wildcards, then any", () => {
  const order = ["*", "*.com", "a.com", "*.b.example.com", "b.example.com", "*.example.com"].sort(compareHostnames);
  assert.deepEqual(order, ["b.example.com", "a.com", "*.b.example.com", "*.example.com", "*.com", "*"]);
});

describe("intersectRouteHostnames", () => {
  it("gives a route without hostnames the listener's", () => {
    assert.deepEqual(intersectRouteHostnames("*.example.com", []), [{ hostname: "*.example.com", asked: "*" }]);
  });
  it("keeps the most specific of several that come to the same", () => {
    assert.deepEqual(intersectRouteHostnames("a.example.com", ["*.com", "*.example.com", "a.example.com"]), [
      { hostname: "a.example.com", asked: "a.example.com" },
    ]);
  });
  it("leaves out what lies outside", () => {
    assert.deepEqual(intersectRouteHostnames("*.example.com", ["a.example.org", "example.com"]), []);
  });
});
