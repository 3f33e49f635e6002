import type { Cidr } from "../base/cidr.ts";
import type { OwnRequests } from "../filter/contract/own-request.ts";
import type { SharedState } from "../filter/contract/shared-state.ts";
import type { WebRequests } from "../filter/contract/web-request.ts";
import type { BuildAnyFilter } from "../filter/proxy-filters.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { ForwardedTrust } from "../wire/forwarded.ts";
import type { HeadLimits } from "../wire/http1/message-head.ts";
import type { RequestLimits } from "../wire/http1/request-head.ts";
import type { ClientCertificateForwarding } from "./client-certificate.ts";
import type { ContentBudget } from "./content-budget.ts";
import type { Deadlines } from "./deadlines.ts";
import type { ProxyLimits } from "./limits.ts";
import type { RedisLinks } from "./redis/redis-links.ts";
import type { ToldHeaders } from "./told-headers.ts";
import type { TracingRegistry } from "./tracing/tracing-registry.ts";
import type { Descriptors } from "./transport/descriptors.ts";
import type { TicketKeys } from "./transport/ticket-keys.ts";
import type { EndpointRegistry } from "./upstream/endpoint-state.ts";
import type { Health } from "./upstream/health/health-registry.ts";

/** Where a request's tenant and environment (access log) come from: a request header, else a label of the route or Gateway. */
export type OwnerSource = {
  /** Lower case; `""`: none. */
  readonly header: string;
  readonly label: string;
};

/**
 * What every part of one plane shares; lives as long as the plane. What the settings of listeners say is that of a port where
 * the context is one of a port's, and the default elsewhere.
 */
export type PlaneContext = {
  readonly limits: ProxyLimits;
  readonly requestLimits: RequestLimits;
  readonly responseLimits: HeadLimits;
  readonly deadlines: Deadlines;
  /** Of all ports. */
  readonly contentBudget: ContentBudget;
  readonly telemetry: Telemetry;
  readonly registry: EndpointRegistry;
  readonly descriptors: Descriptors;
  /** Checks of endpoints, shared by all who ask for the same. */
  readonly health: Health;
  /** Where the gateway runs, as `topology.kubernetes.io/zone` has it; `""`: not known. */
  readonly zone: string;
  /** In [0, 1). */
  readonly random: () => number;
  /** Proxies in front that are believed. */
  readonly trust: ForwardedTrust;
  /** Proxies in front whose connections begin with a PROXY header; those of others must not. */
  readonly proxyProtocolFrom: readonly Cidr[];
  /** Whether those may leave it out. */
  readonly proxyProtocol: ListenerSettings["proxyProtocol"];
  /** What backends are told of clients; `undefined`: what they are told by default. */
  readonly told: ToldHeaders | undefined;
  /** 1 for each byte that names of request fields may have; others are dropped. `undefined`: all that HTTP allows. */
  readonly fieldNames: Uint8Array | undefined;
  /** What becomes of X-Request-Id. */
  readonly requestId: ListenerSettings["requestId"];
  readonly keepalive: ListenerSettings["keepalive"];
  readonly tenant: OwnerSource;
  readonly environment: OwnerSource;
  /** Port that clients use for a listener port. */
  readonly publicPort: (port: number) => number;
  /** Of all ports. */
  readonly ticketKeys: TicketKeys;
  /** What backends are told of client certificates. */
  readonly forwardClientCertificate: ClientCertificateForwarding;
  /** Seals what clients are given to bring back. */
  readonly signingKey: Buffer;
  /** Requests of the gateway's own. */
  readonly requests: OwnRequests;
  /** Connections to Redis servers that filters ask. */
  readonly redis: RedisLinks;
  /** State of filters that outlives a configuration. */
  readonly shared: SharedState;
  /** Requests to URLs outside the model. */
  readonly web: WebRequests;
  readonly buildFilter: BuildAnyFilter;
  readonly tracing: TracingRegistry;
  /** Of Sluice, for collectors of spans. */
  readonly version: string;
  /** Told of exceptions that never should happen. */
  readonly onBug: (error: unknown) => void;
};
