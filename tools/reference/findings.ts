import { retiredFindings } from "../../src/finding/catalogue/retired.ts";
import { catalogue } from "../../src/finding/catalogue.ts";
import type { FindingRow } from "../../src/finding/finding.ts";

const areas: Readonly<Record<string, string>> = {
  "1": "Sources: files, syntax, schema",
  "2": "GatewayClass, Gateway, listeners",
  "3": "Attachment of routes to listeners",
  "4": "Routes, matches, filters",
  "5": "Backends and references",
  "6": "Policies, TLS, certificates",
  "7": "The data plane",
  "8": "Ingress",
};

/** `docs/reference/findings.md`: every row of the catalogue, by code. */
export function renderFindingsReference(): string {
  const rows = Object.entries(catalogue as Record<string, FindingRow>).sort(([, a], [, b]) =>
    a.code < b.code ? -1 : 1,
  );
  const lines = [
    "# Findings",
    "",
    "All findings of `sluice check`. Codes are permanent. `error`: something is not used as written. `warning`: it is used",
    "but may not do what you expect. `info`: worth knowing. Generated from `src/finding/catalogue/` by `npm run docs`.",
  ];
  let area = "";
  for (const [name, row] of rows) {
    const digit = row.code.charAt(2);
    if (digit !== area) {
      area = digit;
      lines.push(
        "",
        `## ${areas[digit]}`,
        "",
        "| code | severity | what | why | condition |",
        "| --- | --- | --- | --- | --- |",
      );
    }
    const condition = row.condition
      ? `\`${row.condition.type}=${row.condition.status}\`, \`${row.condition.reason}\``
      : "";
    const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
    lines.push(`| ${row.code} \`${name}\` | ${row.severity} | ${cell(row.title)} | ${cell(row.why)} | ${condition} |`);
  }
  lines.push("", "## No longer reported", "", "| code | what |", "| --- | --- |");
  for (const [name, { code, title }] of Object.entries(retiredFindings))
    lines.push(`| ${code} \`${name}\` | ${title} |`);
  return `${lines.join("\n")}\n`;
}
