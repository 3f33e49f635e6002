import type { ExitCode } from "../../base/exit-code.ts";
import { type AdvanceRequest, advance, retreat } from "../../migrate/move/advance.ts";
import { type CheckResult, judgeChecks } from "../../migrate/move/checks.ts";
import type { MoveUnit } from "../../migrate/move/move-unit.ts";
import { type MoveChange, stageChanges } from "../../migrate/move/stage-changes.ts";
import type { HostState, Step } from "../../migrate/move/stages.ts";
import { metadataOf } from "../../resource/written-object.ts";
import type { Command, CommandInput } from "../command.ts";
import { type Paint, paintFor } from "../render/color.ts";
import { gatherFacts } from "./gather-facts.ts";
import { findUnit, type Move, openMove } from "./open-move.ts";

/** `sluice migrate apply`, `cutover` and `cleanup`: one step of one host. */
export const takeStep =
  (command: Step["command"]): Command =>
  async (input) => {
    const { flags, terminal } = input;
    await using move = await openMove(`migrate ${command}`, input);
    const { unit, state } = findUnit(move, flags.movedHost);
    const nowMs = Date.now();
    const request: AdvanceRequest = { command, to: flags.toStage, weight: flags.weight, nowMs };
    const result = advance(state, request);
    if ("problem" in result) return refuse(input, result.problem);
    const { step, next } = result;
    const facts = await gatherFacts(unit, move.sources);
    const checks = judgeChecks(step.checks, { state, facts, nowMs });
    terminal.out(renderChecks(checks, paintFor(terminal)));
    if (checks.some((check) => check.result === "failed") && !flags.moveForce)
      return refuse(input, `Nothing was changed: see what failed above, or go on all the same with --force.`);
    return await carryOut(move, {
      input,
      unit,
      state,
      next,
      title: `${unit.hostnames.join(", ")}: ${step.does}`,
      back: step.back,
    });
  };

/** `sluice migrate rollback`. Looks at nothing first: the way back is for when something is wrong. */
export const rollBack: Command = async (input) => {
  await using move = await openMove("migrate rollback", input);
  const { unit, state } = findUnit(move, input.flags.movedHost);
  const result = retreat(state, input.flags.toStage, Date.now());
  if ("problem" in result) return refuse(input, result.problem);
  const title = `${unit.hostnames.join(", ")}: back from ${state.stage} to ${result.next.stage}`;
  const dns = state.stage === "cutOver" || state.stage === "percentage";
  const back = dns
    ? "point the host's DNS to the Ingress controller first, and wait for its TTL: nobody must be left behind"
    : "";
  return await carryOut(move, { input, unit, state, next: result.next, title, back });
};

type Carried = {
  readonly input: CommandInput;
  readonly unit: MoveUnit;
  readonly state: HostState;
  readonly next: HostState;
  readonly title: string;
  readonly back: string;
};

async function carryOut(move: Move, { input, unit, state, next, title, back }: Carried): Promise<ExitCode> {
  const { terminal, flags } = input;
  const result = stageChanges(unit, state.stage, next, move.options);
  if ("problem" in result) return refuse(input, result.problem);
  const first =
    next.stage === "sideBySide" ? move.input.base.map((object): MoveChange => ({ kind: "apply", object })) : [];
  const changes = [...first, ...result.changes];
  terminal.out(`${title}${next.stage === "percentage" ? ` (${next.weight} %)` : ""}\n`);
  for (const change of changes) terminal.out(`  ${renderChange(change)}\n`);
  if (back !== "") terminal.out(`way back: ${back}\n`);
  if (flags.dryRun) {
    terminal.out("Nothing was changed (--dry-run).\n");
    return 0;
  }
  const others = move.states.filter(({ hostname }) => !unit.hostnames.includes(hostname));
  const name = unit.hostnames[0] ?? "";
  const file = name.replaceAll("*", "any");
  await move.target.carryOut(changes, file, [...others, ...unit.hostnames.map((hostname) => ({ ...next, hostname }))]);
  terminal.out(move.target.remains(changes, file));
  return 0;
}

function renderChange({ kind, object }: MoveChange): string {
  const { name, namespace = "default" } = metadataOf(object);
  const verb = { apply: "apply ", delete: "delete", merge: "change" }[kind];
  const part = kind === "apply" && object["kind"] === "Ingress" ? " (annotations alone)" : "";
  return `${verb} ${String(object["kind"])} ${String(namespace)}/${String(name)}${part}`;
}

const marks = { passed: ["good", "passed "], failed: ["error", "FAILED "], unknown: ["warning", "unknown"] } as const;

function renderChecks(checks: readonly CheckResult[], paint: Paint): string {
  return checks
    .map(({ result, says }) => {
      const [tone, word] = marks[result];
      return `${paint(tone, word)}  ${says}\n`;
    })
    .join("");
}

function refuse({ terminal }: CommandInput, problem: string): ExitCode {
  terminal.err(`sluice: ${problem}\n`);
  return 1;
}
