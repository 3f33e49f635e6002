import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientSelector, SelectorValue } from "../../ir/rate-limit.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import { boundedKey, buildClientKey } from "./client-key.ts";

const everybody: ClientSelector = {
  headers: [],
  query: [],
  claims: [],
  methods: [],
  path: undefined,
  network: undefined,
};

/** The key of a request with these headers, of a client whose token has these claims. */
function keyOf(
  selector: Partial<ClientSelector>,
  { headers = {}, claims }: { headers?: Record<string, string>; claims?: Readonly<Record<string, unknown>> },
): string | undefined {
  const request = { header: (name: string) => headers[name] } as RequestHead;
  const exchange = { established: { principal: undefined, claims } } as FilterExchange;
  return buildClientKey([{ ...everybody, ...selector }])(request, exchange);
}

const distinct = (name: string): SelectorValue => ({ name, kind: "distinct" });

test("claims tell clients apart: by name, with dots in it, or inside another; text, numbers and truths alone", () => {
  const rows: readonly (readonly [
    name: string,
    claims: Readonly<Record<string, unknown>> | undefined,
    key: string | undefined,
  ])[] = [
    ["sub", { sub: "ann" }, "3:ann"],
    ["sub", { sub: 7 }, "1:7"],
    ["realm.tenant", { realm: { tenant: "t1" } }, "2:t1"],
    ["https://x.test/id", { "https://x.test/id": "a" }, "1:a"],
    ["realm.tenant", { "realm.tenant": "own", realm: { tenant: "t1" } }, "3:own"],
    ["sub", { sub: ["ann"] }, undefined],
    ["realm.tenant", { realm: "text" }, undefined],
    ["realm.constructor", { realm: {} }, undefined],
    ["toString", {}, undefined],
    ["sub", undefined, undefined],
  ];
  for (const [name, claims, key] of rows) {
    assert.equal(keyOf({ claims: [distinct(name)] }, claims === undefined ? {} : { claims }), key, name);
  }
});

test("no two lists of values are one key, whatever clients put into them", () => {
  const selector = { headers: [distinct("a"), distinct("b")] };
  const lists = [
    ["1", "23"],
    ["12", "3"],
    ["1:2", "3"],
    ["", "1:23"],
    ["1:23", ""],
    ["2:1", "2:1"],
  ];
  const keys = lists.map(([a = "", b = ""]) => keyOf(selector, { headers: { a, b } }));
  assert.equal(new Set(keys).size, lists.length);
});

test("long keys become digests of one size, others under another secret", () => {
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  assert.equal(boundedKey("x".repeat(64), one), "x".repeat(64));
  const [a, b] = ["a", "b"].map((end) => boundedKey("x".repeat(60_000) + end, one));
  assert.deepEqual([a?.length, b?.length, a === b], [43, 43, false]);
  assert.notEqual(boundedKey("x".repeat(60_000), one), boundedKey("x".repeat(60_000), other));
});
