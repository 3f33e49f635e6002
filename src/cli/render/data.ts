import { stringify } from "yaml";

/** Any plain value as JSON (two spaces, final newline) or as YAML (long strings unfolded, repeated objects written out). */
export function renderData(value: unknown, format: "json" | "yaml"): string {
  if (format === "json") return `${JSON.stringify(value, undefined, 2)}\n`;
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
