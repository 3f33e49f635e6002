import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";

/** Where one filter's copies go. */
export type MirrorTarget = {
  readonly cluster: UpstreamCluster;
  readonly services: FilterServices;
  /** Copies by what became of them. */
  readonly counters: { readonly sent: Counter; readonly failed: Counter; readonly dropped: Counter };
  /** Copies that are not over. */
  inFlight: number;
};
