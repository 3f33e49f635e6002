import type { Finding } from "../../finding/finding.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import { compareText } from "../order/by-name.ts";
import { SortedList } from "../order/sorted-list.ts";
import { chooseFinding, compareFindings, findingKey } from "./finding-order.ts";

/** What one part of a compilation has to say. */
export type Report = { readonly status: readonly ObjectStatus[]; readonly findings: readonly Finding[] };

/** All statuses and findings in their order, brought up to date by the reports that change. */
export class ReportTable {
  readonly #statuses = new SortedList<ObjectStatus>(compareStatus);
  readonly #findings = new SortedList<Finding>(compareFindings);
  /** What is said once although it was found several times. */
  readonly #same = new Map<string, Finding[]>();
  #removed: Report[] = [];
  #added: Report[] = [];

  /** Takes `after` in place of `before`. */
  replace(before: Report | undefined, after: Report | undefined): void {
    if (before === after) return;
    if (before) this.#removed.push(before);
    if (after) this.#added.push(after);
  }

  /** What there is to say now; both lists are the same arrays for as long as nothing of them changes. */
  flush(): Report {
    const [removed, added] = [this.#removed, this.#added];
    this.#removed = [];
    this.#added = [];
    this.#statuses.patch(
      removed.flatMap(({ status }) => status),
      added.flatMap(({ status }) => status),
    );
    this.#patchFindings(
      removed.flatMap(({ findings }) => findings),
      added.flatMap(({ findings }) => findings),
    );
    return { status: this.#statuses.items, findings: this.#findings.items };
  }

  #patchFindings(removed: readonly Finding[], added: readonly Finding[]): void {
    const shown = new Map<string, Finding | undefined>();
    const sameAs = (finding: Finding): Finding[] => {
      const key = findingKey(finding);
      const same = this.#same.get(key) ?? [];
      if (!shown.has(key)) shown.set(key, chooseFinding(same));
      this.#same.set(key, same);
      return same;
    };
    for (const finding of removed) {
      const same = sameAs(finding);
      same.splice(same.indexOf(finding), 1);
    }
    for (const finding of added) sameAs(finding).push(finding);
    const out: Finding[] = [];
    const put: Finding[] = [];
    for (const [key, before] of shown) {
      const same = this.#same.get(key) ?? [];
      const after = chooseFinding(same);
      if (same.length === 0) this.#same.delete(key);
      if (before === after) continue;
      if (before) out.push(before);
      if (after) put.push(after);
    }
    this.#findings.patch(out, put);
  }
}

function compareStatus({ ref: a }: ObjectStatus, { ref: b }: ObjectStatus): number {
  return (
    compareText(a.kind, b.kind) ||
    compareText(a.namespace ?? "", b.namespace ?? "") ||
    compareText(a.name, b.name) ||
    compareText(a.group, b.group)
  );
}
