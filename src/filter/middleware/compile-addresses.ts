import { parseCidr } from "../../base/cidr.ts";
import type { FilterPartScope } from "../../compile/route/part-scope.ts";
import type { AddressSource } from "../../ir/middleware-filter.ts";
import type { CompilePart, MiddlewareSpec } from "./compile-part.ts";

type IpStrategy = NonNullable<NonNullable<MiddlewareSpec["ipAllowList"]>["ipStrategy"]>;

/** Spec: IPAllowList of Traefik: without sourceRange there is none. */
export const compileIpAllowList: CompilePart<"ipAllowList"> = (config, scope) => {
  const { sourceRange = [], ipStrategy = {}, rejectStatusCode = 0 } = config;
  if (sourceRange.length === 0) {
    const message = "There is no address in sourceRange, so nobody could come in.";
    return scope.mistake("/sourceRange", { message, fix: "Add addresses or networks, such as `10.0.0.0/8`." });
  }
  const networks = compileNetworks(sourceRange, "/sourceRange", scope);
  const source = compileAddressSource(ipStrategy, "/ipStrategy", scope);
  if (networks === undefined || source === undefined) return undefined;
  const status = rejectStatusCode === 0 ? 403 : rejectStatusCode;
  if (status < 400) {
    const message = `${status} does not refuse a request.`;
    return scope.mistake("/rejectStatusCode", { message, fix: "Write a status from 400 to 599." });
  }
  return [{ kind: "addressAllowList", networks, source, ipv6Bits: ipStrategy.ipv6Subnet ?? 128, status }];
};

/** `depth` counts before `excludedIPs`. Spec: IPStrategy of Traefik. */
function compileAddressSource(
  { depth = 0, excludedIPs = [] }: IpStrategy,
  field: string,
  scope: FilterPartScope,
): AddressSource | undefined {
  if (depth > 0) return { from: "depth", depth };
  if (excludedIPs.length === 0) return { from: "connection" };
  const excluded = compileNetworks(excludedIPs, `${field}/excludedIPs`, scope);
  return excluded && { from: "forwarded", excluded };
}

function compileNetworks(
  texts: readonly string[],
  field: string,
  scope: FilterPartScope,
): readonly string[] | undefined {
  const networks = texts.map((text, index) => {
    const network = parseCidr(text.trim());
    if (network !== undefined) return network.text;
    const message = `${JSON.stringify(text)} is not an address or a network.`;
    return scope.mistake(`${field}/${index}`, { message, fix: "Write one, such as `10.0.0.0/8` or `192.0.2.1`." });
  });
  const read = networks.filter((network) => network !== undefined);
  return read.length === networks.length ? read : undefined;
}
