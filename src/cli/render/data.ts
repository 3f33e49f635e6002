import { stringify } from "yaml";

/**
 * Any plain value as JSON (two spaces, final newline) or as YAML (long strings unfolded, repeated objects written out). Text that
 * is something else to readers of YAML 1.1, such as `Off` to kubectl, stands in quotation marks.
 */
export function renderData(value: unknown, format: "json" | "yaml"): string {
  if (format === "json") return `${JSON.stringify(value, undefined, 2)}\n`;
  return stringify(value, { aliasDuplicateObjects: false, compat: "yaml-1.1", lineWidth: 0 });
}
