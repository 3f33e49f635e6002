import type { SourceRef } from "./source-ref.ts";
import type { CaSource, SecretKey, TlsHandshakes } from "./tls.ts";
import type { TrafficSettings } from "./traffic-settings.ts";

/** Names a cluster: `namespace/name:port` plus whatever makes two uses of one Service port differ (protocol, TLS, policy). */
export type ClusterKey = string;

/** Names a row of the endpoint table: `namespace/name:port` of a Service (with `/udp` after it for UDP), of an XBackend or a Backend. */
export type EndpointsKey = string;

/** TLS from the gateway to the endpoints. Spec: BackendTLSPolicy, XBackend.tls, Gateway.spec.tls.backend. */
export type UpstreamTls = {
  /** Sent as SNI (`""`: none is) and, when `subjectAltNames` is empty, the name that the certificate must carry. */
  readonly hostname: string;
  readonly ca: readonly CaSource[];
  /** When not empty, the certificate must carry at least one of these and `hostname` is used for SNI alone. */
  readonly subjectAltNames: readonly { readonly kind: "dns" | "uri"; readonly value: string }[];
  readonly clientCertificate?: SecretKey;
  /**
   * `none`: whatever certificate the endpoint shows is taken. Absent: it must be for this backend; with `maxIntermediates`, no more
   * certificates than that may be between it and the one that vouches for it.
   */
  readonly verification?: "none" | { readonly maxIntermediates: number };
  /** `none`: no protocol is offered to endpoints that speak HTTP/1.1. Absent: HTTP/1.1 is. */
  readonly alpn?: "none";
  /** Absent: as usual. */
  readonly handshakes?: Partial<TlsHandshakes>;
};

/** One Service port (or XBackend) as the planes dial it: shared by every rule that names it in the same way. */
export type Cluster = {
  readonly key: ClusterKey;
  readonly from: SourceRef;
  /** For metrics and logs: name of the Service, XBackend or Backend. */
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly endpoints: EndpointsKey;
  /** Spoken to the endpoints. `http1` also for `ws`/`wss`. */
  readonly protocol: "http1" | "http2" | "tcp" | "udp";
  /** Of `http1`, for requests that are no upgrade and whose body has a length. Absent: HTTP/1.1, as for all others. */
  readonly httpVersion?: "1.0";
  /** Not used for listeners that pass TLS through: what they forward is TLS already. */
  readonly tls?: UpstreamTls;
  /** Streams begin with a PROXY header that names the client. Absent: they do not. */
  readonly proxyProtocol?: "v2";
  readonly traffic: TrafficSettings;
};
