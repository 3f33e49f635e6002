import { type Cidr, nthAddress, parseCidr } from "../base/cidr.ts";
import type { EmbeddedPlaneOptions } from "../proxy/embedded-plane.ts";
import type { OwnerSource } from "../proxy/plane-context.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { FlagValues } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

export type PlaneParts = {
  readonly telemetry: Telemetry;
  readonly log: Logger;
};

/** What the embedded plane is to do, from flags. Throws {@link UsageError} for ports or a network that make no sense. */
export function planeOptions(flags: FlagValues, { telemetry, log }: PlaneParts): EmbeddedPlaneOptions {
  const ports = readMappings(flags.mapPort);
  return {
    telemetry,
    bind: flags.bind,
    mapPort: (port) => ports.get(port) ?? port,
    ...(flags.gatewayAddresses === undefined
      ? {}
      : { gatewayAddress: allotAddresses(readNetwork(flags.gatewayAddresses)) }),
    trust: { trustedHops: flags.trustedHops, source: "x-forwarded-for" },
    tenant: ownerSource(flags.tenantLabel, flags.tenantHeader),
    environment: ownerSource(flags.environmentLabel, flags.environmentHeader),
    onBug: (error) => log.error("A request failed by an error of Sluice itself.", { error }),
  };
}

/** Two mappings of one port, or to one, cannot both hold. Throws {@link UsageError}. */
function readMappings(mappings: FlagValues["mapPort"]): ReadonlyMap<number, number> {
  const ports = new Map<number, number>();
  for (const { listenerPort, localPort } of mappings) {
    if (ports.has(listenerPort)) throw new UsageError(`--map-port is given twice for port ${listenerPort}.`);
    const other = [...ports].find(([, local]) => local === localPort && local !== 0);
    if (other)
      throw new UsageError(
        `--map-port maps both ${other[0]} and ${listenerPort} to ${localPort}. Choose another for one of them.`,
      );
    ports.set(listenerPort, localPort);
  }
  return ports;
}

function ownerSource(label: string, header: string | undefined): OwnerSource {
  return { label, header: header?.toLowerCase() ?? "" };
}

function readNetwork(text: string): Cidr {
  const network = parseCidr(text);
  if (!network) throw new UsageError(`"${text}" is not a range of addresses. Write it as in 127.0.10.0/24.`);
  return network;
}

/** Gives each Gateway the next address of the range, and the same one ever after; `undefined` when the range is used up. */
export function allotAddresses(network: Cidr): (gateway: string) => string | undefined {
  const allotted = new Map<string, string | undefined>();
  return (gateway) => {
    if (!allotted.has(gateway)) allotted.set(gateway, nthAddress(network, allotted.size));
    return allotted.get(gateway);
  };
}
