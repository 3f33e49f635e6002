import type { Resource } from "../../resource/kinds.ts";

/** How the gateway speaks with a backend: of a BackendTrafficPolicy, or of what a policy itself sends requests to. */
export type BackendSettings = Pick<
  Resource<"BackendTrafficPolicy">["spec"],
  "circuitBreaker" | "healthCheck" | "http2" | "loadBalancer" | "proxyProtocol" | "retry" | "tcpKeepalive" | "timeout"
>;
