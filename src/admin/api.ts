/** What the admin endpoint answers, as types: the contract with the CLI and the dashboard. All bodies are JSON but for `/metrics`, `/livez` and `/`. */
import type { Finding, ObjectRef } from "../finding/finding.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Explanation } from "../ir/explain.ts";
import type { ListenerReport } from "../ir/plane.ts";
import type { ListenerKey, RoutingModel } from "../ir/routing-model.ts";
import type { UpstreamReport } from "../ir/upstream-report.ts";

/** Every answer that is not 200, except `/readyz`. */
export type ErrorAnswer = {
  /** One sentence. */
  readonly error: string;
  /** What to ask instead. */
  readonly fix: string;
};

/** `/readyz`: 200 when `ready`, else 503. */
export type ReadyAnswer = {
  readonly ready: boolean;
  /** One sentence, also when ready. */
  readonly reason: string;
  readonly phase: "starting" | "serving" | "draining";
};

/** Which configuration an answer speaks about. */
export type Generation = {
  /** Number of the turn of the control loop that made it. */
  readonly generation: number;
};

/** One object and its status, in the API's own shape. */
export type StatusObject = ObjectRef & {
  readonly observedGeneration: number;
  /** What the API server would hold for the object. */
  readonly status: Readonly<Record<string, unknown>>;
};

/** `/status?kind=&namespace=&name=` */
export type StatusAnswer = Generation & { readonly objects: readonly StatusObject[] };

/** `/findings?severity=&kind=&namespace=` */
export type FindingsAnswer = Generation & { readonly findings: readonly Finding[] };

/** `/config`: header and parameter values that look like credentials are replaced. */
export type ConfigAnswer = Generation & {
  readonly routing: RoutingModel;
  readonly endpoints: EndpointTable;
  /** Names of the secrets in use; never their content. */
  readonly secrets: readonly string[];
  readonly listeners: Readonly<Record<ListenerKey, ListenerReport>>;
};

/** One line of the effective routing table. */
export type RouteRow = {
  readonly gateway: string;
  readonly listener: string;
  readonly protocol: string;
  readonly port: number;
  /** `*` is any. */
  readonly hostname: string;
  readonly match: string;
  readonly route: string;
  readonly namespace: string;
  readonly backends: readonly { readonly backend: string; readonly weight: number; readonly percent: number }[];
  /** What is done to the request and its answer, in order. */
  readonly does: readonly string[];
};

/** `/routes?namespace=`, in the order in which requests are matched. */
export type RoutesAnswer = Generation & { readonly routes: readonly RouteRow[] };

/** `/upstreams?namespace=`: backends that a policy judges or limits, as this process sees them. */
export type UpstreamsAnswer = Generation & { readonly upstreams: readonly UpstreamReport[] };

/** `/explain?host=&path=&method=&header=name:value&port=&scheme=&sni=` */
export type ExplainAnswer = Generation & { readonly explanation: Explanation };
