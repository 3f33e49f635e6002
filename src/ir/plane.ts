import type { EndpointTable } from "./endpoint-table.ts";
import type { GatewayKey, ListenerKey, RoutingModel } from "./routing-model.ts";
import type { SecretTable } from "./secret-table.ts";
import type { UpstreamReport } from "./upstream-report.ts";

/** All that a data plane is given; the tables change at different speeds but are handed over together. */
export type PlaneUpdate = {
  /** Counts the turns of the control loop; the plane's report names it. */
  readonly generation: number;
  readonly routing: RoutingModel;
  readonly endpoints: EndpointTable;
  readonly secrets: SecretTable;
};

/** What became of one listener. */
export type ListenerReport =
  | { readonly state: "programmed"; readonly address: string; readonly port: number }
  /** For example, the port is taken. */
  | {
      readonly state: "failed";
      readonly message: string;
      /** The system's error code, such as `EADDRINUSE`, when one was the reason. */
      readonly code?: string;
    };

/** What became of a listener at one proxy; `hash` is that of the listener as the proxy was given it. */
export type ConfirmedListener = ListenerReport & { readonly hash: string };

export type PlaneReport = {
  readonly generation: number;
  /** A listener without a row is pending: nothing has confirmed it yet. */
  readonly listeners: Readonly<Record<ListenerKey, ListenerReport>>;
  /** Addresses that clients can reach, by Gateway. */
  readonly addresses: Readonly<Record<GatewayKey, readonly string[]>>;
};

/** A data plane. The embedded proxy is one; Envoy over xDS will be another. */
export interface Plane {
  /** Builds everything aside, then swaps once; on failure of a listener the others still swap and the report says so. Never rejects for bad configuration. */
  apply(update: PlaneUpdate): Promise<PlaneReport>;
  /** Swaps the endpoint table alone. */
  updateEndpoints(endpoints: EndpointTable): void;
  /** What is in force now, for planes that go on confirming after `apply` has returned. */
  report?(): PlaneReport;
  /** How backends with a policy are doing now, for planes that ask them themselves. */
  upstreams?(): readonly UpstreamReport[];
  /** Calls `listener` whenever {@link report} has changed since it was last given. Returns what takes it off again. */
  subscribe?(listener: () => void): () => void;
  /** Stops accepting, lets requests in flight finish for at most `deadlineMs`, then closes. */
  drain(deadlineMs: number): Promise<void>;
}
