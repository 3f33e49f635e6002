import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plainCookie } from "../../../ir/issued-cookie.ts";
import type { HashSource, LoadBalancing } from "../../../ir/traffic/load-balancing.ts";
import { Balancer } from "../balance.ts";
import type { BalanceSubject } from "./balance-subject.ts";
import { EndpointSelector, type Selectable } from "./endpoint-selector.ts";
import { cookieOf, hashOf } from "./hash-source.ts";
import { warmShare } from "./slow-start.ts";
import { zoneShares } from "./zone-shares.ts";

const client = "192.0.2.7";
const subject = (headers: Readonly<Record<string, string>>, query = "", clientAddress = client): BalanceSubject => ({
  query,
  clientAddress,
  scheme: "http",
  header: (name) => headers[name],
  text: (template) => template.map((part) => (typeof part === "string" ? part : query)).join(""),
});

test("hashOf: equal requests give equal hashes, and what is not asked for does not count", () => {
  const sources: readonly [HashSource, BalanceSubject, BalanceSubject, BalanceSubject][] = [
    [
      { kind: "headers", names: ["x-user", "x-shard"] },
      subject({ "x-user": "ann", "x-other": "1" }),
      subject({ "x-user": "ann", "x-other": "2" }),
      subject({ "x-shard": "ann" }),
    ],
    [
      { kind: "queryParams", names: ["user"] },
      subject({}, "user=a%20b&page=1"),
      subject({}, "page=2&user=a+b"),
      subject({}, "user=ab"),
    ],
    [
      { kind: "cookie", name: "lane", issued: undefined },
      subject({ cookie: 'a=1; lane="left"' }),
      subject({ cookie: "lane=left; a=2" }),
      subject({ cookie: "lane=right" }),
    ],
  ];
  for (const [source, one, same, other] of sources) {
    assert.equal(hashOf(source, one, undefined), hashOf(source, same, undefined), source.kind);
    assert.notEqual(hashOf(source, one, undefined), hashOf(source, other, undefined), source.kind);
    assert.equal(hashOf(source, subject({}), undefined), undefined, source.kind);
  }
  const byAddress = (address: string, a: string) =>
    hashOf({ kind: "sourceAddress" }, subject({ a }, "", address), undefined);
  assert.equal(byAddress(client, "1"), byAddress(client, "2"));
  assert.notEqual(byAddress(client, "1"), byAddress("192.0.2.8", "1"));
});

test("hashOf: a text has a hash where nothing of it is there, too", () => {
  const source: HashSource = { kind: "template", template: ["q=", { from: "query" }] };
  assert.equal(hashOf(source, subject({ a: "1" }), undefined), hashOf(source, subject({}), undefined));
  assert.notEqual(hashOf(source, subject({}, "x"), undefined), hashOf(source, subject({}), undefined));
});

test("hashOf: a cookie that names its backend counts without that", () => {
  const source: HashSource = { kind: "cookie", name: "lane", issued: undefined };
  const hash = (value: string, keptAs: string | undefined) =>
    hashOf(source, subject({ cookie: `lane=${value}` }), keptAs);
  assert.equal(hash("left|a", "a"), hash("left|b", "a"));
  assert.equal(hash("left", "a"), hash("left|b", "a"));
  assert.notEqual(hash("left|a", undefined), hash("left|b", undefined));
});

test("cookieOf: an empty cookie is none", () => {
  assert.equal(cookieOf("lane", subject({ cookie: "lane=" })), undefined);
});

test("warmShare: grows evenly from a tenth to one", () => {
  assert.deepEqual(
    [0, 50, 500, 1_000, 9_000].map((nowMs) => warmShare(0, nowMs, 1_000)),
    [0.1, 0.1, 0.5, 1, 1],
  );
  assert.equal(warmShare(0, 0, 0), 1);
});

