/**
 * How a setting of an Ingress becomes a part of the routing model. A serving feature is pure: its setting and the scope in, parts
 * out. The centre (`serve-location.ts`, `serve-host.ts`) puts the parts of all features together; no feature sees another's.
 */
import type { FindingName } from "../../finding/catalogue.ts";
import type { ControllerConfig } from "../../ingress/controller-config.ts";
import type { FindingText } from "../../ingress/feature.ts";
import type { IngressCanary, IngressLocation, IngressServer, ServiceBackend } from "../../ingress/ingress-model.ts";
import type { Cluster, ClusterKey, UpstreamTls } from "../../ir/cluster.ts";
import type { PlacedFilter } from "../../ir/filter.ts";
import type { HttpMatch } from "../../ir/match.ts";
import type { HttpRule } from "../../ir/routing-model.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { ListenerTls } from "../../ir/tls.ts";
import type { TrafficSettings } from "../../ir/traffic-settings.ts";
import type { OutsideHost } from "../backend/host-cluster.ts";
import type { CompileContext } from "../contract.ts";

/** The setting of one location: its filters, and what it asks of its rule and of the cluster of its backend. */
export type ServeFeature<Setting> = (setting: Setting, scope: ServeScope) => ServedPart;

/** The same for a setting of a whole host. */
export type ServeServerFeature<Setting> = (setting: Setting, scope: ServeServerScope) => ServedServerPart;

/**
 * When a filter acts on a request, in the order in which ingress-nginx acts; within a stage, in the order of the features' table.
 * Answers pass the filters in reverse.
 */
export const serveStages = [
  /** What sees requests as their clients sent them, and answers when all else has been done to them. */
  "outermost",
  /** Certificates of clients, which hosts ask for: before a request is looked at. */
  "certificate",
  /** Sizes that the head announces (413 comes before all else). */
  "size",
  /** Answers to CORS preflights, which ask neither for https nor for who the client is. */
  "preflight",
  /** app-root, the www redirect, fixed redirects, and what snippets answer. */
  "redirect",
  "httpsRedirect",
  "limit",
  /** Address lists, passwords, external authorisation. */
  "access",
  /** Copies of requests as their clients sent them, once they are let in. */
  "mirror",
  "rewrite",
  "requestHeaders",
  "requestBody",
  /** What is done to answers alone. */
  "answer",
] as const;
export type ServeStage = (typeof serveStages)[number];

export type StagedFilter = PlacedFilter & { readonly stage: ServeStage };

/** What a rule says beside its filters and backends. */
export type RulePart = Pick<
  HttpRule,
  "timeouts" | "retry" | "sessionPersistence" | "fallback" | "accessLog" | "backendCookie"
>;

/** What is said of a cluster; two uses of one Service that differ in any of it are two clusters. */
export type ClusterPart = Partial<Pick<Cluster, "httpVersion" | "protocol" | "proxyProtocol">> & {
  /** `undefined`: in the clear, or as other features say. */
  readonly tls?: UpstreamTls | undefined;
  /** `clusterIp`: the Service's own address rather than its endpoints. */
  readonly addresses?: "endpoints" | "clusterIp";
  readonly traffic?: Partial<TrafficSettings>;
};

/** Of what each feature says, the later one in the table wins member by member; `traffic` and `timeouts` are merged by theirs. */
export type ServedPart = {
  readonly filters: readonly StagedFilter[];
  readonly rule: { readonly timeouts?: Partial<HttpRule["timeouts"]> } & Partial<Omit<RulePart, "timeouts">>;
  readonly cluster: ClusterPart;
  /**
   * Requests that go elsewhere than the others of the location (canaries). They are tried in this order before the location's own
   * entry, with its path and all of its filters; one with an empty match takes the place of that entry's backends.
   */
  readonly variants: readonly ServedVariant[];
};

export type ServedVariant = {
  /** Made part of the keys of rules: unique in the location, without spaces; it lasts while other variants come and go. */
  readonly key: string;
  /** What a request must have beside the path of the location. */
  readonly match: Omit<HttpMatch, "path">;
  /** Backends by weight. `main`: the location's own; a canary's cluster is made with that canary's own settings. */
  readonly shares: readonly ServedShare[];
};

export type ServedShare = { readonly to: "main" | IngressCanary; readonly weight: number };

/** For features that have nothing to do for a setting. */
export const nothingServed: ServedPart = { filters: [], rule: {}, cluster: {}, variants: [] };

export type ServedServerPart = {
  /** For every location of the host. */
  readonly filters: readonly StagedFilter[];
  /** Tried before all locations of the host: each is answered by its filters. */
  readonly entries: readonly ServedEntry[];
  /** Other hosts, which no server has, whose requests the filters answer. */
  readonly hosts: readonly {
    readonly hostname: string;
    readonly key: string;
    readonly filters: readonly PlacedFilter[];
  }[];
  /** For the backends of every location of the host. */
  readonly cluster: ClusterPart;
  /** TLS between clients and the gateway; anything said gives the host a listener of its own. */
  readonly tls: Partial<Omit<Extract<ListenerTls, { readonly mode: "terminate" }>, "mode" | "certificates">>;
};

export type ServedEntry = {
  /** As that of a variant; unique in the host. */
  readonly key: string;
  readonly match: HttpMatch;
  readonly filters: readonly PlacedFilter[];
};

export const nothingServedOfServer: ServedServerPart = { filters: [], entries: [], hosts: [], cluster: {}, tls: {} };

/** What a feature serves its setting with. */
export type ServeServerScope = {
  readonly context: CompileContext;
  readonly controller: ControllerConfig;
  readonly server: IngressServer;
  /** Every server, to tell which hosts are taken. */
  readonly servers: readonly IngressServer[];
  /** Ports of the clear and of the TLS listener. */
  readonly ports: { readonly http: number; readonly https: number };
  /** Where an annotation of the owner is written; without one in it, the owner as a whole. */
  readonly at: (annotation: string) => SourceRef;
  /** The cluster of a Service; `undefined` when it cannot be had (told by a finding at `backend.from`). */
  readonly serviceCluster: (backend: ServiceBackend, part: ClusterPart) => ClusterKey | undefined;
  /** The cluster of a host that a URL names. With https it is verified only where `part.tls` says how. */
  readonly hostCluster: (host: OutsideHost, from: SourceRef, part: ClusterPart) => ClusterKey;
  /** A finding at the annotation. */
  readonly report: (name: FindingName, annotation: string, text: FindingText) => void;
  /** As `report`, and every request of the location (of the host) gets 503: what protects it cannot be had. */
  readonly deny: (name: FindingName, annotation: string, text: FindingText) => void;
};

export type ServeScope = ServeServerScope & { readonly location: IngressLocation };
