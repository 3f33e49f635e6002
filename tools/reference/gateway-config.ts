import { cell, fieldRows } from "./fields.ts";

/** The part `fields` of `docs/reference/gateway-config.md`: every field, from the declaration. */
export function renderGatewayConfigFields(): string {
  const rows = fieldRows("GatewayConfig")
    .filter(({ path }) => path !== "spec")
    .map(({ path, isRequired, type, preset, limits, description }) => {
      const name = path.replace(/^spec\./, "");
      const words = [description, preset === "" ? "" : `Default: ${preset}.`].filter((text) => text !== "").join(" ");
      return `| ${isRequired ? `**\`${name}\`**` : `\`${name}\``} | ${type} | ${cell(limits)} | ${cell(words)} |`;
    });
  return ["| field of `spec` | type | limits | description |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}
