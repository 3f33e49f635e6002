/**
 * The compiled routing model: plain JSON, resolved and in order of precedence. It knows neither Kubernetes nor Envoy.
 * A plane never sorts, never applies a default, never looks a name up elsewhere. `select.ts` is its meaning.
 */
import type { StreamAdmission } from "./authorization.ts";
import type { Cluster, ClusterKey } from "./cluster.ts";
import type { PlacedFilter } from "./filter.ts";
import type { ListenerSettings } from "./listener-settings.ts";
import type { HttpMatch } from "./match.ts";
import type { PolicyInForce } from "./policy.ts";
import type { SourceRef } from "./source-ref.ts";
import type { ListenerTls } from "./tls.ts";
import type { Tracing } from "./tracing.ts";
import type { RetryTriggers } from "./traffic/retry-triggers.ts";
import type { SessionPersistence } from "./traffic-settings.ts";

/** `namespace/name` of the Gateway; `IngressClass/name` for what serves the Ingresses of a class. */
export type GatewayKey = string;

/** `Gateway/namespace/name/listener`, `ListenerSet/namespace/name/listener` or `IngressClass/name/listener`. */
export type ListenerKey = string;

/**
 * `HTTPRoute/namespace/name/ruleIndex` (of an Ingress: its host and a place in it), followed by a space and the key of the listener where the rule is another there by a
 * policy of the listener's own: unique inside a gateway.
 */
export type RuleKey = string;

export type RoutingModel = {
  readonly gateways: readonly GatewayModel[];
  /** Every cluster that a rule names, by key, keys in order. */
  readonly clusters: Readonly<Record<ClusterKey, Cluster>>;
};

export type GatewayModel = {
  readonly key: GatewayKey;
  readonly namespace: string;
  readonly name: string;
  readonly from: SourceRef;
  readonly labels: Readonly<Record<string, string>>;
  /** Addresses that the Gateway asks for; empty: the plane chooses. */
  readonly addresses: readonly string[];
  /** Only listeners that are to be programmed. Ordered by port, then by precedence of conflict resolution. */
  readonly listeners: readonly Listener[];
  /** Rules by key, shared by the listeners that they are attached to. */
  readonly httpRules: Readonly<Record<RuleKey, HttpRule>>;
  /** Absent: no spans. */
  readonly tracing?: Tracing;
};

type ListenerCommon = {
  readonly key: ListenerKey;
  /** Listener name as users know it; metrics and logs use it. */
  readonly name: string;
  readonly from: SourceRef;
  readonly port: number;
  /** Lower case; `""` is any, `*.` + name is a wildcard. */
  readonly hostname: string;
  readonly settings: ListenerSettings;
  /** Of everything in this listener but its routes: when it is unchanged, the socket and its TLS set-up stay. */
  readonly hash: string;
  /** Policies of the listener as a whole, as those of a rule. Absent: none. */
  readonly policies?: readonly PolicyInForce[];
};

export type Listener = HttpListener | TlsListener | StreamListener;

/** HTTP and HTTPS. */
export type HttpListener = ListenerCommon & {
  readonly protocol: "HTTP" | "HTTPS";
  readonly tls?: ListenerTls & { readonly mode: "terminate" };
  /** Before routing, for every request of the listener. Spec: Listener.filters (GEP-5224). */
  readonly filters: readonly PlacedFilter[];
  /** Longest hostname first. A request tries each that covers its host, in order, until an entry matches. */
  readonly virtualHosts: readonly VirtualHost[];
};

/** TLS: routes by SNI, passed through or terminated to a byte stream. */
export type TlsListener = ListenerCommon & {
  readonly protocol: "TLS";
  readonly tls: ListenerTls;
  /** Longest hostname first; the first that covers the SNI wins. */
  readonly routes: readonly TlsEntry[];
};

/** TCP and UDP: at most one route serves (the oldest); the others are told so. */
export type StreamListener = ListenerCommon & {
  readonly protocol: "TCP" | "UDP";
  readonly rule: StreamRule | undefined;
};

export type TlsEntry = { readonly hostname: string; readonly rule: StreamRule };

