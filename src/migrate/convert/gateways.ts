/** Gateways and their listeners: which host is on which, what they are called, and ListenerSets where one Gateway cannot hold all. */
import type { IngressServer } from "../../ingress/ingress-model.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { type ConvertedServerPart, joinFields, type Origin, type SecretName } from "./convert-feature.ts";
import { hostSlug, slug } from "./names.ts";
import { type ConvertOptions, policyGroup } from "./options.ts";
import { gatewayApi, type Workspace } from "./workspace.ts";

/** Most listeners of a Gateway and of a ListenerSet. Spec: GatewaySpec.listeners. */
const mostListeners = 64;

/** A listener that some host asks for. */
export type WantedListener = {
  readonly hostname: string;
  readonly protocol: "HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP";
  readonly port: number;
  /** `undefined`: TLS is passed through, or there is none. */
  readonly certificate: SecretName | undefined;
  readonly client: ListenerClients;
  readonly comment: string;
};

/** What is asked of the clients of one listener alone: fields of a ClientTrafficPolicy. */
export type ListenerClients = Pick<ConvertedServerPart, "grants"> & {
  readonly fields: JsonObject;
  readonly origins: readonly Origin[];
};

export const nothingOfClients: ListenerClients = { fields: {}, grants: [], origins: [] };

/** Of the ClientTrafficPolicies of every Gateway. */
export type ClientPolicyFields = {
  readonly everywhere: JsonObject;
  /** On listeners with TLS alone. */
  readonly https: JsonObject;
};

export type PlannedGateway = {
  readonly namespace: string;
  readonly name: string;
  readonly listeners: Map<string, WantedListener>;
  /** Namespaces of the routes. */
  readonly routeNamespaces: Set<string>;
  readonly annotations: Record<string, string>;
  /** What hosts without a listener of their own for http ask of the clients of the one that they share. */
  readonly httpClients: ListenerClients[];
  /**
   * Hosts whose routes name their listeners: on any other one that has room for them, such as that of a wildcard, what is asked of
   * their clients would not count.
   */
  readonly namedHosts: Set<string>;
};

/** Names a listener of a Gateway or of a ListenerSet as routes and policies refer to it. */
export type ListenerAddress = {
  readonly kind: "Gateway" | "ListenerSet";
  readonly namespace: string;
  readonly name: string;
  readonly section: string;
};

export class GatewayPlan {
  readonly #options: ConvertOptions;
  readonly #gateways = new Map<string, PlannedGateway>();
  readonly #teamOf: (ingress: Resource<"Ingress">) => string | undefined;

  constructor(options: ConvertOptions, teamOf: (ingress: Resource<"Ingress">) => string | undefined) {
    this.#options = options;
    this.#teamOf = teamOf;
  }

  /** The Gateway of a host: a host has one address, so that its oldest Ingress decides for all. */
  of(server: Pick<IngressServer, "owner">): PlannedGateway {
    const { layout, gateway } = this.#options;
    const { owner } = server;
    if (layout === "namespace" && owner !== undefined) {
      const { namespace } = owner.metadata;
      return this.#gateway(namespace, `${namespace}-gateway`);
    }
    const team = layout === "team" && owner !== undefined ? this.#teamOf(owner) : undefined;
    return team === undefined
      ? this.#gateway(gateway.namespace, gateway.name)
      : this.#gateway(gateway.namespace, `${slug(team)}-gateway`);
  }

  /** The shared one, for what belongs to no host. */
  shared(): PlannedGateway {
    const { namespace, name } = this.#options.gateway;
    return this.#gateway(namespace, name);
  }

  get all(): readonly PlannedGateway[] {
    return [...this.#gateways.values()];
  }

  #gateway(namespace: string, name: string): PlannedGateway {
    const key = `${namespace}/${name}`;
    const known = this.#gateways.get(key);
    if (known) return known;
    const created: PlannedGateway = {
      namespace,
      name,
      listeners: new Map(),
      routeNamespaces: new Set(),
      annotations: {},
      httpClients: [],
      namedHosts: new Set(),
    };
    this.#gateways.set(key, created);
    return created;
  }
}

/** Name of a host's listener. */
export function listenerName({
  hostname,
  protocol,
  port,
}: Pick<WantedListener, "hostname" | "protocol" | "port">): string {
  if (protocol === "TCP" || protocol === "UDP") return `${protocol.toLowerCase()}-${port}`;
  const kind = protocol.toLowerCase();
  if (hostname === "") return kind;
  const name = `${kind}-${hostSlug(hostname)}`;
  return name.length <= 63 ? name : `${name.slice(0, 60).replace(/-$/, "")}-${hostname.length}`;
}

