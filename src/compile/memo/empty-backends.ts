import type { BackendKey, CompileContext } from "../contract.ts";
import { findEmptyBackend } from "../policy/find-empty-backend.ts";
import type { Report, ReportTable } from "../report/report-table.ts";
import { Cell } from "./cell.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";

type Used = { readonly cell: Cell<Report>; gateways: number; report: Report | undefined };

const silent: Report = { status: [], findings: [] };

/** The backends that some Gateway uses, and what is to be said of those without endpoints. */
export class EmptyBackends {
  readonly #reports: ReportTable;
  readonly #used = new Map<BackendKey, Used>();
  readonly #due = new Set<BackendKey>();
  #changed = false;

  constructor(reports: ReportTable) {
    this.#reports = reports;
  }

  /** What one Gateway has begun and ceased to use. */
  use({ came, gone }: { readonly came: readonly BackendKey[]; readonly gone: readonly BackendKey[] }): void {
    for (const key of came) {
      let used = this.#used.get(key);
      if (used === undefined) {
        used = { cell: new Cell(() => this.#due.add(key)), gateways: 0, report: undefined };
        this.#used.set(key, used);
        this.#due.add(key);
      }
      used.gateways++;
      this.#changed = true;
    }
    for (const key of gone) {
      const used = this.#used.get(key);
      if (used === undefined) continue;
      used.gateways--;
      this.#due.add(key);
      this.#changed = true;
    }
  }

  /** Says what is to be said now. Returns whether the use of any backend has changed since the last call. */
  update(context: CompileContext, tracked: TrackedSnapshot): boolean {
    for (const key of this.#due) {
      const used = this.#used.get(key);
      if (used === undefined) continue;
      const isUsed = used.gateways > 0;
      const report = isUsed ? used.cell.read(tracked, () => this.#find(context, key)) : undefined;
      this.#reports.replace(used.report, report);
      used.report = report;
      if (isUsed) continue;
      tracked.forget(used.cell);
      this.#used.delete(key);
    }
    this.#due.clear();
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  #find(context: CompileContext, key: BackendKey): Report {
    const findings = findEmptyBackend(context, key);
    return findings.length === 0 ? silent : { status: [], findings };
  }
}
