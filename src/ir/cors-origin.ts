/**
 * Origins that a CORS filter allows: `*`, an origin, or one whose host is `*` or begins with `*.`. A wildcard stands for one
 * label or more, `*` as port for any port. Ports 80 and 443 may be left out on either side where the scheme implies them. Spec: HTTPCORSFilter.allowOrigins.
 */
export type OriginMatcher = (origin: string) => boolean;

/**
 * Builds the matcher once. An `Origin` that is no `scheme://host(:port)`, such as `null`, is allowed by `*` alone: so is one whose
 * host is neither a name of letters, digits, `-` and `_` nor an IPv6 address, though browsers send such. What a wildcard stands for
 * is copied into the answer and may be read by others.
 */
export function buildOriginMatcher(allowed: readonly string[]): OriginMatcher {
  if (allowed.includes("*")) return () => true;
  const exact = new Set<string>();
  const onAnyPort = new Set<string>();
  const wildcards: Wildcard[] = [];
  for (const text of allowed) {
    const origin = splitOrigin(text);
    if (!origin) continue;
    if (origin.host === "*") wildcards.push({ ...origin, suffix: "" });
    else if (origin.host.startsWith("*.")) wildcards.push({ ...origin, suffix: origin.host.slice(1) });
    else if (origin.port === "*") onAnyPort.add(`${origin.scheme}://${origin.host}`);
    else exact.add(`${origin.scheme}://${origin.host}:${origin.port}`);
  }
  return (text) => {
    const origin = splitOrigin(text);
    if (!origin || origin.host.startsWith("*") || origin.port === "*") return false;
    if (onAnyPort.has(`${origin.scheme}://${origin.host}`)) return true;
    if (exact.has(`${origin.scheme}://${origin.host}:${origin.port}`)) return true;
    return wildcards.some(
      ({ scheme, suffix, port }) =>
        scheme === origin.scheme &&
        (port === "*" || port === origin.port) &&
        origin.host.length > suffix.length &&
        origin.host.endsWith(suffix),
    );
  };
}

type Origin = { readonly scheme: string; readonly host: string; readonly port: string };
type Wildcard = Origin & { readonly suffix: string };

const originPattern = /^(https?):\/\/(\[[0-9a-f:.]+\]|(?:\*|[0-9a-z_-]+)(?:\.[0-9a-z_-]+)*)(?::([0-9]{1,5}|\*))?$/;

function splitOrigin(text: string): Origin | undefined {
  const [, scheme, host, port] = originPattern.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, port: port ?? (scheme === "https" ? "443" : "80") };
}
