import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathMatchOf, regexesOf, regexOf } from "./path-match.ts";

const none = new Map<string, string>();

describe("pathMatchOf", () => {
  const exact = { match: { kind: "exact", value: "/foo" } } as const;
  const beginning = { match: { kind: "beginning", value: "/foo/" } } as const;
  it("puts the two locations of a prefix together", () => {
    assert.deepEqual(pathMatchOf([exact, beginning], none), { type: "PathPrefix", value: "/foo" });
  });
  it("keeps what is exact, and the root", () => {
    assert.deepEqual(pathMatchOf([exact], none), { type: "Exact", value: "/foo" });
    assert.deepEqual(pathMatchOf([{ match: { kind: "beginning", value: "/" } }], none), {
      type: "PathPrefix",
      value: "/",
    });
  });
  it("escapes what a path may not hold", () => {
    assert.deepEqual(pathMatchOf([{ match: { kind: "exact", value: "/a b?" } }], none), {
      type: "Exact",
      value: "/a%20b%3F",
    });
  });
});

describe("regexOf", () => {
  const cases = [
    ["/foo", "(?i)/foo.*"],
    ["/foo(/|$)(.*)", "(?i)/foo(/|$)(.*)"],
    ["/v[0-9]+$", "(?i)/v[0-9]+$"],
    ["/price\\$", "(?i)/price\\$.*"],
    ["/(a|b.*)", "(?i)/(a|b.*).*"],
    ["/a|/b[|]", "(?i)(?:/a.*|.*/b[|].*)"],
  ] as const;
  for (const [pattern, expected] of cases) it(pattern, () => assert.equal(regexOf(pattern), expected));
});

describe("pathMatchOf", () => {
  it("takes text that is no Unicode", () => {
    const match = { kind: "exact", value: "/a\ud800" } as const;
    assert.deepEqual(pathMatchOf([{ match }], new Map()), { type: "Exact", value: "/a%EF%BF%BD" });
  });
});

describe("regexesOf", () => {
  it("keeps the order of ingress-nginx, the longest pattern first", () => {
    assert.deepEqual([...regexesOf(["/a/(.*)", "/a/b"]).values()], ["(?i)/a/(.*)", "(?i)/a/b.*"]);
    const lengths = [...regexesOf(["/a/(.*)", "/a/bcd"]).values()].map(({ length }) => length);
    assert.ok((lengths[0] ?? 0) >= (lengths[1] ?? 0), String(lengths));
  });
});
