import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "../../src/base/record-changes.ts";
import { applyDelta, deltaOf } from "../../src/config-stream/delta.ts";
import { digestOf } from "../../src/config-stream/digest.ts";
import type { GatewayModel, HttpListener, HttpRule, ListenerKey } from "../../src/ir/routing-model.ts";
import { ownHeader } from "../../src/ir/select.ts";
import { type HttpListenerTable, RouteTable } from "../../src/proxy/route-table.ts";
import { gateway, http, httpRule, https, match, model, request, virtualHost } from "../ir/model.ts";

/** More with `SLUICE_STEPS=10000`. */
const steps = Number(process.env["SLUICE_STEPS"] ?? 300);
/** Of one host: enough to be cut into chunks by its digest. */
const mostEntries = 80;
const hostnames = ["a.test", "b.test", "*.test", "*", "c.a.test"];
const paths = ["/", "/x", "/x/y", "/z"] as const;
const kinds = ["exact", "prefix", "regex"] as const;
const gatewayNames = ["g", "h", "i"] as const;
/** Some claim the same hostname, on one Gateway and on several; those of the third come and go. */
const listeners = {
  g: [http("web", "", []), http("a", "a.test", []), https("secure", "*.test", [])],
  h: [http("web", "", []), https("secure", "*.test", []), https("a", "a.test", [])],
  i: [http("web", "*.test", []), http("b", "b.test", []), https("all", "", [])],
} as const;

type Random = (below: number) => number;

function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** A Gateway whose rules, hosts and listeners change one at a time; what does not change stays the same object. */
class ChangingGateway {
  readonly #name: (typeof gatewayNames)[number];
  readonly #random: Random;
  #model: GatewayModel;

  constructor(name: (typeof gatewayNames)[number], random: Random) {
    this.#name = name;
    this.#random = random;
    const rules = Array.from({ length: 100 }, (_, index) => httpRule(`r${index}`));
    const all = listeners[name].map(
      (listener): HttpListener => ({
        ...listener,
        key: `Gateway/infra/${name}/${listener.name}`,
        virtualHosts: hostnames.map((hostname) => virtualHost(hostname, [])),
      }),
    );
    this.#model = gateway(all, rules, name);
  }

  get model(): GatewayModel {
    return this.#model;
  }

  change(step: number): void {
    const random = this.#random;
    const httpRules: Record<string, HttpRule> = { ...this.#model.httpRules };
    const key = `HTTPRoute/shop/r${random(120)}/0`;
    if (random(3) === 0) delete httpRules[key];
    else httpRules[key] = httpRule(key.split("/")[2]!, { ruleName: String(step) });
    const all = this.#model.listeners as readonly HttpListener[];
    const at = random(all.length);
    const changed = random(20) === 0 ? this.#rename(all[at]!, step) : this.#changeHosts(all[at]!, key);
    this.#model = { ...this.#model, httpRules, listeners: all.with(at, changed) };
  }

  /** Another condition of the listener itself. */
  #rename(listener: HttpListener, step: number): HttpListener {
    return { ...listener, from: { ...listener.from, pointer: `/spec/listeners/${this.#name}-${step}` } };
  }

  #changeHosts(listener: HttpListener, rule: string): HttpListener {
    const random = this.#random;
    const hosts = listener.virtualHosts;
    const turn = random(12);
    if (turn === 0 && hosts.length > 1) {
      return { ...listener, virtualHosts: hosts.toSpliced(random(hosts.length), 1) };
    }
    const missing = hostnames.filter((name) => hosts.every(({ hostname }) => hostname !== name));
    if (turn === 1 && missing.length > 0) {
      const names = [...hosts.map(({ hostname }) => hostname), missing[random(missing.length)]!];
      const ordered = hostnames.filter((name) => names.includes(name));
      return {
        ...listener,
        virtualHosts: ordered.map((name) => hosts.find(({ hostname }) => hostname === name) ?? virtualHost(name, [])),
      };
    }
    const place = random(hosts.length);
    const entries = [...hosts[place]!.entries];
    const path = { kind: kinds[random(3)]!, value: paths[random(4)]! };
    if (random(3) === 0 || entries.length >= mostEntries) entries.splice(random(entries.length + 1), 1);
    else entries.splice(random(entries.length + 1), 0, { match: match({ path }), rule, matchIndex: 0 });
    return { ...listener, virtualHosts: hosts.with(place, { ...hosts[place]!, entries }) };
  }
}

