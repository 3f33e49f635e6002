import { parse } from "yaml";
import { renderTable } from "../../src/cli/render/table.ts";

type Statistics = { readonly Passed?: number; readonly Failed?: number; readonly Skipped?: number };

/** The part of a report that the table shows. Gateway API, conformance/apis/v1, ConformanceReport. */
type Report = {
  readonly gatewayAPIVersion: string;
  readonly gatewayAPIChannel: string;
  readonly profiles?: readonly {
    readonly name: string;
    readonly core: Part;
    readonly extended?: Part & { readonly unsupportedFeatures?: readonly string[] };
  }[];
};

type Part = { readonly result: string; readonly statistics: Statistics };

/** The table of profiles that a report of the suite stands for. A report without profiles is an empty table. */
export function profileTable(reportYaml: string): string {
  const report = parse(reportYaml) as Report;
  const rows = [...(report.profiles ?? [])]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, core, extended }) => [
      name,
      statistics(core),
      extended === undefined ? "none" : statistics(extended),
      extended?.unsupportedFeatures?.join(", ") || "none",
    ]);
  return renderTable(["PROFILE", "CORE", "EXTENDED", "UNSUPPORTED FEATURES"], rows);
}

function statistics({ statistics: { Passed = 0, Failed = 0, Skipped = 0 } }: Part): string {
  const parts = [`${Passed} passed`];
  if (Failed > 0) parts.push(`${Failed} failed`);
  if (Skipped > 0) parts.push(`${Skipped} skipped`);
  return parts.join(", ");
}
