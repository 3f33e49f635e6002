import type { Inventory } from "../inventory.ts";

const headers = [
  "kind",
  "namespace",
  "name",
  "file",
  "line",
  "controller",
  "ingressClass",
  "class",
  "minutes",
  "owner",
  "hosts",
  "paths",
  "annotations",
  "reasons",
] as const;

/** A row for each Ingress. RFC 4180. */
export function renderCsv({ ingresses }: Inventory): string {
  const rows = ingresses.map((ingress) => [
    ingress.kind,
    ingress.namespace,
    ingress.name,
    ingress.position?.file ?? "",
    String(ingress.position?.line ?? ""),
    ingress.controller ?? "",
    ingress.className,
    ingress.complexity,
    String(ingress.minutes),
    ingress.owner,
    ingress.hosts.join(" "),
    String(ingress.paths),
    ingress.annotations.map(({ name }) => name).join(" "),
    ingress.reasons.join("; "),
  ]);
  return [headers, ...rows].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

/** A spreadsheet takes what begins with one of these for a formula; an apostrophe makes it text. */
const formula = /^[=+\-@\t\r]/;

function cell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