const selector = (changes: Partial<LoadBalancing>) => {
  const made = new EndpointSelector<Selectable>(
    { turns: { kind: "roundRobin" }, slowStartMs: 0, zones: { kind: "none" }, overrideHeaders: [], ...changes },
    { ownZone: "", random: () => 0 },
  );
  const endpoints = ["10.0.0.1:80", "10.0.0.2:80", "[2001:db8::1]:80"].map((label) => ({
    label,
    zone: "",
    activeRequests: 0,
    servesSinceMs: 0,
    usable: () => true,
  }));
  made.setEndpoints(endpoints);
  made.setServing(endpoints);
  return {
    made,
    endpoints,
    choose: (about: BalanceSubject) => made.choose(made.hintOf(about, undefined), 0, undefined)?.label,
  };
};

test("EndpointSelector: a request gets the endpoint that it names, and never an address that is none", () => {
  const { choose } = selector({ overrideHeaders: ["x-to", "x-or"] });
  assert.equal(choose(subject({ "x-to": "10.0.0.2:80" })), "10.0.0.2:80");
  assert.equal(choose(subject({ "x-or": "10.9.9.9:80, [2001:db8::1]:80" })), "[2001:db8::1]:80");
  const turns = Array.from({ length: 3 }, () => choose(subject({ "x-to": "169.254.169.254:80" })));
  assert.deepEqual(turns, ["10.0.0.1:80", "10.0.0.2:80", "[2001:db8::1]:80"]);
});

test("EndpointSelector: keeps to the hash while its endpoint serves, and comes back to it", () => {
  const by = { kind: "headers", names: ["x-user"] } as const;
  const { made, endpoints, choose } = selector({
    turns: { kind: "consistentHash", by, tableSize: 1_009, afterFailure: "other" },
  });
  const ann = subject({ "x-user": "ann" });
  const home = choose(ann);
  assert.deepEqual([choose(ann), choose(ann)], [home, home]);
  made.setServing(endpoints.filter(({ label }) => label !== home));
  const other = choose(ann);
  assert.notEqual(other, home);
  assert.equal(choose(ann), other);
  made.setServing(endpoints);
  assert.equal(choose(ann), home);
});

test("EndpointSelector: where a request goes that failed at the endpoint of its hash", () => {
  const by = { kind: "cookie", name: "lane", issued: plainCookie } as const;
  const about = subject({ cookie: "lane=left" });
  const after = (afterFailure: "move" | "other" | "same") => {
    const { made } = selector({ turns: { kind: "consistentHash", by, tableSize: 1_009, afterFailure } });
    const hint = made.hintOf(about, undefined);
    const first = made.choose(hint, 0, undefined);
    const second = made.choose(hint, 0, first);
    return { made, hint, first, second };
  };
  const stays = after("same");
  assert.equal(stays.second, stays.first);
  const turns = after("other");
  assert.notEqual(turns.second, turns.first);
  assert.equal(turns.hint?.setCookie, undefined);
  const { made, hint, first, second } = after("move");
  const third = made.choose(hint, 0, second);
  assert.equal(new Set([first, second, third]).size, 3);
  const [, value = ""] = /^lane=([0-9a-f-]{36}); HttpOnly$/.exec(hint?.setCookie ?? "") ?? [];
  assert.equal(made.choose(made.hintOf(subject({ cookie: `lane=${value}` }), undefined), 0, undefined), third);
});

test("readHint: a client without the cookie is given one that leads to the endpoint of its first request", () => {
  const by = { kind: "cookie", name: "lane", issued: { ...plainCookie, maxAgeSeconds: 60, sameSite: "Lax" } } as const;
  const { made, choose } = selector({ turns: { kind: "consistentHash", by, tableSize: 1_009, afterFailure: "other" } });
  for (let run = 0; run < 20; run++) {
    const hint = made.hintOf(subject({}), undefined);
    const [, value] = /^lane=([0-9a-f-]{36}); Max-Age=60; HttpOnly; SameSite=Lax$/.exec(hint?.setCookie ?? "") ?? [];
    const first = made.choose(hint, 0, undefined)?.label;
    assert.equal(choose(subject({ cookie: `lane=${value}` })), first);
  }
  assert.equal(made.hintOf(subject({ cookie: "lane=left" }), undefined)?.setCookie, undefined);
});

