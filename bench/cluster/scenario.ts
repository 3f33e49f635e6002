/** What the scenarios of behaviour under change share: their shape, their options, and how results are printed. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Scene } from "../../test/cluster/feature.ts";

export type Row = { readonly what: string; readonly value: string; readonly reference?: string };

export type Result = {
  /** For people. */
  readonly rows: readonly Row[];
  /** The same for programs, with what there is beyond. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** What was not as it must be. Empty: good. */
  readonly faults: readonly string[];
};

export type Scenario = {
  /** One line. */
  readonly does: string;
  readonly options: Readonly<Record<string, OptionRow>>;
  readonly run: (scene: Scene, options: Options) => Promise<Result>;
};

export type OptionRow = { readonly initial: number; readonly help: string };

export type Options = Readonly<Record<string, number>>;

/** The value of an option that the scenario has declared. */
export function option(options: Options, name: string): number {
  const value = options[name];
  if (value === undefined) throw new Error(`the scenario has no option ${name}`);
  return value;
}

export function parseOptions(scenario: Scenario): ParseArgsOptionsConfig {
  return Object.fromEntries(
    Object.entries(scenario.options).map(([name, { initial }]) => [name, { type: "string", default: String(initial) }]),
  );
}

export function renderRows(rows: readonly Row[]): string {
  const lines = rows.map(({ what, value, reference = "" }) => `| ${what} | ${value} | ${reference} |`);
  return ["| what | value | elsewhere |", "| --- | --- | --- |", ...lines].join("\n");
}
