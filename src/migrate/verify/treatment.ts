/**
 * What a side does with the requests of one rule, in a form that can be compared with the other side's: equal texts are equal
 * behaviour, as a plane is given nothing else. Where objects are written and what they are called is left out.
 */
import { canonicalJson } from "../../base/canonical-json.ts";
import { hashText } from "../../base/hash.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import { describeFilter } from "../../ir/describe.ts";
import type { Filter, FilterKind } from "../../ir/filter.ts";
import { referencesOf } from "../../ir/filter-references.ts";
import type { HttpListener, WeightedBackend } from "../../ir/routing-model.ts";
import type { SecretKey } from "../../ir/tls.ts";
import { type SettingKind, settingKinds } from "./difference-kinds.ts";
import type { Decision, Side } from "./side.ts";

export type Treatment = {
  /** What each setting says, part by part; empty where there is none. */
  readonly settings: Readonly<Record<SettingKind, readonly string[]>>;
  /** Of all that a single request can show. */
  readonly visible: string;
  /** Every request is answered by the gateway itself. */
  readonly answersItself: boolean;
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
  const settings: Record<SettingKind, readonly string[]> = { ...noSettings };
  const { listener } = decision;
  if (listener) Object.assign(settings, listenerSettings(listener));
  if (decision.kind === "none")
    return { settings, visible: `${decision.reason} ${listener ? textOfListener(listener) : ""}`, answersItself: true };
  const { rule, entry } = decision;
  const filters = [...decision.listener.filters, ...rule.filters].map(({ filter }) => filter);
  for (const filter of filters) {
    const setting = settingOfFilter[filter.kind];
    if (setting !== undefined) settings[setting] = [...settings[setting], inWords(filter, side)];
    settings.passwords = [
      ...settings.passwords,
      ...passwordsOf(filter).map((asked) => `users ${hashText(textOfFilter(asked, side))}`),
    ];
  }
  const first = rule.backends.flatMap(({ target }) =>
    target.kind === "cluster" ? (side.routing.clusters[target.cluster] ?? []) : [],
  )[0];
  settings.backend = sharesOf(rule.backends, side);
  settings.timeouts = parts({ ...rule.timeouts, connectMs: first?.traffic.connectTimeoutMs });
  settings.retries = parts({ ...rule.retry, budget: first?.traffic.retryBudget });
  settings.affinity = parts(rule.sessionPersistence ?? first?.traffic.sessionPersistence);
  settings.balancing = parts({ kind: first?.traffic.loadBalancing, ...first?.traffic.policy });
  settings["backend-protocol"] = parts({ protocol: first?.protocol, proxyProtocol: first?.proxyProtocol });
  settings["backend-tls"] = parts(first?.tls);
  const prefix = entry.match.path.kind === "prefix" && filters.some(usesPrefix) ? entry.match.path.value : "";
  const visible = [
    textOfListener(decision.listener),
    ...filters.filter((filter) => !isUnseen(filter)).map((filter) => textOfFilter(filter, side)),
    ...rule.backends.map((backend) => backend.filters.map(({ filter }) => textOfFilter(filter, side)).join(" ")),
    rule.backends.some(({ weight, target }) => weight > 0 && target.kind === "cluster") ? "asks" : "answers",
    rule.routeKind === "GRPCRoute" ? "grpc" : "http",
    decision.virtualHost.paths ?? "normal",
    prefix,
  ].join("\n");
  return { settings, visible, answersItself: filters.some(answersAll) };
}

const noSettings = Object.fromEntries(settingKinds.map((kind) => [kind, []])) as unknown as Readonly<
  Record<SettingKind, readonly string[]>
>;

function answersAll({ kind }: Filter): boolean {
  return kind === "directResponse" || kind === "requestRedirect";
}

/** What asks for passwords, alike but for who has one: how it is asked for shows in answers. */
function passwordsOf(filter: Filter): readonly Filter[] {
  if (filter.kind === "anyOf") return filter.filters.flatMap(passwordsOf);
  if (filter.kind !== "basicAuth") return [];
  return [{ ...filter, realm: "", tellsCharset: false, hidesCredentials: false, usernameHeader: undefined }];
}

