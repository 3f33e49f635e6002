import { sameJson } from "../../base/same-json.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { CompileContext } from "../contract.ts";
import { type CompiledIngresses, serveIngresses } from "../ingress/serve-ingresses.ts";
import type { Report, ReportTable } from "../report/report-table.ts";
import type { SnapshotSecrets } from "../tls/snapshot-secrets.ts";
import { Cell } from "./cell.ts";
import type { ClusterTable } from "./cluster-table.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";

type Kept = CompiledIngresses & { readonly freshUntilMs: number };

/** The Ingresses of the class that is served: one part, made again when anything that it was made from changes. */
export class IngressState {
  readonly #cell = new Cell<Kept>();
  readonly #clusters: ClusterTable;
  readonly #reports: ReportTable;
  #kept: Kept | undefined;
  #held: ReadonlyMap<ClusterKey, Cluster> = new Map();
  #report: Report | undefined;

  constructor(clusters: ClusterTable, reports: ReportTable) {
    this.#clusters = clusters;
    this.#reports = reports;
  }

  /** What they come to now; their clusters and findings are in the tables. */
  update(context: CompileContext, tracked: TrackedSnapshot, secrets: SnapshotSecrets): Kept {
    const kept = this.#cell.read(tracked, () => {
      const made = serveIngresses(context, this.#kept);
      const freshUntilMs = secrets.freshUntilMs();
      tracked.countsUntil(freshUntilMs);
      return { ...made, freshUntilMs };
    });
    if (kept === this.#kept) return kept;
    this.#kept = kept;
    this.#clusters.remove(this.#held);
    this.#clusters.add(kept.clusters);
    this.#held = kept.clusters;
    const report = { status: kept.status, findings: kept.findings };
    if (!sameJson(this.#report, report)) {
      this.#reports.replace(this.#report, report);
      this.#report = report;
    }
    return kept;
  }
}
