/**
 * What a side does with the requests of one rule, in a form that can be compared with the other side's: equal texts are equal
 * behaviour, as a plane is given nothing else. Where objects are written and what they are called is left out.
 */
import { canonicalJson } from "../../base/canonical-json.ts";
import { hashText } from "../../base/hash.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import { describeFilter } from "../../ir/describe.ts";
import type { Filter, FilterKind } from "../../ir/filter.ts";
import type { HttpListener, WeightedBackend } from "../../ir/routing-model.ts";
import { type SettingKind, settingKinds } from "./difference-kinds.ts";
import type { Decision, Side } from "./side.ts";

export type Treatment = {
  /** Texts of the settings, empty where there is none. */
  readonly settings: Readonly<Record<SettingKind, string>>;
  /** Of all that a single request can show. */
  readonly visible: string;
};

/** Filters that a single request does not show, or not surely. */
const settingOfFilter: Partial<Record<FilterKind, SettingKind>> = {
  localRateLimit: "rate-limit",
  globalRateLimit: "rate-limit",
  admissionControl: "rate-limit",
  concurrency: "concurrency",
  bodyLimit: "body-limit",
  requestBuffer: "body-limit",
  bandwidthLimit: "bandwidth",
  requestMirror: "mirror",
};

/** Whether the filter is left out where requests are sent, so that it does not stand in the way of the others. */
export function isUnseen({ kind }: Filter): boolean {
  return settingOfFilter[kind] !== undefined;
}

export function treatmentOf(side: Side, decision: Decision): Treatment {
  const settings = Object.fromEntries(settingKinds.map((kind) => [kind, ""])) as Record<SettingKind, string>;
  const { listener } = decision;
  if (listener) addListener(settings, listener);
  if (decision.kind === "none")
    return { settings, visible: canonicalJson({ none: decision.reason, listener: visibleOf(listener) }) };
  const { rule, entry } = decision;
  const filters = [...decision.listener.filters, ...rule.filters].map(({ filter }) => filter);
  for (const filter of filters) {
    const setting = settingOfFilter[filter.kind];
    if (setting !== undefined) settings[setting] = joined(settings[setting], withoutNames(filter, side));
    if (filter.kind === "basicAuth") settings.passwords = usersOf(filter, side);
  }
  const clusters = rule.backends.flatMap(({ target }) =>
    target.kind === "cluster" ? (side.routing.clusters[target.cluster] ?? []) : [],
  );
  const [first] = clusters;
  const answersItself = filters.some(
    ({ kind }) => kind === "directResponse" || kind === "requestRedirect" || kind === "urlRedirect",
  );
  if (!answersItself) {
    settings.backend = backendsText(rule.backends, side);
    settings.timeouts = text({ ...rule.timeouts, connectMs: first?.traffic.connectTimeoutMs });
    settings.retries = text({ retry: rule.retry, budget: first?.traffic.retryBudget });
    settings.affinity = text(rule.sessionPersistence ?? first?.traffic.sessionPersistence);
    settings.balancing = text({ kind: first?.traffic.loadBalancing, policy: first?.traffic.policy });
    settings["backend-protocol"] = text({ protocol: first?.protocol, proxyProtocol: first?.proxyProtocol });
    settings["backend-tls"] = text(first?.tls);
  }
  const prefix = entry.match.path.kind === "prefix" && filters.some(usesPrefix) ? entry.match.path.value : "";
  return {
    settings,
    visible: canonicalJson({
      listener: visibleOf(decision.listener),
      filters: filters.filter((filter) => !isUnseen(filter)).map((filter) => serviceNames(filter, side)),
      backends: rule.backends.map((backend) => backend.filters.map(({ filter }) => serviceNames(filter, side))),
      answers: rule.backends.some(({ weight, target }) => weight > 0 && target.kind === "cluster"),
      grpc: rule.routeKind === "GRPCRoute",
      paths: decision.virtualHost.paths,
      prefix,
    }),
  };
}

function addListener(settings: Record<SettingKind, string>, { tls, settings: granted }: HttpListener): void {
  if (granted.requestBodyBytes > 0) settings["body-limit"] = `at most ${granted.requestBodyBytes} bytes (listener)`;
  if (tls === undefined) return;
  const { mode: _mode, certificates: _certificates, ...options } = tls;
  const { clientValidation, ...others } = options as typeof options & { readonly clientValidation?: unknown };
  settings["client-certificate"] = text(clientValidation);
  settings["tls-options"] = text(others);
}

/** What a listener does to every request. */
function visibleOf(listener: HttpListener | undefined): unknown {
  return listener && { protocol: listener.protocol, settings: listener.settings };
}

function usesPrefix(filter: Filter): boolean {
  return (filter.kind === "urlRewrite" || filter.kind === "requestRedirect") && filter.path?.kind === "prefix";
}

/** Users by what is in their Secret: its name is of no matter. */
function usersOf({ users }: Extract<Filter, { readonly kind: "basicAuth" }>, { secrets }: Side): string {
  if (users === undefined) return "nobody";
  const material = secrets.get(users);
  return material?.kind === "opaque" ? `users ${hashText(material.bytesBase64)}` : `users of ${users}`;
}

/** Services with the share of requests that each gets, in order of names. */
function backendsText(backends: readonly WeightedBackend[], side: Side): string {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<string, number>();
  for (const { weight, target } of backends) {
    if (weight === 0) continue;
    const name = target.kind === "cluster" ? serviceOf(target.cluster, side) : `no backend (${target.status})`;
    shares.set(name, (shares.get(name) ?? 0) + weight);
  }
  const one = ([name, weight]: readonly [string, number]): string =>
    shares.size === 1 ? name : `${name} ${Math.round((weight / total) * 1000) / 10} %`;
  return shares.size === 0
    ? "none"
    : [...shares]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(one)
        .join(", ");
}

function serviceOf(key: ClusterKey, { routing }: Side): string {
  const cluster = routing.clusters[key];
  return cluster ? `${cluster.namespace}/${cluster.name}:${cluster.port}` : key;
}

/** The filter with the Services in place of the clusters that it names. */
function serviceNames(filter: Filter, side: Side): unknown {
  return JSON.parse(JSON.stringify(filter), (name, value) =>
    (name === "cluster" || name === "servers" || name === "fallbacks") && value !== undefined
      ? Array.isArray(value)
        ? value.map((key: ClusterKey) => serviceOf(key, side))
        : serviceOf(value, side)
      : name === "users"
        ? usersOf({ users: value } as Extract<Filter, { readonly kind: "basicAuth" }>, side)
        : value,
  );
}

/** In words, which tell of all that counts, and nothing of names. */
function withoutNames(filter: Filter, side: Side): string {
  if (filter.kind === "requestMirror" && filter.cluster !== undefined)
    return describeFilter({ ...filter, cluster: serviceOf(filter.cluster, side) });
  return describeFilter(filter);
}

function joined(before: string, added: string): string {
  return before === "" ? added : `${before}; ${added}`;
}

/** Plain data in short: `name value` for each member that is there. */
function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(text).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => (typeof member === "object" ? `${name} (${text(member)})` : `${name} ${text(member)}`))
    .join(", ");
}
