import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "../../src/base/record-changes.ts";
import { applyDelta, deltaOf } from "../../src/config-stream/delta.ts";
import { digestOf } from "../../src/config-stream/digest.ts";
import { ownHeader } from "../../src/ir/select.ts";
import { RouteTable } from "../../src/proxy/route-table.ts";
import { gateway, http, httpRule, match, model, request, virtualHost } from "../ir/model.ts";

/** More with `SLUICE_STEPS=10000`. */
const steps = Number(process.env["SLUICE_STEPS"] ?? 300);
const hostnames = ["a.test", "b.test", "*.test", "*", "c.a.test"];
const paths = ["/", "/x", "/x/y", "/z"] as const;
const kinds = ["exact", "prefix", "regex"] as const;

test("tables and digests made by one change after the other are those made from nothing", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const rules: Record<string, ReturnType<typeof httpRule>> = {};
  for (let index = 0; index < 100; index++) rules[`HTTPRoute/shop/r${index}/0`] = httpRule(`r${index}`);
  let hosts = hostnames.map((name) => virtualHost(name, []));
  let current = { ...model(gateway([http("web", "", hosts)], [])) };
  let held: unknown = structuredClone(current);
  const makeRule = (rule: ReturnType<typeof httpRule>) => rule;
  const bound = (of: typeof current) =>
    of.gateways[0]!.listeners.map((listener) => ({ gateway: of.gateways[0]!, listener }));
  let table = RouteTable.build(bound(current), makeRule);
  let found = 0;
  for (let step = 0; step < steps; step++) {
    const key = `HTTPRoute/shop/r${random(120)}/0`;
    const name = key.split("/")[2]!;
    if (random(3) === 0) delete rules[key];
    else rules[key] = httpRule(name, { ruleName: String(step) });
    const at = random(hosts.length);
    const entries = [...hosts[at]!.entries];
    const path = { kind: kinds[random(3)]!, value: paths[random(4)]! };
    if (random(3) === 0) entries.splice(random(entries.length + 1), 1);
    else entries.splice(random(entries.length + 1), 0, { match: match({ path }), rule: key, matchIndex: 0 });
    hosts = hosts.with(at, { ...hosts[at]!, entries });
    const before = current;
    const owner = { ...before.gateways[0]!, listeners: [http("web", "", hosts)], httpRules: { ...rules } };
    current = { ...before, gateways: [owner] };
    const { set, gone } = changesOf(before.gateways[0]!.httpRules, owner.httpRules);
    const changed = new Set([...set, ...gone]);
    const previous = { table, changedRules: () => changed, keepsListener: () => true };
    table = RouteTable.patch(bound(current), { makeRule, previous });
    const whole = RouteTable.build(bound(current), makeRule);
    for (const host of ["a.test", "b.test", "q.test", "c.a.test", "other"]) {
      for (const asked of ["/", "/x", "/x/y", "/x/y/z", "/z"]) {
        const sent = request({ host, path: asked });
        const view = { ...sent, keptPath: sent.path, header: (name: string) => ownHeader(sent.headers, name) };
        assert.deepEqual(table.match(view), whole.match(view));
        if (typeof table.match(view) !== "string") found++;
      }
    }
    const delta = deltaOf(before, current);
    if (delta !== undefined) held = applyDelta(held, JSON.parse(JSON.stringify(delta)));
    assert.equal(digestOf(held), digestOf(current));
    assert.equal(digestOf(current), digestOf(structuredClone(current)));
  }
  assert.ok(found > steps);
});
