import type { Filter } from "./filter.ts";
import { modifyPath, modifyQuery } from "./path-modifier.ts";

export type RequestRedirect = Extract<Filter, { kind: "requestRedirect" }>;

/** What a redirect needs to know of a request and its listener. */
export type RedirectSubject = {
  readonly scheme: "http" | "https";
  /** Lower case, without port. */
  readonly host: string;
  /** In the client's spelling. */
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  readonly matchedPrefix: string | undefined;
  /** Port that clients use for the listener. */
  readonly listenerPort: number;
  /** Port that clients use for a port named in the configuration. */
  publicPort(port: number): number;
};

const schemePort = { http: 80, https: 443 } as const;

/**
 * The `Location` of a redirect: an absolute URL, the query kept. The port is the filter's, else that of its scheme, else
 * the listener's, and is left out where the scheme implies it. For a request without a host (HTTP/1.0) it is a path alone
 * unless the filter names one. Spec: HTTPRequestRedirectFilter.
 */
export function redirectLocation(filter: RequestRedirect, subject: RedirectSubject): string {
  const scheme = filter.scheme ?? subject.scheme;
  const host = filter.hostname ?? subject.host;
  const port = redirectPort(filter, subject);
  const path = filter.path ? modifyPath(filter.path, subject.path, subject.matchedPrefix) : subject.path;
  const query = filter.path ? modifyQuery(filter.path, subject.query) : subject.query;
  const target = query === "" ? path : `${path}?${query}`;
  // Two slashes in front would name a host.
  if (host === "") return target.replace(/^\/+/, "/");
  const authority = port === schemePort[scheme] ? host : `${host}:${port}`;
  return `${scheme}://${authority}${target}`;
}

function redirectPort(filter: RequestRedirect, subject: RedirectSubject): number {
  if (filter.port !== undefined) return subject.publicPort(filter.port);
  return filter.scheme ? subject.publicPort(schemePort[filter.scheme]) : subject.listenerPort;
}
