import type { Inventory } from "../inventory.ts";
import { reportOf } from "./report.ts";

/** GitHub's Markdown. What users wrote stands in it as text: it makes no markup. */
export function renderMarkdown(inventory: Inventory): string {
  const { title, figures, sections } = reportOf(inventory);
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return [
    `# ${title}`,
    "",
    ...figures.map(({ label, value }) => `- ${escapeMarkdown(label)}: ${escapeMarkdown(value)}`),
    ...sections.flatMap(({ title: heading, text, headers, rows }) => [
      "",
      `## ${heading}`,
      "",
      escapeMarkdown(text),
      "",
      row(headers),
      `|${" --- |".repeat(headers.length)}`,
      ...rows.map((cells) => row(cells.map((cell) => cell.text))),
    ]),
    "",
  ].join("\n");
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]+/g, " ").replace(/[\\`*_[\]<>|]/g, "\\$&");
}