const zoned = (zones: Readonly<Record<string, number>>) =>
  Object.entries(zones).flatMap(([zone, count]) => Array.from({ length: count }, () => ({ zone })));
const shares = (parts: ReturnType<typeof zoneShares>) =>
  parts.map(({ share, endpoints }) => `${Math.round(share * 100)}% of ${endpoints.length}`);
const local = { kind: "local", minEndpoints: 0, forceMinEndpoints: 0, percent: 100 } as const;

test("zoneShares: the own zone gets all when it has its share of the endpoints, and less when it is short of them", () => {
  assert.deepEqual(shares(zoneShares(zoned({ a: 3, b: 3 }), local, "a")), ["100% of 3"]);
  assert.deepEqual(shares(zoneShares(zoned({ a: 1, b: 3 }), local, "a")), ["50% of 1", "50% of 3"]);
  assert.deepEqual(shares(zoneShares(zoned({ a: 1, b: 3 }), { ...local, forceMinEndpoints: 1 }, "a")), ["100% of 1"]);
  assert.deepEqual(shares(zoneShares(zoned({ a: 3, b: 3 }), { ...local, percent: 80 }, "a")), ["80% of 3", "20% of 6"]);
  assert.deepEqual(shares(zoneShares(zoned({ a: 3, b: 2 }), { ...local, minEndpoints: 6 }, "a")), ["100% of 5"]);
  for (const zone of ["", "c"]) assert.deepEqual(shares(zoneShares(zoned({ a: 3, b: 2 }), local, zone)), ["100% of 5"]);
});

test("zoneShares: weighted zones get their weights, and those of weight 0 serve when no other can", () => {
  const weighted = { kind: "weighted", weights: { a: 3, b: 0 } } as const;
  assert.deepEqual(shares(zoneShares(zoned({ a: 1, b: 1, c: 1 }), weighted, "")), ["75% of 1", "25% of 1"]);
  assert.deepEqual(shares(zoneShares(zoned({ b: 2 }), weighted, "")), ["100% of 2"]);
});

test("zoneShares: shares come to one, and no endpoint is lost where zones do not keep requests out", () => {
  const zones = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 9 }), { minKeys: 1 });
  fc.assert(
    fc.property(zones, fc.integer({ min: 0, max: 100 }), (counts, percent) => {
      const parts = zoneShares(zoned(counts), { ...local, percent }, "a");
      assert.ok(Math.abs(parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
      assert.ok(parts.every(({ endpoints }) => endpoints.length > 0));
    }),
  );
});

test("Balancer: an endpoint that warms up gets a tenth of the turns at first, and its full share after the window", () => {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const endpoint = (label: string, servesSinceMs: number) => ({
    label,
    servesSinceMs,
    activeRequests: 0,
    usable: () => true,
  });
  const endpoints = [endpoint("warm", -60_000), endpoint("new", 0)];
  for (const turns of ["roundRobin", "leastRequest", "random"] as const) {
    const share = (nowMs: number): number => {
      const balancer = new Balancer<(typeof endpoints)[number]>({ turns, slowStartMs: 10_000, random });
      const chosen = Array.from({ length: 4_000 }, () => balancer.choose(endpoints, nowMs, undefined)!.label);
      return chosen.filter((label) => label === "new").length / chosen.length;
    };
    const [first, half, full] = [share(0), share(5_000), share(10_000)];
    assert.ok(first > 0.02 && first < 0.12, `${turns} at first: ${first}`);
    assert.ok(half > first + 0.1 && half < full - 0.05, `${turns} half way: ${half}`);
    assert.ok(full > 0.45, `${turns} in the end: ${full}`);
  }
});
