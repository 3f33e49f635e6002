/** A host of an Ingress as the routing model has it: `""` is any, and a wildcard is one label. */
export function hostPattern(hostname: string): string {
  if (hostname === "") return "*";
  return hostname.startsWith("*.") ? `?${hostname.slice(1)}` : hostname;
}
