/** Planned routes as objects: equal ones of several hosts as one, their filters and policies beside them. */
import { canonicalJson } from "../../base/canonical-json.ts";
import { sameJson } from "../../base/same-json.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Origin } from "./convert-feature.ts";
import { addressOf, httpSectionOf, type PlannedGateway, type WantedListener } from "./gateways.ts";
import type { Manifest } from "./manifest.ts";
import { carriedAnnotations, carriedLabels } from "./metadata.ts";
import { hostSlug, stemOf } from "./names.ts";
import { policyGroup } from "./options.ts";
import { joinSources, type PlannedRoute, type PlannedRule } from "./plan-routes.ts";
import { gatewayApi, type Workspace } from "./workspace.ts";

/** Spec: HTTPRouteSpec.rules and hostnames. */
const mostRules = 16;
const mostHostnames = 16;

/** A route of hosts that ask for the same. */
type HostsRoute = PlannedRoute & { readonly tls: readonly WantedListener[] };

export function writeRoutes(planned: readonly PlannedRoute[], defaults: JsonObject, workspace: Workspace): void {
  const routes = mergeHosts(planned);
  const counts = Map.groupBy(routes, familyOf);
  const filters = new RouteFilters(workspace);
  for (const route of routes) {
    route.gateway.routeNamespaces.add(route.ingress.metadata.namespace);
    const siblings = counts.get(familyOf(route))?.length ?? 1;
    const names = chunk(route.rules, mostRules).map((rules) =>
      writeRoute({ ...route, rules }, siblings, filters, workspace),
    );
    if (workspace.options.policies === "none") continue;
    writePolicies(route, names, defaults, workspace);
  }
}

/** Routes that differ in their hosts alone become one. A host's listener for TLS goes with it. */
function mergeHosts(planned: readonly PlannedRoute[]): readonly HostsRoute[] {
  const merged = new Map<string, HostsRoute>();
  for (const route of planned) {
    const { ingress, gateway, tls, hostnames, sources: _, ...same } = route;
    const { namespace, name } = ingress.metadata;
    const key = canonicalJson([
      namespace,
      name,
      gateway.namespace,
      gateway.name,
      hostnames.length > 0,
      tls.length > 0,
      hostnames.some((hostname) => gateway.namedHosts.has(hostname)),
      same,
    ]);
    const known = merged.get(key);
    if (known && known.hostnames.length + hostnames.length <= mostHostnames) {
      merged.set(key, {
        ...known,
        hostnames: [...known.hostnames, ...hostnames],
        tls: [...new Set([...known.tls, ...tls])],
        sources: joinSources([known, route]),
      });
    } else {
      if (known) merged.set(`${key} ${known.hostnames.join()}`, known);
      merged.set(key, route);
    }
  }
  return [...merged.values()];
}

/** Routes whose names differ only by their hosts. */
function familyOf({ ingress, purpose }: PlannedRoute): string {
  return `${ingress.metadata.namespace}/${ingress.metadata.name} ${purpose}`;
}

function chunk<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  if (list.length <= size) return [list];
  return [list.slice(0, size), ...chunk(list.slice(size), size)];
}

function nameOf({ ingress, hostnames, purpose }: PlannedRoute, siblings: number): string {
  const stem = stemOf(ingress.metadata.name);
  const host = siblings > 1 ? `-${hostSlug(hostnames[0] ?? "")}` : "";
  return `${stem}${host}-${purpose === "" ? "route" : purpose}`;
}

function writeRoute(route: HostsRoute, siblings: number, filters: RouteFilters, workspace: Workspace): string {
  const { ingress, kind, hostnames, rules } = route;
  const spec = {
    parentRefs: parentRefs(route),
    ...(hostnames.length === 0 ? {} : { hostnames }),
    rules: rules.map((rule) => renderRule(rule, ingress, filters)),
  };
  return workspace.add({
    apiVersion: `${gatewayApi}/v1`,
    kind,
    metadata: {
      name: nameOf(route, siblings),
      namespace: ingress.metadata.namespace,
      labels: carriedLabels(ingress),
      annotations: carriedAnnotations(ingress),
    },
    content: { spec },
    comments: [...workspace.origins([{ ingress, annotations: [] }, ...route.sources.rule]), ...purposeComments(route)],
    app: ingress.metadata.name,
  });
}

function purposeComments({ purpose, on }: PlannedRoute): readonly string[] {
  if (purpose === "https-redirect") return ["Sends clients that come with http to https."];
  if (purpose === "www-redirect") return ["Sends clients to the name with or without www."];
  if (on === "https") return ["Clients that come with http are sent to https by a route of its own."];
  return [];
}

function parentRefs({ gateway, ingress, on, tls, hostnames }: HostsRoute): readonly JsonObject[] {
  const own = ingress.metadata.namespace;
  const parent = (namespace: string) => (namespace === own ? {} : { namespace });
  const addresses = tls.map((wanted) => addressOf(gateway, wanted));
  const whole = { name: gateway.name, ...parent(gateway.namespace) };
  const httpSections = new Set(
    hostnames.length === 0 ? ["http"] : hostnames.map((name) => httpSectionOf(gateway, name)),
  );
  const http = [...httpSections].map((sectionName) => ({ ...whole, sectionName }));
  const sections = addresses.map(({ kind, namespace, name, section }) => ({
    ...(kind === "Gateway" ? {} : { group: gatewayApi, kind }),
    name,
    ...parent(namespace),
    sectionName: section,
  }));
  if (on === "http") return http;
  if (on === "https") return sections;
  const named = hostnames.length === 0 || hostnames.some((name) => gateway.namedHosts.has(name));
  if (named || addresses.some(({ kind }) => kind !== "Gateway")) return [...http, ...sections];
  return [whole];
}

