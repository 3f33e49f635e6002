import { isIP } from "node:net";

/**
 * Whether a `Host` header names this endpoint in a way that no web page can forge: an IP address, `localhost`, or a name
 * that the operator gave. Any other name may be an attacker's own, made to resolve to this address (DNS rebinding).
 */
export function isTrustedHost(host: string | undefined, hostnames: readonly string[]): boolean {
  if (host === undefined) return false;
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host);
  if (!match) return false;
  if (match[1] !== undefined) return isIP(match[1]) === 6;
  const name = (match[2] ?? "").toLowerCase().replace(/\.$/, "");
  return isIP(name) === 4 || name === "localhost" || hostnames.includes(name);
}
