import { type Clock, systemClock } from "../base/clock.ts";
import { sameJson } from "../base/same-json.ts";
import type { PlaneKeys } from "../config-stream/plane-keys.ts";
import type { PlaneSettings, PlaneState } from "../config-stream/protocol.ts";
import type { StreamServer } from "../config-stream/stream-server.ts";
import { type UpdatePart, UpdateSplitter } from "../config-stream/update-splitter.ts";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey } from "../ir/routing-model.ts";
import type { Logger } from "../telemetry/log.ts";
import { FleetView, type LateProxy } from "./fleet-view.ts";

export type RemotePlaneOptions = {
  readonly server: Pick<StreamServer, "publish" | "retain" | "proxies" | "subscribe" | "stopServing">;
  /** The data plane that serves a Gateway. Default: one of its own, of the same namespace and name. */
  readonly dataPlaneOf?: (gateway: GatewayKey) => DataPlaneKey;
  /** Addresses under which clients reach a Gateway. */
  readonly addresses: (gateway: GatewayKey) => readonly string[];
  /** Default: what the proxies' flags say. */
  readonly settings?: (dataPlane: DataPlaneKey) => PlaneSettings;
  /** Default: proxies make their own, so that sessions hold at one of them only. */
  readonly keys?: (dataPlane: DataPlaneKey, nowMs: number) => PlaneKeys;
  readonly log: Logger;
  readonly clock?: Clock;
};

/** How often keys are looked at, which change with time alone. */
const refreshMs = 30 * 60_000;

/** The data planes that are fed over the configuration stream, as one plane: what each is given, and the view of what they say. */
export class RemotePlane implements Plane {
  readonly #options: RemotePlaneOptions;
  readonly #clock: Clock;
  readonly #view: FleetView;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #splitter: UpdateSplitter;
  #parts: ReadonlyMap<DataPlaneKey, UpdatePart> = new Map();
  /** What was published last, with the part that it was made of. */
  #published: ReadonlyMap<DataPlaneKey, { readonly part: UpdatePart; readonly state: PlaneState }> = new Map();

  constructor(options: RemotePlaneOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#splitter = new UpdateSplitter(options.dataPlaneOf ?? ((gateway) => gateway));
    this.#view = new FleetView({
      members: () => options.server.proxies(),
      addresses: options.addresses,
      log: options.log,
      clock: this.#clock,
    });
    this.#unsubscribe = options.server.subscribe(() => this.#view.look());
    this.#timer = setInterval(() => this.refresh(), refreshMs);
    this.#timer.unref();
  }

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.#parts = this.#splitter.split(update);
    this.#publish();
    return this.#view.expect({ generation: update.generation, dataPlanes: this.#parts });
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.#parts = this.#splitter.withEndpoints(endpoints);
    this.#publish();
  }

  /** Asks anew for settings, keys and addresses: they have changed, or may have. */
  refresh(): void {
    this.#publish();
    this.#view.look();
  }

  report(): PlaneReport {
    return this.#view.report;
  }

  /** Proxies that are connected and have not confirmed a listener in time. */
  get late(): readonly LateProxy[] {
    return this.#view.late;
  }

  /** Calls `listener` when the report, or what is late, has changed. Returns what takes it off again. */
  subscribe(listener: () => void): () => void {
    return this.#view.subscribe(listener);
  }

  /** Ends the streams. The proxies go on serving: they are drained by whoever ends their pods. */
  async drain(): Promise<void> {
    this.#unsubscribe();
    clearInterval(this.#timer);
    this.#view[Symbol.dispose]();
    this.#options.server.stopServing();
  }

  #publish(): void {
    const { server, settings, keys } = this.#options;
    const nowMs = this.#clock.nowMs();
    const published = new Map<DataPlaneKey, { readonly part: UpdatePart; readonly state: PlaneState }>();
    for (const [dataPlane, part] of this.#parts) {
      const before = this.#published.get(dataPlane);
      const wanted = settings?.(dataPlane) ?? {};
      const given = keys?.(dataPlane, nowMs);
      const same =
        before?.part === part && sameJson(before.state.settings, wanted) && sameJson(before.state.keys, given);
      const state = same ? before.state : { ...part, settings: wanted, ...(given ? { keys: given } : {}) };
      published.set(dataPlane, { part, state });
      if (!same) server.publish(dataPlane, state);
    }
    this.#published = published;
    server.retain(new Set(this.#parts.keys()));
  }
}
