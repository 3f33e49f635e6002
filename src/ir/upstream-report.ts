import type { ClusterKey } from "./cluster.ts";

/** How one endpoint of a backend with a policy is doing. */
export type EndpointReport = {
  /** `address:port`. */
  readonly address: string;
  /** `fit`: it gets requests. `unchecked`: no health check has ended yet. */
  readonly standing: "fit" | "unchecked" | "unhealthy" | "ejected";
  /** Why it is unhealthy or ejected; `""`: it is neither. */
  readonly reason: string;
  /** Until it comes back from an ejection; 0: it is not ejected. Milliseconds. */
  readonly returnsInMs: number;
  /** In flight. */
  readonly requests: number;
  readonly connections: number;
};

/** How a backend with a policy is doing, as one gateway process sees it. */
export type UpstreamReport = {
  readonly cluster: ClusterKey;
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Too few endpoints are fit, so all of them get requests. */
  readonly panicking: boolean;
  /** Limits of the circuit breaker that are reached, as its metrics name them. */
  readonly openLimits: readonly string[];
  /** Requests that wait for a connection. */
  readonly waiting: number;
  readonly endpoints: readonly EndpointReport[];
};
