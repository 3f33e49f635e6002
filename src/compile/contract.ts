/** The seams between the steps of `compile.ts`: what each is given and what it hands on. Types only. */
import type { Finding } from "../finding/finding.ts";
import type { DataPlane } from "../infrastructure/data-plane.ts";
import type { Cluster, ClusterKey } from "../ir/cluster.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { HttpMatch } from "../ir/match.ts";
import type { HttpRule, RoutingModel, StreamRule } from "../ir/routing-model.ts";
import type { SecretTable } from "../ir/secret-table.ts";
import type { SecretKey } from "../ir/tls.ts";
import type { Resource } from "../resource/kinds.ts";
import type { CompiledStatus } from "../status/condition.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { CompileOptions, RetainedSecrets } from "./compile-options.ts";
import type { SecretReader } from "./tls/secret-reader.ts";

export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute";
export type Route = { [K in RouteKind]: Resource<K> }[RouteKind];

export type CompileResult = {
  readonly routing: RoutingModel;
  readonly endpoints: EndpointTable;
  readonly secrets: SecretTable;
  /** For the next compilation's options. */
  readonly retained: RetainedSecrets;
  /** When time alone next changes the result: a certificate begins or ends. Milliseconds since the epoch; Infinity: never. */
  readonly freshUntilMs: number;
  /** What has to run in a cluster to serve the Gateways, ordered by key. Of no meaning where nothing is provisioned. */
  readonly dataPlanes: readonly DataPlane[];
  readonly status: CompiledStatus;
  /** Sorted by file and line, then object, then code. */
  readonly findings: readonly Finding[];
};

/** Given to every step. */
export type CompileContext = {
  readonly snapshot: Snapshot;
  readonly options: CompileOptions;
  /** Reads certificates and CA bundles and collects those that are used into the secret table. */
  readonly secrets: SecretReader;
};

/** `Service/namespace/name`, `XBackend/namespace/name` or `Backend/namespace/name`. */
export type BackendKey = string;

/** What a Gateway contributes to the compilation of the routes attached to it. */
export type GatewayContext = {
  readonly namespace: string;
  readonly name: string;
  /** `Gateway.spec.tls.backend.clientCertificateRef`, resolved. */
  readonly backendClientCertificate: SecretKey | undefined;
};

/** Where and how a score stands in the specification's order. Compared left to right, higher first; then age, name, rule, match. */
export type Score = readonly number[];

/** One match of one rule before it is put in order. */
export type ScoredEntry = {
  readonly match: HttpMatch;
  readonly rule: HttpRule;
  readonly matchIndex: number;
  readonly score: Score;
};

/**
 * A route compiled for one Gateway. Findings with a condition (`ResolvedRefs`, `Accepted`, `PartiallyInvalid`) become the route's
 * conditions for every parentRef to that Gateway.
 */
export type CompiledRoute = {
  readonly entries: readonly ScoredEntry[];
  /** One per rule, for TLS, TCP and UDP routes. */
  readonly streamRules: readonly StreamRule[];
  readonly clusters: ReadonlyMap<ClusterKey, Cluster>;
  /** Every backend that the route refers to, also those that do not resolve: the reach of policies follows from it. */
  readonly backends: ReadonlySet<BackendKey>;
  readonly findings: readonly Finding[];
};

/** A route's effective presence on one listener. */
export type Attachment = {
  readonly route: Route;
  readonly compiled: CompiledRoute;
  /** Intersections of listener and route hostnames; `["*"]` when neither restricts. */
  readonly hostnames: readonly string[];
};
