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

test("addresses tell clients apart, those of IPv6 by their /64 network unless the rule is about a smaller one", () => {
  const keyOfAddress = (clientAddress: string, network: NonNullable<ClientSelector["network"]>): string | undefined =>
    buildClientKey([{ ...everybody, network }])({} as RequestHead, { facts: { clientAddress } } as FilterExchange);
  const v4 = { cidr: "0.0.0.0/0", distinct: true, except: ["10.0.0.0/8"] };
  const v6 = { cidr: "::/0", distinct: true, except: ["2001:db8:1::/48"] };
  assert.equal(keyOfAddress("192.0.2.1", v4), "9:192.0.2.1");
  assert.equal(keyOfAddress("10.1.1.1", v4), undefined);
  assert.equal(keyOfAddress("2001:db8::1", v4), undefined);
  assert.equal(keyOfAddress("2001:db8::1", v6), keyOfAddress("2001:db8::ffff:1", v6));
  assert.notEqual(keyOfAddress("2001:db8::1", v6), keyOfAddress("2001:db8:0:1::1", v6));
  assert.equal(keyOfAddress("2001:db8:1::1", v6), undefined);
  const small = { cidr: "2001:db8::/120", distinct: true, except: [] };
  assert.notEqual(keyOfAddress("2001:db8::1", small), keyOfAddress("2001:db8::2", small));
  assert.equal(keyOfAddress("192.0.2.1", { ...v4, distinct: false }), "");
});
