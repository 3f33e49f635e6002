import { type HostState, type Stage, type Step, steps, weightLadder } from "./stages.ts";

export type Advance = { readonly step: Step; readonly next: HostState } | { readonly problem: string };

export type AdvanceRequest = {
  readonly command: Step["command"];
  /** The stage that is asked for; `undefined`: the next. */
  readonly to: Stage | undefined;
  /** Per cent; `undefined`: the next of the ladder. */
  readonly weight: number | undefined;
  readonly nowMs: number;
};

/** Where a host that nobody has touched is. */
export function initialState(hostname: string): HostState {
  return { hostname, stage: "ingress", weight: 0, since: new Date(0).toISOString() };
}

/** The step that a command takes a host, and what it is then. Pure: nothing is done here. */
export function advance(state: HostState, { command, to, weight, nowMs }: AdvanceRequest): Advance {
  const step = steps.find(
    (each) => each.command === command && each.from.includes(state.stage) && (to === undefined || each.to === to),
  );
  if (step === undefined) return { problem: refusal(state, command, to) };
  const since = new Date(nowMs).toISOString();
  if (step.to !== "percentage")
    return { step, next: { hostname: state.hostname, stage: step.to, weight: weightOf(step.to), since } };
  const share = weight ?? nextShare(state);
  if (share === undefined)
    return {
      problem: `${state.hostname} gives the Gateway ${state.weight} % already. Run: sluice migrate cutover --host ${state.hostname}`,
    };
  return { step, next: { hostname: state.hostname, stage: "percentage", weight: share, since } };
}

/** The stage before, for `migrate rollback`; `to`: one further back. A share of requests goes back as a whole. */
export function retreat(
  state: HostState,
  to: Stage | undefined,
  nowMs: number,
): { readonly next: HostState } | { readonly problem: string } {
  if (state.stage === "ingress")
    return { problem: `${state.hostname} has not been moved: there is nothing to take back.` };
  if (state.stage === "cleanedUp")
    return {
      problem: `The Ingresses of ${state.hostname} are gone: apply them again from where you keep them, then run this with --force.`,
    };
  const target = to ?? before[state.stage];
  if (order(target) >= order(state.stage))
    return { problem: `${target} is not before ${state.stage}, where ${state.hostname} is.` };
  return {
    next: { hostname: state.hostname, stage: target, weight: weightOf(target), since: new Date(nowMs).toISOString() },
  };
}

/** Going back from the share or from the cut-over leads to where clients come to the Ingress controller again. */
const before: Readonly<Record<Exclude<Stage, "ingress" | "cleanedUp">, Stage>> = {
  sideBySide: "ingress",
  mirror: "sideBySide",
  percentage: "sideBySide",
  cutOver: "sideBySide",
};

const ranks: Readonly<Record<Stage, number>> = {
  ingress: 0,
  sideBySide: 1,
  mirror: 2,
  percentage: 3,
  cutOver: 4,
  cleanedUp: 5,
};

function order(stage: Stage): number {
  return ranks[stage];
}

function weightOf(stage: Stage): number {
  return stage === "cutOver" || stage === "cleanedUp" ? 100 : 0;
}

function nextShare({ stage, weight }: HostState): number | undefined {
  return stage === "percentage" ? weightLadder.find((share) => share > weight) : weightLadder[0];
}

function refusal({ hostname, stage }: HostState, command: Step["command"], to: Stage | undefined): string {
  const possible = steps.filter((each) => each.from.includes(stage));
  const asked = to === undefined ? `sluice migrate ${command}` : `--stage ${to}`;
  const offers = possible.map(
    (each) =>
      `sluice migrate ${each.command} --host ${hostname}${each.command === "apply" ? ` --stage ${each.to}` : ""}`,
  );
  return `${hostname} is in the stage ${stage}, from where ${asked} does not lead on. ${
    offers.length === 0 ? "There is nothing left to do." : `Possible: ${offers.join("; ")}`
  }`;
}
