import type { ClusterKey } from "./cluster.ts";
import type { Fraction, HeaderValue } from "./filter.ts";
import type { SourceRef } from "./source-ref.ts";

/** Spans of a Gateway's requests, and where they are sent. Spec: XTelemetryPolicy.tracing. */
export type Tracing = {
  readonly from: SourceRef;
  /** Receives the spans as OTLP. */
  readonly cluster: ClusterKey;
  /** Of the requests that carry spans; may hold credentials, so that they are shown nowhere. Names are lower case. */
  readonly headers: readonly HeaderValue[];
  /** Share of the requests without a parent that is recorded; of all requests when `parentSampling` is absent. */
  readonly sampling: Fraction;
  /** The parent's decision holds, and this share of what it sampled is recorded. Absent: the parent's decision is ignored. */
  readonly parentSampling?: Fraction;
  readonly serviceName: string;
  /** `""`: method and path match of the route. */
  readonly spanName: string;
  readonly attributes: readonly TracingAttribute[];
};

/** Something that every span carries besides what every span has. */
export type TracingAttribute =
  /** Value of a request header; nothing when the request has none. `header` is lower case. */
  | { readonly kind: "header"; readonly name: string; readonly header: string }
  | { readonly kind: "literal"; readonly name: string; readonly value: string }
  /** Value of another attribute, by its OpenTelemetry name. */
  | { readonly kind: "attribute"; readonly name: string; readonly key: string };

/** Attributes that the span of a request may have, by their OpenTelemetry names. Spec: semantic conventions for HTTP spans. */
export const knownSpanAttributes = [
  "client.address",
  "error.type",
  "gateway.name",
  "gateway.route.name",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "network.protocol.name",
  "network.protocol.version",
  "rpc.grpc.status_code",
  "server.address",
  "server.port",
  "url.path",
  "url.scheme",
  "user_agent.original",
] as const;