export type VirtualHost = {
  /** Lower-case name, `?.` + name (one label), `*.` + name, or `*`. The intersection of listener and route hostnames. */
  readonly hostname: string;
  /** `decoded`: paths are compared with all of their escapes decoded, so that `%2F` separates elements. Absent: in their normal form. */
  readonly paths?: "decoded";
  /** In order of precedence: the first that matches serves. */
  readonly entries: readonly HttpEntry[];
};

/** One match of one rule, at its place in the order of precedence. */
export type HttpEntry = {
  readonly match: HttpMatch;
  readonly rule: RuleKey;
  /** Index in the rule's `matches`; 0 for the default match. */
  readonly matchIndex: number;
};

type RuleCommon = {
  readonly key: RuleKey;
  readonly from: SourceRef;
  readonly namespace: string;
  /** Route's name. */
  readonly name: string;
  readonly ruleIndex: number;
  /** `rules[].name`, `""` when the user gave none. */
  readonly ruleName: string;
  /** By kind; of one kind from the least specific to the most. Absent: none. */
  readonly policies?: readonly PolicyInForce[];
};

/** A rule of an HTTPRoute or GRPCRoute, or a location of an Ingress. */
export type HttpRule = RuleCommon & {
  readonly routeKind: "HTTPRoute" | "GRPCRoute" | "Ingress";
  /** Route labels, for tenant and environment in logs. */
  readonly labels: Readonly<Record<string, string>>;
  readonly filters: readonly PlacedFilter[];
  /** Weights as written. Empty, or all zero: 500 (HTTP), UNAVAILABLE (gRPC). */
  readonly backends: readonly WeightedBackend[];
  /** Where requests go whose backend, chosen by weight, is a cluster without endpoints that may get them. Absent: nowhere. */
  readonly fallback?: readonly WeightedBackend[];
  /** Absent: its requests have lines in the access log as others have. */
  readonly accessLog?: "off";
  readonly timeouts: {
    /** Whole request, from its first byte to the last of the answer. 0: no limit. Milliseconds. */
    readonly requestMs: number;
    /** One attempt at a backend. 0: no limit. Milliseconds. */
    readonly backendRequestMs: number;
    /**
     * When a plane may give up on what is silent: `bounded` as it sees fit; `unbounded` never, as the user sets the rule's time, or
     * says that there is none; a number after so many milliseconds.
     */
    readonly silence: "bounded" | "unbounded" | number;
    /**
     * When a plane may give up on an endpoint that does not take the rest of a request, milliseconds; the time that it waits for the
     * client does not count. Absent: as `silence`, whoever is waited for.
     */
    readonly sendSilenceMs?: number;
    /** Whole request, upgraded connections too. Absent: no limit. Milliseconds. */
    readonly maxStreamMs?: number;
  };
  readonly retry?: Retry;
  readonly sessionPersistence?: SessionPersistence;
  /**
   * Name of a cookie that keeps clients at their endpoints and names their backend, too, by its `keptAs` (`kept-backend.ts`): such
   * a client stays with that backend, whatever the weights are. Absent: weights alone decide.
   */
  readonly backendCookie?: string;
};

/** Spec: HTTPRouteRetry (GEP-1731). Connection errors are retried too when `attempts` is above 0. */
export type Retry = {
  /** Attempts after the first. */
  readonly attempts: number;
  readonly codes: readonly number[];
  readonly backoffMs: number;
  /** Absent: as HTTPRouteRetry says, whatever failed without an answer. */
  readonly triggers?: RetryTriggers;
};

export type StreamRule = RuleCommon & {
  /** `Ingress`: a host that passes TLS through. `ConfigMap`: a line of a table of streams. */
  readonly routeKind: "TLSRoute" | "TCPRoute" | "UDPRoute" | "Ingress" | "ConfigMap";
  /** Absent: all clients may have streams. Never on a UDPRoute. */
  readonly admission?: StreamAdmission;
  readonly backends: readonly WeightedBackend[];
};

export type WeightedBackend = {
  readonly from: SourceRef;
  readonly weight: number;
  /** Where the rule has a `backendCookie`. */
  readonly keptAs?: string;
  /** Of this backendRef alone, after the rule's own. Empty for stream rules. */
  readonly filters: readonly PlacedFilter[];
  readonly target:
    | { readonly kind: "cluster"; readonly cluster: ClusterKey }
    /** The reference cannot be honoured: this share of requests gets `status` (streams are closed). */
    | { readonly kind: "invalid"; readonly status: 500; readonly reason: string };
};
