import { sameJson } from "../../base/same-json.ts";
import type { Steps } from "../../base/steps.ts";
import type { DataPlane } from "../../infrastructure/data-plane.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { CompileContext } from "../contract.ts";
import { ingressDataPlane } from "../data-plane/ingress-data-plane.ts";
import { allListeners, type CompiledGateway } from "../gateway/gateway.ts";
import { findHostsBehindListeners, type NamedListener } from "../ingress/behind-listeners.ts";
import { type CompiledIngresses, serveIngresses } from "../ingress/serve-ingresses.ts";
import { isServable } from "../listener/listener.ts";
import { refOf } from "../report/report.ts";
import type { Report, ReportTable } from "../report/report-table.ts";
import { createSecretReader } from "../tls/snapshot-secrets.ts";
import { Cell } from "./cell.ts";
import type { ClusterTable } from "./cluster-table.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";

type Kept = CompiledIngresses & {
  readonly freshUntilMs: number;
  /** What has to run for them in a cluster. */
  readonly dataPlane: DataPlane | undefined;
};

/** The Ingresses of the class that is served: one part, made again when anything that it was made from changes. */
export class IngressState {
  readonly #cell = new Cell<Kept>();
  readonly #clusters: ClusterTable;
  readonly #reports: ReportTable;
  #kept: Kept | undefined;
  #held: ReadonlyMap<ClusterKey, Cluster> = new Map();
  #gateways: readonly CompiledGateway[] = [];
  #report: Report | undefined;

  constructor(clusters: ClusterTable, reports: ReportTable) {
    this.#clusters = clusters;
    this.#reports = reports;
  }

  /** What they come to now; their clusters and findings are in the tables. `gateways`: what may take requests before them. */
  *update(context: CompileContext, tracked: TrackedSnapshot, gateways: readonly CompiledGateway[]): Steps<Kept> {
    const before = this.#kept;
    const kept = yield* this.#cell.readInSteps(tracked, function* () {
      // Its own, so that it tells of the certificates of Ingresses alone when they are next to be looked at.
      const { nowMs } = context.options;
      const secrets = createSecretReader(tracked, { retained: tracked.retained, nowMs }, (ms) =>
        tracked.countsUntil(ms),
      );
      const made = yield* serveIngresses({ ...context, secrets }, before);
      const freshUntilMs = secrets.freshUntilMs();
      tracked.countsUntil(freshUntilMs);
      const dataPlane = made.gateway && ingressDataPlane(context, made.gateway);
      return { ...made, freshUntilMs, dataPlane };
    });
    if (kept === this.#kept && gateways === this.#gateways) return kept;
    this.#kept = kept;
    this.#gateways = gateways;
    if (kept.clusters !== this.#held) {
      this.#clusters.remove(this.#held);
      this.#clusters.add(kept.clusters);
      this.#held = kept.clusters;
    }
    const behind =
      kept.gateway === undefined
        ? []
        : findHostsBehindListeners(context, kept.gateway, gateways.flatMap(namedListeners));
    const report = { status: kept.status, findings: [...kept.findings, ...behind] };
    if (!sameJson(this.#report, report)) {
      this.#reports.replace(this.#report, report);
      this.#report = report;
    }
    return kept;
  }
}

function namedListeners(gateway: CompiledGateway): readonly NamedListener[] {
  if (!gateway.served) return [];
  return allListeners(gateway).flatMap((draft) => {
    const { hostname, protocol, spec, owner } = draft;
    if (hostname === "" || protocol === undefined || !isServable(draft)) return [];
    return [{ owner: refOf(owner), name: spec.name, port: spec.port, protocol, hostname }];
  });
}
