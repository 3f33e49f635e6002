/**
 * Builds the test of {@link FixedCors.allowOrigins}: whether a request with this Origin (`undefined`: without one) is of an allowed
 * origin. What stands for `*` is one label of letters, digits and `-`, so that it can be told to anybody.
 */
export function buildFixedOrigins(allowed: readonly string[]): (origin: string | undefined) => boolean {
  if (allowed.includes("*")) return () => true;
  const exact = new Set<string>();
  const wildcards: { readonly before: string; readonly behind: string }[] = [];
  for (const origin of allowed) {
    const [before = "", behind] = origin.toLowerCase().split("*", 2);
    if (behind === undefined) exact.add(before);
    else wildcards.push({ before, behind });
  }
  return (written) => {
    const origin = written?.toLowerCase();
    if (origin === undefined) return false;
    if (exact.has(origin)) return true;
    return wildcards.some(
      ({ before, behind }) =>
        origin.startsWith(before) &&
        origin.endsWith(behind) &&
        /^[a-z0-9-]+$/.test(origin.slice(before.length, origin.length - behind.length)),
    );
  };
}
