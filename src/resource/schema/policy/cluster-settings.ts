import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { optional } from "../optional.ts";
import { duration } from "../text.ts";
import { circuitBreaker } from "./circuit-breaker.ts";
import { healthCheck } from "./health-check.ts";
import { loadBalancer } from "./load-balancer.ts";
import { retry } from "./retry.ts";
import { byteSize } from "./sizes.ts";
import { http2, tcpKeepalive } from "./transport.ts";

const connection = z.object({
  bufferLimit: optional(byteSize, "Bytes that are held for a connection before its sender must wait."),
  socketBufferLimit: optional(byteSize, "Bytes of the socket's buffers."),
  preconnect: optional(
    z.object({
      perEndpointPercent: optional(
        z.int32().min(100).max(300),
        "Connections to hold open for each endpoint, in percent of those in use.",
      ),
      predictivePercent: optional(
        z.int32().min(100),
        "Connections to hold open for the backend, in percent of those in use.",
      ),
    }),
    "Opens connections before they are needed.",
  ),
});

const dns = z.object({
  dnsRefreshRate: optional(duration, "Time between lookups. Default: 30s."),
  respectDnsTtl: optional(z.boolean(), "Looks up again when the answer expires, instead. Default: true."),
  lookupFamily: optional(
    z.enum(["IPv4", "IPv6", "IPv4Preferred", "IPv6Preferred", "IPv4AndIPv6"]),
    "Families of addresses to look up.",
  ),
});

const timeout = z.object({
  tcp: optional(
    z.object({ connectTimeout: optional(duration, "Time to connect, TLS included. Default: 10s.") }),
    "Of connections.",
  ),
  http: optional(
    z.object({
      connectionIdleTimeout: optional(duration, "Time that a connection may have no request. Default: 1h."),
      maxConnectionDuration: optional(duration, "Age at which a connection gets no more requests. Default: no limit."),
      requestTimeout: optional(duration, "Time until the whole answer is there. 0s: no limit."),
      maxStreamDuration: optional(duration, "Longest time of a request and its answer, streams included."),
      streamIdleTimeout: optional(duration, "Time that nothing may come or go on a stream."),
    }),
    "Of requests.",
  ),
});

/** How the gateway speaks with a backend, whether a route's or one of its own. Spec: ClusterSettings. */
export const clusterSettings = {
  loadBalancer: optional(loadBalancer, "Choice of an endpoint. Default: least requests."),
  retry: optional(retry, "Further attempts after a failure. Default: none."),
  proxyProtocol: optional(
    z.object({ version: z.enum(["V1", "V2"]).describe("Version of the header.") }),
    "Tells backends the client's address by the PROXY protocol.",
  ),
  tcpKeepalive: optional(tcpKeepalive, "Probes of connections to backends."),
  healthCheck: optional(healthCheck, "Which endpoints get requests."),
  circuitBreaker: optional(circuitBreaker, "Limits of what goes to a backend at a time."),
  timeout: optional(timeout, "How long things may take."),
  connection: optional(connection, "Connections to backends."),
  dns: optional(dns, "Lookup of backends' names."),
  http2: optional(http2, "HTTP/2 to backends."),
};

/** Spec: ClusterSettings, for what a policy itself sends requests to. */
export const backendSettings = z.object(clusterSettings);

export type BackendSettings = DeepReadonly<z.output<typeof backendSettings>>;
