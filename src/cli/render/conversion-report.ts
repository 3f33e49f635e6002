import type { Finding, Severity } from "../../finding/finding.ts";
import type { Conversion } from "../../migrate/convert/convert-ingresses.ts";
import { identityOf, objectOf } from "../../migrate/convert/manifest.ts";
import { renderData } from "./data.ts";
import { findingsData, renderRef } from "./findings.ts";

const headings: Readonly<Record<Severity, string>> = {
  error: "Not converted, or refused",
  warning: "Lost, or left to do by hand",
  info: "Converted with a difference",
};

/** What became of the Ingresses, to keep with the change: every object that was written and every finding. */
export function renderConversionReport(
  { manifests }: Conversion,
  findings: readonly Finding[],
  format: "json" | "markdown",
): string {
  if (format === "json") {
    return renderData(
      { objects: manifests.map((manifest) => identityOf(objectOf(manifest))), findings: findingsData(findings) },
      "json",
    );
  }
  const objects = manifests.map(
    ({ kind, metadata, comments }) =>
      `| ${kind} | ${metadata.namespace ?? ""} | ${metadata.name} | ${cell(comments.join(" "))} |`,
  );
  const sections = (Object.keys(headings) as Severity[]).flatMap((severity) => {
    const own = findings.filter((finding) => finding.severity === severity);
    if (own.length === 0) return [];
    const lines = own.map(
      ({ code, object, message, fix }) => `- **${code}** ${renderRef(object)}: ${message} *${fix}*`,
    );
    return [`## ${headings[severity]}`, "", ...lines, ""];
  });
  return [
    "# Conversion",
    "",
    ...sections,
    "## Objects",
    "",
    "| kind | namespace | name | origin |",
    "| --- | --- | --- | --- |",
    ...objects,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
