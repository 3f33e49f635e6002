import { readFileSync } from "node:fs";
import { gatewayApiVersion } from "../resource/gateway-api-version.ts";
import type { Command } from "./command.ts";
import { renderData } from "./render/data.ts";

/** The version of this package. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const version = manifest && typeof manifest === "object" && "version" in manifest ? manifest.version : undefined;
  return typeof version === "string" ? version : "unknown";
}

function versionFacts() {
  return { sluice: packageVersion(), gatewayApi: gatewayApiVersion, node: process.versions.node };
}

/** The versions for people, in one line without its end. */
export function versionLine(): string {
  const { sluice, gatewayApi, node } = versionFacts();
  return `sluice ${sluice} (Gateway API ${gatewayApi}, Node ${node})`;
}

/** `sluice version`. */
export const version: Command = async ({ flags, terminal }) => {
  const facts = versionFacts();
  const format = flags.output ?? "text";
  if (format === "json" || format === "yaml") terminal.out(renderData(facts, format));
  else terminal.out(`${versionLine()}\n`);
  return 0;
};
