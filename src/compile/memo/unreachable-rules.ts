import type { GatewayModel, RuleKey } from "../../ir/routing-model.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { claimsOf, findUnreachableRules } from "../order/unreachable-rule.ts";
import type { Report, ReportTable } from "../report/report-table.ts";
import type { HostChange } from "./listener-routes.ts";

/** The unreachable rules of one Gateway, those looked at again that stand on a virtual host that has changed. */
export class UnreachableRules {
  readonly #reports: ReportTable;
  readonly #said = new Map<RuleKey, Report>();
  /** On how many virtual hosts another takes something of the rule. */
  readonly #shadowed = new Map<RuleKey, number>();

  constructor(reports: ReportTable) {
    this.#reports = reports;
  }

  update(changes: readonly HostChange[], model: GatewayModel, snapshot: Snapshot): void {
    for (const { before, after } of changes) {
      for (const rule of before ? claimsOf(before).shadowed : []) this.#count(rule, -1);
      for (const rule of after ? claimsOf(after).shadowed : []) this.#count(rule, 1);
    }
    const asked = new Set<RuleKey>();
    for (const { before, after } of changes) {
      for (const host of [before, after]) {
        if (host === undefined) continue;
        for (const rule of claimsOf(host).byRule.keys()) {
          if (this.#shadowed.has(rule) || this.#said.has(rule)) asked.add(rule);
        }
      }
    }
    const found = findUnreachableRules(model, snapshot, asked);
    for (const rule of asked) {
      const finding = found.get(rule);
      this.#say(rule, finding === undefined ? undefined : { status: [], findings: [finding] });
    }
  }

  /** Takes back everything that has been said. */
  clear(): void {
    for (const rule of [...this.#said.keys()]) this.#say(rule, undefined);
    this.#shadowed.clear();
  }

  #say(rule: RuleKey, report: Report | undefined): void {
    this.#reports.replace(this.#said.get(rule), report);
    if (report === undefined) this.#said.delete(rule);
    else this.#said.set(rule, report);
  }

  #count(rule: RuleKey, by: 1 | -1): void {
    const count = (this.#shadowed.get(rule) ?? 0) + by;
    if (count === 0) this.#shadowed.delete(rule);
    else this.#shadowed.set(rule, count);
  }
}
