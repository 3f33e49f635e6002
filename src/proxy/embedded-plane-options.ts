import type { BuildAnyFilter } from "../filter/proxy-filters.ts";
import type { GatewayKey } from "../ir/routing-model.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { PlaneLimits } from "./limits.ts";
import type { OwnerSource } from "./plane-context.ts";
import type { DescriptorOptions } from "./transport/descriptors.ts";
import type { TicketKeys } from "./transport/ticket-keys.ts";
import type { GuardedNetwork } from "./upstream/address-guard.ts";

export type EmbeddedPlaneOptions = {
  readonly telemetry: Telemetry;
  /** Address to listen on. Default 127.0.0.1. */
  readonly bind?: string;
  /** Port to bind for a listener port; 0 binds any. Default: the same. */
  readonly mapPort?: (port: number) => number;
  /**
   * The port that clients use for a listener port, as redirects and X-Forwarded-Port show it: the listener's own when something
   * in front (a Service) leads from it to the bound port. Default `bound`.
   */
  readonly clientPort?: "listener" | "bound";
  /** An address of its own for a Gateway; `undefined`: `bind`. */
  readonly gatewayAddress?: (gateway: GatewayKey) => string | undefined;
  /**
   * Whether a Gateway that asks for addresses (`spec.addresses`) is bound to these instead. Not where something in front has
   * them, as a Service has. Default `ignored`.
   */
  readonly askedAddresses?: "bound" | "ignored";
  readonly limits?: Partial<PlaneLimits>;
  /** Kinds of addresses that endpoints may have although they lead to the gateway's own surroundings. Default: none. */
  readonly allowedUpstream?: readonly GuardedNetwork[];
  /** Defaults: the label `tenant`, and `environment`; no header. */
  readonly tenant?: OwnerSource;
  readonly environment?: OwnerSource;
  /** Of TLS session tickets. Default: keys of this plane's own, replaced every 12 hours. */
  readonly ticketKeys?: TicketKeys;
  /** Signs what session persistence gives to clients; the same on every gateway that serves them. Default: random. */
  readonly sessionKey?: Buffer;
  /** Of Sluice, for collectors of spans. Default `unknown`. */
  readonly version?: string;
  /** Of the process, which shares them with the plane. Default: without limit. */
  readonly descriptors?: DescriptorOptions;
  /** Builds filters. Default: those of the Gateway API. */
  readonly buildFilter?: BuildAnyFilter;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Where the gateway runs, as `topology.kubernetes.io/zone` has it. Default: not known. */
  readonly zone?: string;
  /** Told of what never should happen; one request failed with 500. Default: nobody. */
  readonly onBug?: (error: unknown) => void;
};

/** Options that can change while a plane serves. */
export type PlaneReconfiguration = Pick<EmbeddedPlaneOptions, "tenant" | "environment" | "sessionKey">;
