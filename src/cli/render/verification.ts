import { type DifferenceKindName, differenceKinds } from "../../migrate/verify/difference-kinds.ts";
import type { Difference, Verification } from "../../migrate/verify/verify.ts";
import { printable } from "./printable.ts";
import { renderTable } from "./table.ts";

type Reported = Difference & { readonly accepted: boolean };
type Report = Omit<Verification, "differences"> & { readonly differences: readonly Reported[] };

/** Cells of the table are cut here. */
const widest = 60;

/** What `migrate verify` found: a line for each difference, then what explains each kind, with a request to try. */
export function renderVerification(report: Report, paths: { readonly old: string; readonly new: string }): string {
  const { differences, differing, hosts, requests, sent } = report;
  const open = differences.filter(({ accepted }) => !accepted);
  const accepted = differences.length - open.length;
  const share = Math.round((differing / Math.max(requests, 1)) * 1000) / 10;
  const asked = `${requests} requests to ${hosts} hosts, ${share} % of them treated differently; ${sent} had to be sent`;
  const verdict =
    open.length > 0
      ? `${open.length} differences between ${paths.old} and ${paths.new}`
      : `${paths.old} and ${paths.new} answer alike`;
  const summary = `${printable(verdict)}${accepted > 0 ? ` (${accepted} more are accepted)` : ""}: ${asked}.\n`;
  if (differences.length === 0) return summary;
  const rows = differences.map(({ host, kind, requests: count, example, accepted: isAccepted }) => [
    printable(host),
    `${kind}${isAccepted ? " (accepted)" : ""}`,
    String(count),
    cut(example.old),
    cut(example.new),
  ]);
  const table = renderTable(["HOST", "DIFFERENCE", "REQUESTS", "OLD", "NEW"], rows);
  const kinds = [...Map.groupBy(open, ({ kind }) => kind)].map(([kind, [first]]) =>
    renderKind(kind, first as Reported),
  );
  return [table, ...kinds, summary].join("\n");
}

function renderKind(kind: DifferenceKindName, { example, explains }: Reported): string {
  return (
    `${kind}: ${differenceKinds[kind].title}.\n  why: ${explains}\n  old: ${printable(example.old)}\n` +
    `  new: ${printable(example.new)}\n  try: ${printable(example.curl)}\n`
  );
}

function cut(text: string): string {
  const shown = printable(text);
  return shown.length > widest ? `${shown.slice(0, widest - 1)}…` : shown;
}
