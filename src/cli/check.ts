import type { CompileResult } from "../compile/contract.ts";
import { findPlaneFaults } from "../control/plane-findings.ts";
import { countRules } from "../ir/count-rules.ts";
import { predictReport } from "../proxy/predict-report.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { Command } from "./command.ts";
import { compileSnapshot, lacksServices } from "./compile-snapshot.ts";
import { type FlagValues, longFlagsOf } from "./flags.ts";
import { readPaths } from "./read-paths.ts";
import { paintFor } from "./render/color.ts";
import { renderData } from "./render/data.ts";
import {
  countFindings,
  type FindingCounts,
  findingsData,
  renderAnnotations,
  renderCounts,
  renderFindings,
} from "./render/findings.ts";

/** `sluice check`. */
export const check: Command = async ({ args, flags, terminal }) => {
  const source = await readPaths(args);
  const result = compileSnapshot("check", source.snapshot, flags);
  const unserved = findPlaneFaults(predictReport(result.routing), result, {
    snapshot: source.snapshot,
    flags: longFlagsOf("check"),
  });
  const least = flags.quiet ? ["error"] : flags.verbose ? ["error", "warning", "info"] : ["error", "warning"];
  const all = [...source.findings, ...result.findings, ...unserved].filter(
    ({ object }) => flags.namespace === undefined || object.namespace === flags.namespace,
  );
  const counts = countFindings(all);
  const format = flags.output ?? "text";
  const shown = all.filter(({ severity }) => format === "json" || format === "yaml" || least.includes(severity));
  if (format === "json" || format === "yaml") terminal.out(renderData(findingsData(shown), format));
  else if (format === "github") terminal.out(renderAnnotations(shown));
  else {
    if (shown.length > 0)
      terminal.out(`${renderFindings(shown, { lines: source.lines, paint: paintFor(terminal) })}\n`);
    if (!flags.quiet) terminal.out(renderSummary(counts, { result, snapshot: source.snapshot, flags }));
  }
  return counts.error > 0 || (flags.strict && counts.warning > 0) ? 1 : 0;
};

type Checked = { readonly result: CompileResult; readonly snapshot: Snapshot; readonly flags: FlagValues };

function renderSummary(counts: FindingCounts, { result, snapshot, flags }: Checked): string {
  const { gateways } = result.routing;
  const rules = countRules(result.routing);
  const hidden = counts.info > 0 && !flags.verbose ? " (-v shows them)" : "";
  const served = `${plural(gateways.length, "Gateway")} with ${plural(rules, "rule")} would be served`;
  const unknown =
    rules > 0 && lacksServices(snapshot, flags)
      ? "These files contain no Services: whether backends exist was not checked.\n"
      : "";
  return `${renderCounts(counts)}${hidden}; ${served}\n${unknown}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
