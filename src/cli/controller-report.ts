import type { Configuration } from "../control/control-state.ts";
import type { Finding } from "../finding/finding.ts";
import type { Role } from "../fleet/leadership.ts";
import type { Logger } from "../telemetry/log.ts";
import { countFindings, renderCounts, renderRef } from "./render/findings.ts";

/** Findings of one turn that are told one by one before the rest is only counted. */
const toldFindings = 20;

const roleWords: Readonly<Record<Role, string>> = {
  lead: "This replica leads: it writes statuses and creates data planes.",
  standBy: "Another Sluice in the cluster serves this controllerName; this one stands by.",
  follow: "Another replica leads; this one stands by.",
};

/** Tells in the log what a controller does: each turn, findings that are new, and who leads. */
export class ControllerReport {
  readonly #log: Logger;
  #known: ReadonlySet<string> = new Set();
  #serving = false;

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log;
  }

  /** A turn of the control loop ended. */
  turn({ generation, findings, result }: Configuration): void {
    const { gateways } = result.routing;
    const relevant = findings.filter(({ severity }) => severity !== "info");
    const summary = `Generation ${generation}: ${gateways.length} Gateways, ${renderCounts(countFindings(relevant))}.`;
    if (this.#serving) this.#log.debug(summary, { event: "configured", generation });
    else this.#log.info(summary, { event: "ready", generation });
    this.#serving = true;
    const known = new Set(relevant.map(identityOf));
    this.#tell(relevant.filter((finding) => !this.#known.has(identityOf(finding))));
    this.#known = known;
  }

  /** What this replica does has changed. */
  role(role: Role): void {
    this.#log.info(roleWords[role], { event: "leader", leads: role === "lead" });
  }

  #tell(findings: readonly Finding[]): void {
    for (const finding of findings.slice(0, toldFindings)) {
      const { severity, code, object, message, fix } = finding;
      const fields = { event: "finding", code, object: renderRef(object), fix };
      if (severity === "error") this.#log.error(message, fields);
      else this.#log.warn(message, fields);
    }
    const more = findings.length - toldFindings;
    if (more > 0) this.#log.warn(`and ${more} more findings; the admin endpoint lists them all.`, { event: "finding" });
  }
}

function identityOf({ code, object, pointer, message }: Finding): string {
  return `${code} ${object.kind} ${object.namespace ?? ""}/${object.name} ${pointer} ${message}`;
}