type Bound = { readonly gateway: GatewayModel; readonly listener: HttpListener };

function boundOf(gateways: readonly GatewayModel[]): readonly Bound[] {
  return gateways.flatMap((one) =>
    (one.listeners as readonly HttpListener[]).map((listener) => ({ gateway: one, listener })),
  );
}

/** What a table says to every request that these tests know, clear and by every server name. */
function answersOf(table: RouteTable<HttpRule>): readonly unknown[] {
  const asked = ["a.test", "b.test", "q.test", "c.a.test", "other"];
  const answers: unknown[] = [];
  for (const name of [undefined, "", ...asked]) {
    const target = name === undefined ? undefined : table.forSni(name);
    const connection = target?.kind === "http" ? (target as HttpListenerTable<HttpRule>) : undefined;
    if (name !== undefined && connection === undefined) continue;
    for (const host of asked) {
      for (const path of ["/", "/x", "/x/y", "/x/y/z", "/z"]) {
        const sent = request({ host, path });
        const view = { ...sent, keptPath: sent.path, header: (header: string) => ownHeader(sent.headers, header) };
        answers.push(table.match(view, connection));
      }
    }
  }
  return answers;
}

test("tables and digests made by one change after the other are those made from nothing", () => {
  const random = createRandom(7);
  const owners = gatewayNames.map((name) => new ChangingGateway(name, random));
  const isServed = new Set<number>([0, 1, 2]);
  const modelsOf = () => owners.filter((_, place) => isServed.has(place)).map((owner) => owner.model);
  const makeRule = (rule: HttpRule) => rule;
  let current = model(...modelsOf());
  let held: unknown = structuredClone(current);
  let table = RouteTable.build<HttpRule>(boundOf(current.gateways), makeRule);
  let found = 0;
  let gone = 0;
  for (let step = 0; step < steps; step++) {
    const comesOrGoes = random(15) === 0;
    if (!comesOrGoes) owners[random(owners.length)]!.change(step);
    else if (!isServed.delete(2)) isServed.add(2);
    if (!isServed.has(2)) gone++;
    const before = current;
    current = { ...before, gateways: modelsOf() };
    const older = new Map(before.gateways.map((one) => [one.key, one]));
    const changedRules = (key: string) => {
      const after = current.gateways.find((one) => one.key === key)!;
      const { set, gone: lost } = changesOf(older.get(key)?.httpRules ?? {}, after.httpRules);
      return new Set([...set, ...lost]);
    };
    const listenersBefore = new Map<ListenerKey, HttpListener>(
      boundOf(before.gateways).map(({ listener }) => [listener.key, listener]),
    );
    const keepsListener = ({ key, from }: HttpListener) => listenersBefore.get(key)?.from === from;
    const bound = boundOf(current.gateways);
    table = RouteTable.patch(bound, { makeRule, previous: { table, changedRules, keepsListener } });
    const answers = answersOf(table);
    assert.deepEqual(answers, answersOf(RouteTable.build(bound, makeRule)));
    found += answers.filter((answer) => typeof answer !== "string").length;
    const delta = deltaOf(before, current);
    if (delta !== undefined) held = applyDelta(held, JSON.parse(JSON.stringify(delta)));
    assert.equal(digestOf(held), digestOf(current));
    assert.equal(digestOf(current), digestOf(structuredClone(current)));
  }
  assert.ok(found > steps);
  assert.ok(gone > 0 && gone < steps);
});
