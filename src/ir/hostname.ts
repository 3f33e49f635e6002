/**
 * Hostname patterns of the model: an exact name, `*.` + name, or any (`*` on virtual hosts, `""` on listeners). A virtual host may
 * also have `?.` + name, where the wildcard stands for exactly one label, as in an Ingress.
 * Spec: Gateway API `Hostname`; a wildcard is a suffix match of one label or more. Ingress `rules[].host`: of one label.
 */

/** Whether the pattern covers the host. `host` is lower case, without port; `""` (no host, no SNI) is covered by "any" alone. */
export function hostnameCovers(pattern: string, host: string): boolean {
  if (pattern === "" || pattern === "*") return true;
  if (pattern.startsWith("?."))
    return host.indexOf(".") === host.length - pattern.length + 1 && hostnameCovers(`*${pattern.slice(1)}`, host);
  if (!pattern.startsWith("*.")) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

/** Every pattern that {@link hostnameCovers} says covers the host: one look-up for each pattern where there are many of them. */
export function patternsCovering(host: string): readonly string[] {
  const patterns = ["", "*"];
  if (!/^(?:[*?]\.|$)/.test(host)) patterns.push(host);
  for (let dot = host.indexOf(".", 1); dot > 0; dot = host.indexOf(".", dot + 1)) patterns.push(`*${host.slice(dot)}`);
  const first = host.indexOf(".");
  if (first > 0) patterns.push(`?${host.slice(first)}`);
  return patterns;
}

/** How specific a pattern is: exact names above wildcards, longer wildcards above shorter, of one label above of any number, "any" is 0. */
export function hostnameSpecificity(pattern: string): number {
  if (pattern === "" || pattern === "*") return 0;
  if (pattern.startsWith("?.")) return pattern.length + 0.5;
  return pattern.startsWith("*.") ? pattern.length : exactSpecificity;
}

/** Above any wildcard: a hostname has at most 253 characters. */
const exactSpecificity = 1000;

/** Sorts the most specific first; equal ones keep their order in a stable sort. */
export function bySpecificity(a: string, b: string): number {
  return hostnameSpecificity(b) - hostnameSpecificity(a);
}

/** The most specific of the items whose hostname covers the host, with all others of that same hostname; empty when none covers. */
export function mostSpecificCovering<T extends { readonly hostname: string }>(
  items: readonly T[],
  host: string,
): readonly T[] {
  const covering = items.filter((item) => hostnameCovers(item.hostname, host));
  const best = Math.max(...covering.map((item) => hostnameSpecificity(item.hostname)));
  return covering.filter((item) => hostnameSpecificity(item.hostname) === best);
}
