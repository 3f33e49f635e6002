import { canonicalJson } from "../base/canonical-json.ts";
import { count } from "./describe.ts";
import type { GatewayModel, HttpListener, Listener, RoutingModel } from "./routing-model.ts";

/** What changed between two models, for logs and `run`'s output. */
export type ModelDiff = {
  readonly gateways: Change;
  readonly listeners: Change;
  /** Route rules by key, per gateway. */
  readonly rules: Change;
  readonly clusters: Change;
};

/** Keys, each list in order. */
export type Change = {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
};

/** Compares content, not identity. */
export function diffModels(before: RoutingModel, after: RoutingModel): ModelDiff {
  return {
    gateways: compare(gateways(before), gateways(after)),
    listeners: compare(listeners(before), listeners(after)),
    rules: compare(rules(before), rules(after)),
    clusters: compare(before.clusters, after.clusters),
  };
}

/** Such as `+2 rules, listener web changed`; `nothing` when the models are equal. Names at most three of a kind. */
export function describeDiff(diff: ModelDiff): string {
  const parts = [
    ...describeChange(diff.gateways, "gateway", "gateways"),
    ...describeChange(diff.listeners, "listener", "listeners"),
    ...describeChange(diff.rules, "rule", "rules"),
    ...describeChange(diff.clusters, "backend", "backends"),
  ];
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function describeChange({ added, removed, changed }: Change, one: string, many: string): readonly string[] {
  const named =
    changed.length > 0 && changed.length <= 3
      ? `${one} ${changed.join(`, ${one} `)} changed`
      : `${count(changed.length, one, many)} changed`;
  return [
    ...(added.length > 0 ? [`+${count(added.length, one, many)}`] : []),
    ...(removed.length > 0 ? [`-${count(removed.length, one, many)}`] : []),
    ...(changed.length > 0 ? [named] : []),
  ];
}

type Rows = Readonly<Record<string, unknown>>;

function gateways(model: RoutingModel): Rows {
  return rows(model.gateways.map(({ listeners: _, httpRules: __, ...gateway }) => [gateway.key, gateway]));
}

/** A listener without its routes: those are rows of their own. */
function listeners(model: RoutingModel): Rows {
  return rows(
    model.gateways.flatMap((gateway) =>
      gateway.listeners.map((listener): [string, unknown] => {
        const { virtualHosts: _hosts, routes: _routes, rule: _rule, ...rest } = listener as Listener & Partial<Routes>;
        return [listener.key, rest];
      }),
    ),
  );
}

type Routes = Record<"virtualHosts" | "routes" | "rule", unknown>;

function rules(model: RoutingModel): Rows {
  return rows(
    model.gateways.flatMap((gateway) => [
      ...httpRules(gateway),
      ...gateway.listeners.flatMap((one) => streamRules(gateway, one)),
    ]),
  );
}

/** A rule together with where it serves, so that a changed match is a changed rule. */
function httpRules(gateway: GatewayModel): readonly (readonly [string, unknown])[] {
  const places = new Map<string, unknown[]>();
  for (const listener of gateway.listeners.filter(isHttp)) {
    for (const { hostname, entries } of listener.virtualHosts) {
      for (const { rule, match } of entries) {
        const place = [listener.key, hostname, match];
        const known = places.get(rule);
        if (known) known.push(place);
        else places.set(rule, [place]);
      }
    }
  }
  return Object.values(gateway.httpRules).map((rule) => [`${gateway.key} ${rule.key}`, [rule, places.get(rule.key)]]);
}

function streamRules(gateway: GatewayModel, listener: Listener): readonly (readonly [string, unknown])[] {
  const key = (rule: string): string => `${gateway.key} ${listener.name} ${rule}`;
  if (listener.protocol === "TLS")
    return listener.routes.map((route) => [key(`${route.rule.key} ${route.hostname}`), route]);
  return "rule" in listener && listener.rule ? [[key(listener.rule.key), listener.rule]] : [];
}

function rows(entries: readonly (readonly [string, unknown])[]): Rows {
  return Object.fromEntries(entries);
}

function compare(before: Rows, after: Rows): Change {
  const shared = Object.keys(after).filter((key) => Object.hasOwn(before, key));
  return {
    added: Object.keys(after)
      .filter((key) => !Object.hasOwn(before, key))
      .sort(),
    removed: Object.keys(before)
      .filter((key) => !Object.hasOwn(after, key))
      .sort(),
    changed: shared
      .filter((key) => before[key] !== after[key] && canonicalJson(before[key]) !== canonicalJson(after[key]))
      .sort(),
  };
}

function isHttp(listener: Listener): listener is HttpListener {
  return listener.protocol === "HTTP" || listener.protocol === "HTTPS";
}
