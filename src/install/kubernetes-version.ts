/**
 * Oldest Kubernetes 1.x with everything that the manifests and data planes use. CEL's `isCIDR` in the definition of GatewayConfig
 * (and `isIP` in those of the Gateway API) is of 1.31; the `sleep` before a pod stops is on since 1.30.
 */
export const oldestMinor = 31;

/** Whether `/version` of an API server tells of a release that is too old; false for what cannot be read as one. */
export function isTooOld(version: unknown): boolean {
  const { major, minor } = (version ?? {}) as { readonly major?: unknown; readonly minor?: unknown };
  // Some providers write `31+`.
  const [whole, part] = [Number.parseInt(String(major), 10), Number.parseInt(String(minor), 10)];
  return whole < 1 || (whole === 1 && part < oldestMinor);
}
