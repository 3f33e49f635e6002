import { canonicalJson } from "../../base/canonical-json.ts";
import type { GatewayKey, GatewayModel } from "../../ir/routing-model.ts";
import type { Tracing } from "../../ir/tracing.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { PlaneContext } from "../plane-context.ts";
import { Sampler } from "./sampling.ts";
import { SpanExporter } from "./span-exporter.ts";

/** Tracing of one Gateway as requests meet it. */
export type TracingRuntime = {
  readonly tracing: Tracing;
  readonly sampler: Sampler;
  readonly exporter: SpanExporter;
};

type Row = TracingRuntime & { readonly text: string };

/** Tracing of all Gateways. Exporters and samplers outlive a change that does not concern them. */
export class TracingRegistry {
  #rows = new Map<GatewayKey, Row>();

  /** Takes over a new model; exporters of Gateways that no longer trace send what they have and end. */
  apply(gateways: readonly GatewayModel[], clusters: ReadonlyMap<string, ClusterRuntime>, context: PlaneContext): void {
    const rows = new Map<GatewayKey, Row>();
    for (const { key, name, namespace, tracing } of gateways) {
      if (tracing === undefined) continue;
      const known = this.#rows.get(key);
      const cluster = clusters.get(tracing.cluster);
      const exporter = known?.exporter ?? new SpanExporter(tracing, cluster, { name, namespace, context });
      exporter.update(tracing, cluster);
      const text = canonicalJson(tracing);
      rows.set(key, known?.text === text ? known : { tracing, text, exporter, sampler: new Sampler(tracing) });
    }
    for (const [key, row] of this.#rows) {
      if (!rows.has(key)) void row.exporter.close(context.limits.spanExportTimeoutMs);
    }
    this.#rows = rows;
  }

  get(gateway: GatewayKey): TracingRuntime | undefined {
    return this.#rows.get(gateway);
  }

  /** Sends what waits, for at most `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all([...this.#rows.values()].map(({ exporter }) => exporter.close(deadlineMs)));
    this.#rows = new Map();
  }
}