/** The listener of a host for http: its own, or the one that all others share. */
export function httpSectionOf({ listeners }: PlannedGateway, hostname: string): string {
  const own = listenerName({ hostname, protocol: "HTTP", port: 80 });
  return listeners.get(own)?.hostname === hostname ? own : "http";
}

/** Whether the listeners of hosts stand in ListenerSets: a Gateway has room for 64, that for http among them. */
function needsSets({ listeners }: PlannedGateway): boolean {
  return listeners.size + 1 > mostListeners;
}

/** Where a host's listener stands. All listeners of the Gateway must be planned by then. */
export function addressOf(gateway: PlannedGateway, wanted: WantedListener): ListenerAddress {
  const section = listenerName(wanted);
  const { certificate } = wanted;
  if (!needsSets(gateway) || certificate === undefined)
    return { kind: "Gateway", namespace: gateway.namespace, name: gateway.name, section };
  const set = listenerSets(gateway).find(({ listeners }) => listeners.some((each) => listenerName(each) === section));
  return { kind: "ListenerSet", namespace: certificate.namespace, name: set?.name ?? gateway.name, section };
}

type PlannedSet = { readonly namespace: string; readonly name: string; readonly listeners: readonly WantedListener[] };

const knownSets = new WeakMap<PlannedGateway, readonly PlannedSet[]>();

/** The listeners with certificates by the namespace of these, in portions that a ListenerSet has room for. */
function listenerSets(gateway: PlannedGateway): readonly PlannedSet[] {
  const known = knownSets.get(gateway);
  if (known) return known;
  const byNamespace = Map.groupBy(
    [...gateway.listeners.values()].filter(({ certificate }) => certificate !== undefined),
    ({ certificate }) => certificate?.namespace ?? "",
  );
  const sets = [...byNamespace].flatMap(([namespace, listeners]) =>
    Array.from({ length: Math.ceil(listeners.length / mostListeners) }, (_, index) => ({
      namespace,
      name: index === 0 ? `${namespace}-listeners` : `${namespace}-listeners-${index + 1}`,
      listeners: listeners.slice(index * mostListeners, (index + 1) * mostListeners),
    })),
  );
  knownSets.set(gateway, sets);
  return sets;
}

/** Gateways, ListenerSets and the policies of their listeners, once all hosts have said what they ask for. */
export function writeGateways(plan: GatewayPlan, clientPolicy: ClientPolicyFields, workspace: Workspace): void {
  for (const gateway of plan.all) {
    const sets = needsSets(gateway) ? listenerSets(gateway) : [];
    const inSets = new Set(sets.flatMap(({ listeners }) => listeners));
    const own = [...gateway.listeners.values()].filter((wanted) => !inSets.has(wanted));
    writeGateway(gateway, { own, sets }, workspace);
    for (const set of sets) writeListenerSet(set, gateway, workspace);
    if (workspace.options.policies !== "none") writeClientPolicies(gateway, clientPolicy, workspace);
  }
}

type GatewayParts = { readonly own: readonly WantedListener[]; readonly sets: readonly PlannedSet[] };

function writeGateway(gateway: PlannedGateway, { own, sets }: GatewayParts, workspace: Workspace): void {
  const { namespace, name } = gateway;
  const { gatewayClass } = workspace.options;
  const http = { name: "http", protocol: "HTTP", port: 80, allowedRoutes: allowedRoutes(gateway) };
  workspace.add({
    apiVersion: `${gatewayApi}/v1`,
    kind: "Gateway",
    metadata: { name, namespace, labels: {}, annotations: gateway.annotations },
    content: {
      spec: {
        gatewayClassName: gatewayClass,
        ...(sets.length === 0 ? {} : { allowedListeners: { namespaces: { from: "All" } } }),
        listeners: [http, ...own.map((wanted) => listenerOf(gateway, wanted, namespace, workspace))],
      },
    },
    app: undefined,
    comments: [
      "Receives what the Ingress controller received.",
      ...own.map((wanted) => `Listener ${listenerName(wanted)}: ${wanted.comment}.`),
    ],
  });
}

