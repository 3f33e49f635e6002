import type { ControlState } from "../control/control-state.ts";
import type { ReadyAnswer } from "./api.ts";

/**
 * Whether traffic should be sent here: from the first configuration in force until the drain begins. Not ready either
 * while every listener failed; one that failed among others does not take the rest out of service.
 */
export function readiness({ phase, configuration, failure }: ControlState): ReadyAnswer {
  if (phase === "draining") return { ready: false, phase, reason: "The gateway is shutting down." };
  if (!configuration) {
    const reason = failure
      ? "The first configuration could not be applied; the log says why."
      : "The first configuration is not applied yet.";
    return { ready: false, phase, reason };
  }
  const reports = Object.values(configuration.report.listeners);
  const programmed = reports.filter(({ state }) => state === "programmed").length;
  if (reports.length > 0 && programmed === 0) {
    return {
      ready: false,
      phase,
      reason: `None of the ${reports.length} listeners could be opened; see /findings.`,
    };
  }
  const old = failure
    ? ` The last change could not be applied; generation ${configuration.generation} stays in use.`
    : "";
  return { ready: true, phase, reason: `${programmed} of ${reports.length} listeners serve.${old}` };
}
