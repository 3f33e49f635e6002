import type { Finding } from "../../finding/finding.ts";
import type { AnnotationRow } from "../../ingress/annotation.ts";
import { findingAt, sourceAt } from "../../ingress/at-ingress.ts";
import type { FindingText } from "../../ingress/feature.ts";
import { locationFeatures, type ServerFeatureName, serverFeatures } from "../../ingress/features.ts";
import type { IngressModel, IngressServer } from "../../ingress/ingress-model.ts";
import { annotationPointer, annotationPrefix } from "../../ingress/read-feature.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { HttpEntry, HttpRule, VirtualHost } from "../../ir/routing-model.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { hostPattern } from "./host-pattern.ts";
import { clusterOfHost, clusterOfService } from "./ingress-cluster.ts";
import { healthAnswer } from "./own-answer.ts";
import type {
  ClusterPart,
  ServedServerPart,
  ServeScope,
  ServeServerFeature,
  ServeServerScope,
} from "./serve-feature.ts";
import { hostServers } from "./serve-features.ts";
import { mergeClusters, serveLocation } from "./serve-location.ts";

/** What is made on the way, for the whole class. */
export type IngressScope = {
  readonly context: CompileContext;
  readonly model: IngressModel;
  /** `IngressClass/name`. */
  readonly gateway: string;
  readonly from: SourceRef;
  readonly clusters: Map<ClusterKey, Cluster>;
  readonly findings: Finding[];
};

/** One host, as its virtual host, the hosts that go with it, and what it asks of TLS. */
export type ServedHost = {
  readonly virtualHost: VirtualHost;
  /** Hosts whose every request is answered by filters; a server of that name comes before them. */
  readonly others: readonly VirtualHost[];
  readonly rules: readonly HttpRule[];
  readonly tls: ServedServerPart["tls"];
};

/** Load balancers ask for it, under any host that no Ingress has. */
const healthPath = "/healthz";

/** Serves a server under one of its names. */
export function serveHost(scope: IngressScope, server: IngressServer): ServedHost {
  const hostname = hostPattern(server.hostname);
  const key = `Ingress/${server.hostname === "" ? "*" : server.hostname}`;
  let denied: string | undefined;
  const deny = (finding: Finding): void => {
    denied ??= finding.message;
  };
  const parts = (Object.keys(hostServers) as ServerFeatureName[]).map((name) => {
    // The table pairs each feature with its own setting, which an index cannot say.
    const serve = hostServers[name] as ServeServerFeature<unknown>;
    return serve(server.settings[name], serverScope(scope, server, server.settingOwners[name], deny));
  });
  const rules: HttpRule[] = [];
  const others: VirtualHost[] = [];
  const place = (own: Omit<HttpRule, "routeKind" | "labels" | "timeouts" | "backends">): void => {
    rules.push({
      ...own,
      routeKind: "Ingress",
      labels: {},
      timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
      backends: [],
    });
  };
  const ownerRef = server.owner === undefined ? scope.from : sourceAt(server.owner, "");
  const common = { from: ownerRef, namespace: ownerRef.namespace, name: ownerRef.name, ruleIndex: 0 };
  const entries: HttpEntry[] = [];
  if (server.hostname === "" && !server.locations.some(({ path }) => path === healthPath)) {
    const rule = `${key}#health`;
    place({
      ...common,
      key: rule,
      ruleName: healthPath,
      filters: [healthAnswer(scope.from)],
    });
    entries.push({
      match: { path: { kind: "prefix", value: healthPath }, headers: [], query: [] },
      rule,
      matchIndex: 0,
    });
  }
  if (denied === undefined) {
    for (const one of parts.flatMap((part) => part.entries)) {
      const rule = `${key}#${one.key}`;
      place({ ...common, key: rule, ruleName: `${server.hostname} ${one.key}`, filters: one.filters });
      entries.push({ match: one.match, rule, matchIndex: 0 });
    }
    for (const host of parts.flatMap((part) => part.hosts)) {
      const rule = `Ingress/${host.hostname}#${host.key}`;
      place({ ...common, key: rule, ruleName: `${host.hostname} ${host.key}`, filters: host.filters });
      const match = { path: { kind: "prefix" as const, value: "/" }, headers: [], query: [] };
      others.push({ hostname: host.hostname, paths: "decoded", entries: [{ match, rule, matchIndex: 0 }] });
    }
  }
  const host = {
    key,
    filters: parts.flatMap(({ filters }) => filters),
    cluster: parts.map(({ cluster }) => cluster).reduce<ClusterPart>(mergeClusters, {}),
    denied,
    from: scope.from,
  };
  for (const location of server.locations) {
    let locationDenied: string | undefined;
    const owner = location.owner?.resource;
    const own: ServeScope = {
      ...serverScope(scope, server, owner, (finding) => {
        locationDenied ??= finding.message;
      }),
      location,
    };
    const served = serveLocation(own, host, {
      denied: () => locationDenied,
      reportPath: (name, text) => {
        if (location.owner === undefined) return;
        const { resource, from } = location.owner;
        scope.findings.push(findingAt(name, { ingress: resource, pointer: `${from.pointer}/path` }, text));
      },
    });
    entries.push(...served.entries);
    rules.push(...served.rules);
  }
  return {
    virtualHost: { hostname, paths: "decoded", entries },
    others,
    rules: uniqueRules(rules),
    tls: Object.assign({}, ...parts.map(({ tls }) => tls)),
  };
}

