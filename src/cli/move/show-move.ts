import { advance } from "../../migrate/move/advance.ts";
import { type CheckResult, judgeChecks } from "../../migrate/move/checks.ts";
import { type HostState, keepHours, type Stage, type Step, steps } from "../../migrate/move/stages.ts";
import type { Command } from "../command.ts";
import { paintFor } from "../render/color.ts";
import { renderData } from "../render/data.ts";
import { renderTable } from "../render/table.ts";
import { gatherFacts } from "./gather-facts.ts";
import { openMove, stateOf } from "./open-move.ts";

/** `sluice migrate plan`: the next step of each host, what is looked at before it, and the way back. */
export const plan: Command = async (input) => {
  const { flags, terminal } = input;
  await using move = await openMove("migrate plan", input);
  const nowMs = Date.now();
  const rows: PlanRow[] = [];
  for (const unit of move.input.units) {
    if (flags.movedHost !== undefined && !unit.hostnames.includes(flags.movedHost.toLowerCase())) continue;
    const state = stateOf(unit, move.states);
    const facts = await gatherFacts(unit, move.sources);
    const step = nextStep(state, nowMs);
    const checks = step === undefined ? [] : judgeChecks(step.checks, { state, facts, nowMs });
    rows.push({ hosts: unit.hostnames, stage: state.stage, weight: state.weight, next: step, checks });
  }
  const format = flags.output ?? "table";
  if (format === "json" || format === "yaml") {
    terminal.out(renderData({ hosts: rows.map(dataOf) }, format));
    return 0;
  }
  const paint = paintFor(terminal);
  const held = ({ checks }: PlanRow): string => {
    const failed = checks.filter(({ result }) => result === "failed");
    return failed.length === 0 ? paint("good", "yes") : paint("error", failed.map(({ says }) => says).join("; "));
  };
  terminal.out(
    renderTable(
      ["HOSTS", "STAGE", "NEXT", "READY", "DOES", "WAY BACK"],
      rows.map((row) => [
        row.hosts.join(","),
        shownStage(row),
        row.next === undefined ? "" : `migrate ${row.next.command}`,
        row.next === undefined ? "" : held(row),
        row.next?.does ?? "",
        row.next?.back ?? "",
      ]),
    ),
  );
  return 0;
};

/** `sluice migrate status`: where each host is, and since when. */
export const moveStatus: Command = async (input) => {
  const { flags, terminal } = input;
  await using move = await openMove("migrate status", input);
  const nowMs = Date.now();
  const hosts = move.input.units
    .flatMap((unit) => unit.hostnames.map((hostname): HostState => ({ ...stateOf(unit, move.states), hostname })))
    .concat(
      move.states.filter(({ hostname }) => !move.input.units.some(({ hostnames }) => hostnames.includes(hostname))),
    );
  const format = flags.output ?? "table";
  if (format === "json" || format === "yaml") terminal.out(renderData({ hosts }, format));
  else
    terminal.out(
      renderTable(
        ["HOST", "STAGE", "SINCE", "KEPT FOR"],
        hosts.map((state) => [
          state.hostname,
          shownStage(state),
          state.stage === "ingress" ? "" : state.since,
          kept(state, nowMs),
        ]),
      ),
    );
  return 0;
};

type PlanRow = {
  readonly hosts: readonly string[];
  readonly stage: Stage;
  readonly weight: number;
  readonly next: Step | undefined;
  readonly checks: readonly CheckResult[];
};

/** The first step that leads on; after the last share of requests that is the cut-over. */
function nextStep(state: HostState, nowMs: number): Step | undefined {
  return steps.find((step) => {
    if (!step.from.includes(state.stage)) return false;
    return "next" in advance(state, { command: step.command, to: step.to, weight: undefined, nowMs });
  });
}

function dataOf({ hosts, stage, weight, next, checks }: PlanRow) {
  const step = next && { command: `sluice migrate ${next.command}`, to: next.to, does: next.does, wayBack: next.back };
  return { hosts, stage, weight, ...(step === undefined ? {} : { next: step, checks }) };
}

function shownStage({ stage, weight }: Pick<HostState, "stage" | "weight">): string {
  return stage === "percentage" ? `${stage} ${weight}%` : stage;
}

/** Hours until the Ingress of a host that was cut over may go. */
function kept({ stage, since }: HostState, nowMs: number): string {
  if (stage !== "cutOver") return "";
  const hours = keepHours - (nowMs - Date.parse(since)) / 3_600_000;
  return hours > 0 ? `${Math.ceil(hours)} h more` : "over: migrate cleanup";
}
