import type { AddressSource, MiddlewareFilter, PathEdit, RedirectTarget } from "./middleware-filter.ts";

/** What a filter of Traefik's kinds does, as `describeFilter` says it of the others. */
export function describeMiddleware(filter: MiddlewareFilter): string {
  switch (filter.kind) {
    case "addressAllowList":
      return `lets in clients of ${filter.networks.join(", ") || "no network"}${describeSource(filter.source)}, others get ${filter.status}`;
    case "pathEdit":
      return describeEdit(filter.change);
    case "strictTransport":
      return `sets response header strict-transport-security${filter.always ? "" : " of requests over TLS"}`;
    case "urlRedirect":
      return `redirects to ${describeTarget(filter.target)}${filter.permanence === "temporary" ? "" : ", for good"}`;
  }
}

function describeSource(source: AddressSource): string {
  switch (source.from) {
    case "connection":
      return "";
    case "depth":
      return ` by entry ${source.depth} of X-Forwarded-For from the right`;
    case "forwarded":
      return ` by the last entry of X-Forwarded-For that is not of ${source.excluded.join(", ")}`;
  }
}

function describeEdit(change: PathEdit): string {
  switch (change.edit) {
    case "addPrefix":
      return `puts ${change.prefix} before the path`;
    case "replace":
      return `rewrites path to ${change.path}`;
    case "replacePattern":
      return `replaces ${change.pattern} by ${change.substitution} in the path`;
    case "stripPrefix":
      return `removes ${change.prefixes.join(" or ")} from the beginning of the path`;
    case "stripPattern":
      return `removes what matches ${change.patterns.join(" or ")} from the beginning of the path`;
  }
}

function describeTarget(target: RedirectTarget): string {
  if (target.to === "substitution") return `what ${target.substitution} makes of URLs that match ${target.pattern}`;
  return `${target.scheme}${target.port === undefined ? "" : `, port ${target.port}`}`;
}