/** A path that is an exact match and a beginning is one rule with two entries. */
function uniqueRules(rules: readonly HttpRule[]): readonly HttpRule[] {
  return [...new Map(rules.map((rule) => [rule.key, rule])).values()];
}

function serverScope(
  scope: IngressScope,
  server: IngressServer,
  owner: Resource<"Ingress"> | undefined,
  deny: (finding: Finding) => void,
): ServeServerScope {
  const { context, model, clusters, findings } = scope;
  const keep = (cluster: Cluster): ClusterKey => {
    clusters.set(cluster.key, cluster);
    return cluster.key;
  };
  const pointerOf = (annotation: string): string => annotationPointer(writtenName(owner, annotation));
  const say = (name: Parameters<typeof findingAt>[0], annotation: string, text: FindingText): Finding | undefined => {
    if (owner === undefined) return undefined;
    const finding = findingAt(name, { ingress: owner, pointer: pointerOf(annotation) }, text);
    findings.push(finding);
    return finding;
  };
  return {
    context,
    controller: model.controller,
    server,
    servers: model.servers,
    ports: context.options.ingress.ports,
    at: (annotation) => {
      if (owner === undefined) return scope.from;
      const written = writtenName(owner, annotation);
      return sourceAt(owner, annotationPrefix + written in owner.metadata.annotations ? pointerOf(annotation) : "");
    },
    serviceCluster: (backend, part) => {
      const made = clusterOfService(context, backend, part);
      if (made.problem !== undefined) {
        const ingress = context.snapshot.get("Ingress", backend.from.namespace, backend.from.name);
        if (ingress !== undefined && backend.from.kind === "Ingress")
          findings.push(findingAt("ingress-backend-missing", { ingress, pointer: backend.from.pointer }, made.problem));
      }
      return made.kind === "cluster" ? keep(made.cluster) : undefined;
    },
    hostCluster: (host, from, part) => keep(clusterOfHost(host, from, part)),
    report: (name, annotation, text) => void say(name, annotation, text),
    deny: (name, annotation, text) => {
      const finding = say(name, annotation, text);
      if (finding !== undefined) deny(finding);
    },
  };
}

const aliases: ReadonlyMap<string, readonly string[]> = new Map(
  [...Object.values(locationFeatures), ...Object.values(serverFeatures)].flatMap(({ annotations }) =>
    annotations.map((row: AnnotationRow) => [row.name, row.aliases] as const),
  ),
);

/** The name under which an annotation counts: an alias where there is nothing under its own. */
function writtenName(owner: Resource<"Ingress"> | undefined, name: string): string {
  const written = owner?.metadata.annotations ?? {};
  return [name, ...(aliases.get(name) ?? [])].find((each) => (written[annotationPrefix + each] ?? "") !== "") ?? name;
}
