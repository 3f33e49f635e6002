import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { HttpMatch } from "../../ir/match.ts";
import type { HttpRule } from "../../ir/routing-model.ts";
import type { ScoredEntry } from "../contract.ts";
import { compareEntries, scoreGrpcMatch, scoreHttpMatch } from "./precedence.ts";

const rule = (fields: Partial<HttpRule> = {}): HttpRule => ({
  key: "k",
  from: { kind: "HTTPRoute", namespace: "shop", name: "web", pointer: "/spec/rules/0" },
  namespace: "shop",
  name: "web",
  ruleIndex: 0,
  ruleName: "",
  routeKind: "HTTPRoute",
  labels: {},
  filters: [],
  backends: [],
  timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
  ...fields,
});

const match = (fields: Partial<HttpMatch> = {}): HttpMatch => ({
  path: { kind: "prefix", value: "/" },
  headers: [],
  query: [],
  ...fields,
});

type Fields = { match?: HttpMatch; rule?: HttpRule; matchIndex?: number; created?: number | undefined };
const entry = ({ match: of = match(), rule: owner = rule(), matchIndex = 0, created }: Fields): ScoredEntry => ({
  match: of,
  rule: owner,
  matchIndex,
  score: scoreHttpMatch(of, created),
});

const headers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `h${index}`, kind: "exact" as const, value: "v" }));

describe("compareEntries: the specification's order, each step against all later ones", () => {
  const many = { method: "GET", headers: headers(9), query: headers(9) };
  const cases: { title: string; first: Fields; second: Fields }[] = [
    {
      title: "an exact path before a longer expression with everything",
      first: { match: match({ path: { kind: "exact", value: "/a" } }) },
      second: { match: match({ path: { kind: "regex", value: "/a.*longer" }, ...many }), created: 1 },
    },
    {
      title: "an expression before a longer prefix",
      first: { match: match({ path: { kind: "regex", value: "/a" } }) },
      second: { match: match({ path: { kind: "prefix", value: "/a/b/c" }, ...many }), created: 1 },
    },
    {
      title: "the longer prefix before a method",
      first: { match: match({ path: { kind: "prefix", value: "/ab" } }) },
      second: { match: match({ path: { kind: "prefix", value: "/a" }, ...many }), created: 1 },
    },
    {
      title: "a method before headers",
      first: { match: match({ method: "GET" }) },
      second: { match: match({ headers: headers(9), query: headers(9) }), created: 1 },
    },
    {
      title: "more headers before parameters",
      first: { match: match({ headers: headers(2) }) },
      second: { match: match({ headers: headers(1), query: headers(9) }), created: 1 },
    },
    {
      title: "more parameters before age",
      first: { match: match({ query: headers(2) }), created: 2 },
      second: { match: match({ query: headers(1) }), created: 1 },
    },
    {
      title: "the older route before the name",
      first: { rule: rule({ name: "z" }), created: 1 },
      second: { rule: rule({ name: "a" }), created: 2 },
    },
    {
      title: "a route with a creation time before one without",
      first: { rule: rule({ name: "z" }), created: 1 },
      second: { rule: rule({ name: "a" }) },
    },
    {
      title: "namespace/name in alphabetical order before the place of the rule",
      first: { rule: rule({ namespace: "a", name: "z", ruleIndex: 5 }) },
      second: { rule: rule({ namespace: "b", name: "a", ruleIndex: 0 }) },
    },
    {
      title: "the earlier rule before the place of the match",
      first: { rule: rule({ ruleIndex: 0 }), matchIndex: 3 },
      second: { rule: rule({ ruleIndex: 1 }), matchIndex: 0 },
    },
    { title: "the earlier match of one rule", first: { matchIndex: 0 }, second: { matchIndex: 1 } },
  ];
  for (const { title, first, second } of cases) {
    it(title, () => {
      assert.ok(compareEntries(entry(first), entry(second)) < 0);
      assert.ok(compareEntries(entry(second), entry(first)) > 0);
    });
  }

  it("is a total order: sorting does not depend on the order of the input", () => {
    const arbitrary = fc
      .record({
        kind: fc.constantFrom("exact" as const, "prefix" as const, "regex" as const),
        path: fc.constantFrom("/", "/a", "/ab"),
        method: fc.constantFrom("GET", undefined),
        headers: fc.nat(2),
        created: fc.constantFrom(undefined, 1, 2),
        name: fc.constantFrom("a", "b"),
        ruleIndex: fc.nat(2),
        matchIndex: fc.nat(2),
      })
      .map((each) =>
        entry({
          match: match({
            path: { kind: each.kind, value: each.path },
            ...(each.method === undefined ? {} : { method: each.method }),
            headers: headers(each.headers),
          }),
          rule: rule({ name: each.name, ruleIndex: each.ruleIndex }),
          matchIndex: each.matchIndex,
          created: each.created,
        }),
      );
    fc.assert(
      fc.property(fc.array(arbitrary, { maxLength: 12 }), (entries) => {
        const text = (list: ScoredEntry[]) => JSON.stringify(list.sort(compareEntries));
        assert.equal(text([...entries].reverse()), text([...entries]));
      }),
    );
  });
});

describe("scoreGrpcMatch", () => {
  const cases = [
    {
      title: "the longer service before the longer method",
      first: scoreGrpcMatch({ kind: "exact", service: "aa", method: undefined }, 0, undefined),
      second: scoreGrpcMatch({ kind: "exact", service: "a", method: "Long" }, 9, 1),
    },
    {
      title: "the longer method before headers",
      first: scoreGrpcMatch({ kind: "exact", service: "a", method: "Ab" }, 0, undefined),
      second: scoreGrpcMatch({ kind: "exact", service: "a", method: "A" }, 9, 1),
    },
    {
      title: "more headers before age",
      first: scoreGrpcMatch(undefined, 2, 2),
      second: scoreGrpcMatch(undefined, 1, 1),
    },
    {
      title: "names before expressions",
      first: scoreGrpcMatch({ kind: "exact", service: "a", method: undefined }, 0, undefined),
      second: scoreGrpcMatch({ kind: "regex", service: "a.*", method: ".*" }, 9, 1),
    },
  ];
  for (const { title, first, second } of cases) {
    it(title, () => {
      const grpc = rule({ routeKind: "GRPCRoute" });
      const at = (score: readonly number[]) => ({ match: match(), rule: grpc, matchIndex: 0, score });
      assert.ok(compareEntries(at(first), at(second)) < 0);
    });
  }
});
