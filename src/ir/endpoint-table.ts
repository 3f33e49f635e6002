import type { EndpointsKey } from "./cluster.ts";

/** One address that serves. */
export type Endpoint = {
  /** IPv4, IPv6 without brackets, or (XBackend with an external hostname) a DNS name. */
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
  readonly nodeName?: string;
};

/**
 * Endpoints by Service port. Changes often and changes no routing, so planes take it in alone.
 * A key that the model names and the table lacks, or has with an empty list, answers 503.
 */
export type EndpointTable = Readonly<Record<EndpointsKey, readonly Endpoint[]>>;