function listenerSettings({ tls, settings: granted }: HttpListener): Partial<Record<SettingKind, readonly string[]>> {
  const body = granted.requestBodyBytes > 0 ? [`at most ${granted.requestBodyBytes} bytes (listener)`] : [];
  if (tls === undefined) return { "body-limit": body };
  const { mode: _mode, certificates: _certificates, clientValidation, ...options } = tls;
  return { "body-limit": body, "client-certificate": parts(clientValidation), "tls-options": parts(options) };
}

const listenerTexts = new WeakMap<HttpListener["settings"], string>();

/** What a listener does to every request. */
function textOfListener({ protocol, settings }: HttpListener): string {
  const known = listenerTexts.get(settings) ?? hashText(canonicalJson(settings));
  listenerTexts.set(settings, known);
  return `${protocol} ${known}`;
}

function usesPrefix(filter: Filter): boolean {
  return (filter.kind === "urlRewrite" || filter.kind === "requestRedirect") && filter.path?.kind === "prefix";
}

/** Services with the share of requests that each gets, in order of names. */
function sharesOf(backends: readonly WeightedBackend[], side: Side): readonly string[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<string, number>();
  for (const { weight, target } of backends) {
    if (weight === 0) continue;
    const name = target.kind === "cluster" ? serviceOf(target.cluster, side) : `no backend (${target.status})`;
    shares.set(name, (shares.get(name) ?? 0) + weight);
  }
  return [...shares]
    .map(([name, weight]) => (shares.size === 1 ? name : `${name} ${Math.round((weight / total) * 1000) / 10} %`))
    .sort();
}

function serviceOf(key: ClusterKey, { routing }: Side): string {
  const cluster = routing.clusters[key];
  return cluster ? `${cluster.namespace}/${cluster.name}:${cluster.port}` : key;
}

/** A Secret by what is in it: its name is of no matter. */
function contentOf(key: SecretKey, { secrets }: Side): string {
  const material = secrets.get(key);
  return material?.kind === "opaque" ? `secret ${hashText(material.bytesBase64)}` : `secret ${key}`;
}

/** Of filters that name neither clusters nor Secrets: these say the same on either side. */
const plainFilterTexts = new WeakMap<Filter, string>();

/** The filter with Services and contents in place of the clusters and Secrets that it names. */
function textOfFilter(filter: Filter, side: Side): string {
  const known = plainFilterTexts.get(filter);
  if (known !== undefined) return known;
  const { clusters, secrets } = referencesOf(filter);
  const names = new Map([
    ...clusters.map((key) => [key, serviceOf(key, side)] as const),
    ...secrets.map((key) => [key, contentOf(key, side)] as const),
  ]);
  if (names.size === 0) {
    const text = inOrder(JSON.stringify(filter));
    plainFilterTexts.set(filter, text);
    return text;
  }
  return inOrder(
    JSON.stringify(filter, (_name, value) => (typeof value === "string" ? (names.get(value) ?? value) : value)),
  );
}

/** Filters of many rules are the same: what has been put in order is kept. */
const ordered = new Map<string, string>();
const mostOrdered = 10_000;

/** JSON with the members of objects in order. */
function inOrder(json: string): string {
  const known = ordered.get(json);
  if (known !== undefined) return known;
  if (ordered.size >= mostOrdered) ordered.clear();
  const text = canonicalJson(JSON.parse(json));
  ordered.set(json, text);
  return text;
}

/** In words, which tell of all that counts, and nothing of names. */
function inWords(filter: Filter, side: Side): string {
  if (filter.kind === "requestMirror" && filter.cluster !== undefined)
    return describeFilter({ ...filter, cluster: serviceOf(filter.cluster, side) });
  return describeFilter(filter);
}

/** Plain data as `name value` for each of its values, inner names behind outer ones. */
function parts(value: unknown, name = ""): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object" || (Array.isArray(value) && value.length === 0))
    return [`${name} ${typeof value === "object" ? "none" : String(value)}`.trim()];
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([inner, member]) => parts(member, name === "" ? inner : `${name}.${inner}`));
}
