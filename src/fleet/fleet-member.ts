import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { ConfirmedListener } from "../ir/plane.ts";
import type { ListenerKey } from "../ir/routing-model.ts";

/** One proxy of a data plane that is connected, however it is fed, and what it says became of its listeners. */
export type FleetMember = {
  readonly dataPlane: DataPlaneKey;
  /** Its name, as it gives it. */
  readonly proxy: string;
  /** Since when it is connected, on the clock that never goes back. */
  readonly sinceMs: number;
  readonly listeners: Readonly<Record<ListenerKey, ConfirmedListener>>;
};
