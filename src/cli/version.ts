import { readFileSync } from "node:fs";
import type { Command } from "./command.ts";
import { renderData } from "./render/data.ts";

/** The Gateway API version whose fields and rules are implemented. */
export const gatewayApiVersion = "v1.7.0";

/** The version of this package. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const version = manifest && typeof manifest === "object" && "version" in manifest ? manifest.version : undefined;
  return typeof version === "string" ? version : "unknown";
}

/** `sluice version`. */
export const version: Command = async ({ flags, terminal }) => {
  const facts = { sluice: packageVersion(), gatewayApi: gatewayApiVersion, node: process.versions.node };
  const format = flags.output ?? "text";
  if (format === "json" || format === "yaml") terminal.out(renderData(facts, format));
  else terminal.out(`sluice ${facts.sluice} (Gateway API ${facts.gatewayApi}, Node ${facts.node})\n`);
  return 0;
};
