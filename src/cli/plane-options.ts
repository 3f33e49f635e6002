import { readFileSync } from "node:fs";
import { boundHost } from "../base/any-address.ts";
import { type Cidr, nthAddress } from "../base/cidr.ts";
import { UsageError } from "../base/usage-error.ts";
import type { EmbeddedPlaneOptions } from "../proxy/embedded-plane-options.ts";
import type { OwnerSource } from "../proxy/plane-context.ts";
import { minSessionKeyBytes } from "../proxy/session-key.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { descriptorOptions } from "./descriptors.ts";
import { parseNetwork } from "./flag-values.ts";
import type { FlagValues } from "./flags.ts";
import { packageVersion } from "./version.ts";

export type PlaneParts = {
  readonly telemetry: Telemetry;
  readonly log: Logger;
};

/** What the embedded plane is to do, from flags. Rejects with {@link UsageError} for ports or a network that make no sense. */
export async function planeOptions(flags: FlagValues, { telemetry, log }: PlaneParts): Promise<EmbeddedPlaneOptions> {
  const ports = readMappings(flags.mapPort);
  return {
    telemetry,
    bind: await boundHost(flags.bind),
    mapPort: (port) => ports.get(port) ?? port,
    ...(flags.gatewayAddresses === undefined
      ? {}
      : { gatewayAddress: allotAddresses(parseNetwork(flags.gatewayAddresses)) }),
    askedAddresses: "bound",
    // Folders are served on the machine that the backends run on.
    allowedUpstream: ["loopback"],
    ...(flags.sessionKeyFile === undefined ? {} : { sessionKey: readSessionKey(flags.sessionKeyFile) }),
    version: packageVersion(),
    zone: zoneOf(flags),
    tenant: ownerSource(flags.tenantLabel, flags.tenantHeader),
    environment: ownerSource(flags.environmentLabel, flags.environmentHeader),
    descriptors: descriptorOptions(log),
    onBug: (error) => log.error("A request failed because of a bug in Sluice.", { error }),
  };
}

/** Where this process runs; `""`: not known. In a pod, its label has it, which the environment repeats. */
export function zoneOf({ zone }: Pick<FlagValues, "zone">): string {
  return zone ?? process.env["POD_ZONE"] ?? "";
}

/** Two mappings of one port, or to one, cannot both hold. Throws {@link UsageError}. */
function readMappings(mappings: FlagValues["mapPort"]): ReadonlyMap<number, number> {
  const ports = new Map<number, number>();
  for (const { listenerPort, localPort } of mappings) {
    if (ports.has(listenerPort)) throw new UsageError(`--map-port is given twice for port ${listenerPort}.`);
    const other = [...ports].find(([, local]) => local === localPort && local !== 0);
    if (other)
      throw new UsageError(
        `--map-port maps both ${other[0]} and ${listenerPort} to ${localPort}. Choose different local ports.`,
      );
    ports.set(listenerPort, localPort);
  }
  return ports;
}

/** The file's bytes, white space at its end aside, as editors leave it. */
function readSessionKey(path: string): Buffer {
  let text: Buffer;
  try {
    text = readFileSync(path);
  } catch (error) {
    throw new UsageError(`The session key cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  let end = text.length;
  while (end > 0 && /\s/.test(String.fromCharCode(text[end - 1]!))) end--;
  if (end < minSessionKeyBytes) {
    throw new UsageError(
      `The session key in ${path} has ${end} bytes; it needs ${minSessionKeyBytes}. Create one with: openssl rand -base64 48 > ${path}`,
    );
  }
  return text.subarray(0, end);
}

/** An owner source of flags: the header in lower case, `""` when there is none. */
export function ownerSource(label: string, header: string | undefined): OwnerSource {
  return { label, header: header?.toLowerCase() ?? "" };
}

/** Gives each Gateway the next address of the range, and the same one ever after; `undefined` when the range is used up. */
export function allotAddresses(network: Cidr): (gateway: string) => string | undefined {
  const allotted = new Map<string, string | undefined>();
  return (gateway) => {
    if (!allotted.has(gateway)) allotted.set(gateway, nthAddress(network, allotted.size));
    return allotted.get(gateway);
  };
}