function renderRule(rule: PlannedRule, ingress: Resource<"Ingress">, filters: RouteFilters): JsonObject {
  const { name, matches, backendRefs, fields } = rule;
  const own = [...rule.filters, ...filters.reference(rule.routeFilter, ingress)];
  return {
    name,
    ...(matches.length === 0 ? {} : { matches }),
    ...(own.length === 0 ? {} : { filters: own }),
    ...(backendRefs === undefined ? {} : { backendRefs }),
    ...fields,
  };
}

/** HTTPRouteFilters, each once for all rules of an Ingress that refer to it. */
class RouteFilters {
  readonly #workspace: Workspace;
  readonly #names = new Map<string, string>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  reference(fields: JsonObject, ingress: Resource<"Ingress">): readonly JsonObject[] {
    if (Object.keys(fields).length === 0) return [];
    const group = policyGroup[this.#workspace.options.policies];
    const { namespace, name: from } = ingress.metadata;
    const key = canonicalJson([namespace, from, fields]);
    const name = this.#names.get(key) ?? this.#workspace.add(this.#manifest(fields, ingress, group));
    this.#names.set(key, name);
    return [{ type: "ExtensionRef", extensionRef: { group, kind: "HTTPRouteFilter", name } }];
  }

  #manifest(fields: JsonObject, ingress: Resource<"Ingress">, group: string): Manifest {
    const [field = "filter", ...others] = Object.keys(fields);
    const { namespace, name } = ingress.metadata;
    const purpose = others.length > 0 ? "filter" : (filterPurposes[field] ?? "filter");
    return {
      apiVersion: `${group}/v1alpha1`,
      kind: "HTTPRouteFilter",
      metadata: { name: `${stemOf(name)}-${purpose}`, namespace, labels: carriedLabels(ingress), annotations: {} },
      content: { spec: fields },
      comments: [this.#workspace.origin({ ingress, annotations: [] })],
      app: ingress.metadata.name,
    };
  }
}

const filterPurposes: Readonly<Record<string, string>> = {
  urlRewrite: "rewrite",
  directResponse: "answer",
  headerMutation: "headers",
  responseRewrite: "answers",
  credentialInjection: "credential",
  matches: "cookies",
};

function writePolicies(route: HostsRoute, names: readonly string[], defaults: JsonObject, workspace: Workspace): void {
  const { ingress, kind, securityPolicy, trafficPolicy, sources, purpose } = route;
  if (purpose !== "") return;
  const targetRefs = names.map((name) => ({ group: gatewayApi, kind, name }));
  const write = (policy: string, fields: JsonObject, origins: readonly Origin[]) =>
    workspace.add({
      apiVersion: `${policyGroup[workspace.options.policies]}/v1alpha1`,
      kind: policy,
      metadata: {
        name: names[0] ?? "",
        namespace: ingress.metadata.namespace,
        labels: carriedLabels(ingress),
        annotations: {},
      },
      content: { spec: { targetRefs, ...fields } },
      comments: workspace.origins([{ ingress, annotations: [] }, ...origins]),
      app: ingress.metadata.name,
    });
  if (Object.keys(securityPolicy).length > 0) write("SecurityPolicy", securityPolicy, sources.securityPolicy);
  const own = overDefaults(trafficPolicy, defaults);
  if (own !== undefined) write("BackendTrafficPolicy", own, sources.trafficPolicy);
}

/**
 * What a route's policy must say beside that of its Gateway, which it is merged over; `undefined`: nothing. A route that goes without
 * something that the Gateway has says all by itself.
 */
function overDefaults(fields: JsonObject, defaults: JsonObject): JsonObject | undefined {
  if (sameJson(fields, defaults)) return undefined;
  if (Object.keys(defaults).length === 0 || !covers(fields, defaults))
    return Object.keys(fields).length === 0 ? {} : fields;
  const own = Object.entries(fields).filter(([key, value]) => !sameJson(value, defaults[key]));
  return { mergeType: "StrategicMerge", ...Object.fromEntries(own) };
}

/** Whether every member that one has, at any depth, the other has, too. Lists are members as they are. */
function covers(fields: JsonObject, defaults: JsonObject): boolean {
  return Object.entries(defaults).every(([key, value]) => {
    const own = fields[key];
    if (own === undefined) return false;
    const nested = typeof value === "object" && value !== null && !Array.isArray(value);
    return !nested || (typeof own === "object" && own !== null && covers(own as JsonObject, value as JsonObject));
  });
}

/** Policies of what holds for every Ingress that says nothing else. */
export function writeDefaults(gateways: readonly PlannedGateway[], defaults: JsonObject, workspace: Workspace): void {
  if (Object.keys(defaults).length === 0 || workspace.options.policies === "none") return;
  for (const { namespace, name } of gateways) {
    workspace.add({
      apiVersion: `${policyGroup[workspace.options.policies]}/v1alpha1`,
      kind: "BackendTrafficPolicy",
      metadata: { name, namespace, labels: {}, annotations: {} },
      content: { spec: { targetRefs: [{ group: gatewayApi, kind: "Gateway", name }], ...defaults } },
      app: undefined,
      comments: ["What ingress-nginx does unless an annotation says otherwise. Policies of routes are merged over it."],
    });
  }
}
