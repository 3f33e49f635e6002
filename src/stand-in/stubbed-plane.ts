import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import type { UpstreamReport } from "../ir/upstream-report.ts";
import type { StubBackends } from "./stub-backends.ts";

/** A plane whose endpoint table has stand-ins where it would have nothing. Owns the stand-ins: draining closes them last. */
export class StubbedPlane implements Plane {
  readonly #plane: Plane;
  readonly #stubs: StubBackends;
  #routing: RoutingModel = { gateways: [], clusters: {} };
  #endpoints: EndpointTable = {};
  /** Counts changes, so that a slow one does not overwrite a newer. */
  #change = 0;

  constructor(plane: Plane, stubs: StubBackends) {
    this.#plane = plane;
    this.#stubs = stubs;
  }

  /** What the plane was given last. */
  get endpoints(): EndpointTable {
    return this.#endpoints;
  }

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.#change += 1;
    this.#routing = update.routing;
    const endpoints = await this.#stubs.fill(update.routing, update.endpoints);
    this.#endpoints = endpoints;
    return this.#plane.apply({ ...update, endpoints });
  }

  updateEndpoints(endpoints: EndpointTable): void {
    const change = ++this.#change;
    void this.#stubs.fill(this.#routing, endpoints).then((filled) => {
      if (change !== this.#change) return;
      this.#endpoints = filled;
      this.#plane.updateEndpoints(filled);
    });
  }

  upstreams(): readonly UpstreamReport[] {
    return this.#plane.upstreams?.() ?? [];
  }

  async drain(deadlineMs: number): Promise<void> {
    await this.#plane.drain(deadlineMs);
    await this.#stubs[Symbol.asyncDispose]();
  }
}