function writeListenerSet(set: PlannedSet, gateway: PlannedGateway, workspace: Workspace): void {
  workspace.add({
    apiVersion: `${gatewayApi}/v1`,
    kind: "ListenerSet",
    metadata: { name: set.name, namespace: set.namespace, labels: {}, annotations: {} },
    content: {
      spec: {
        parentRef: { name: gateway.name, namespace: gateway.namespace },
        listeners: set.listeners.map((wanted) => listenerOf(gateway, wanted, set.namespace, workspace)),
      },
    },
    app: undefined,
    comments: [
      `Hosts of namespace ${set.namespace}, because Gateway ${gateway.namespace}/${gateway.name} has room for ${mostListeners} listeners.`,
      ...set.listeners.map((wanted) => `Listener ${listenerName(wanted)}: ${wanted.comment}.`),
    ],
  });
}

function listenerOf(
  gateway: PlannedGateway,
  wanted: WantedListener,
  namespace: string,
  workspace: Workspace,
): JsonObject {
  const { hostname, protocol, port, certificate } = wanted;
  return {
    name: listenerName(wanted),
    ...(hostname === "" ? {} : { hostname }),
    protocol,
    port,
    ...(protocol === "TLS" ? { tls: { mode: "Passthrough" } } : {}),
    ...(certificate === undefined
      ? {}
      : { tls: { mode: "Terminate", certificateRefs: [certificateRef(certificate, gateway, namespace, workspace)] } }),
    allowedRoutes: allowedRoutes(gateway),
  };
}

function certificateRef(
  certificate: SecretName,
  gateway: PlannedGateway,
  namespace: string,
  workspace: Workspace,
): JsonObject {
  if (certificate.namespace === namespace) return { name: certificate.name };
  workspace.grant({
    from: { group: gatewayApi, kind: "Gateway", namespace: gateway.namespace },
    to: { group: "", kind: "Secret", ...certificate },
  });
  return { ...certificate };
}

/** A Gateway of one namespace takes its routes alone, as long as all of its hosts' Ingresses are there. */
function allowedRoutes({ namespace, routeNamespaces }: PlannedGateway): JsonObject {
  const same = [...routeNamespaces].every((each) => each === namespace);
  return { namespaces: { from: same && routeNamespaces.size > 0 ? "Same" : "All" } };
}

/** The policy of the whole Gateway; that of its listener for http, without what is for https alone; those of hosts. */
function writeClientPolicies(
  gateway: PlannedGateway,
  { everywhere, https }: ClientPolicyFields,
  workspace: Workspace,
): void {
  const target = { group: gatewayApi, kind: "Gateway", name: gateway.name };
  const base = joinFields(everywhere, https);
  const write = (
    at: { namespace: string; name: string },
    targetRef: JsonObject,
    fields: JsonObject,
    comments: readonly string[],
  ) =>
    void workspace.add({
      apiVersion: `${policyGroup[workspace.options.policies]}/v1alpha1`,
      kind: "ClientTrafficPolicy",
      metadata: { ...at, labels: {}, annotations: {} },
      content: { spec: { targetRefs: [targetRef], ...fields } },
      comments,
      app: undefined,
    });
  if (Object.keys(base).length > 0)
    write({ namespace: gateway.namespace, name: gateway.name }, target, base, [
      "How ingress-nginx treats clients, as its ConfigMap has it.",
    ]);
  const { httpClients } = gateway;
  if (Object.keys(https).length > 0 || httpClients.length > 0) {
    const http = { namespace: gateway.namespace, name: `${gateway.name}-http` };
    const fields = httpClients.reduce((joined, client) => joinFields(joined, client.fields), everywhere);
    write(http, { ...target, sectionName: "http" }, fields, [
      "The same, without what is for https alone.",
      ...workspace.origins(httpClients.flatMap(({ origins }) => origins)),
    ]);
  }
  for (const wanted of gateway.listeners.values()) {
    const { fields, grants, origins } = wanted.client;
    const shared = wanted.protocol === "HTTP" ? everywhere : base;
    if (Object.keys(fields).length === 0) continue;
    const { kind, namespace, name, section } = addressOf(gateway, wanted);
    for (const { from, to } of grants) workspace.grant({ from: { ...from, namespace }, to });
    const at = { namespace, name: section };
    const targetRef = { group: gatewayApi, kind, name, sectionName: section };
    write(at, targetRef, joinFields(shared, fields), workspace.origins(origins));
  }
}
