import { compileReplacement } from "../base/regex/replacement.ts";
import type { RedirectTarget } from "./middleware-filter.ts";

/** The parts of the URL that is asked for. */
export type AskedUrl = {
  readonly scheme: "http" | "https";
  /** IPv6 in brackets. */
  readonly host: string;
  /** As the client named it. */
  readonly port: number | undefined;
  /** Path and query. */
  readonly target: string;
};

/** Where to go instead; `undefined`: the request passes. `tooCostly`: finding out would cost too much. */
export type FindRedirect = (asked: AskedUrl) => string | undefined | "tooCostly";

/** What finds the `Location` of a redirect, compiled once. Spec: RedirectRegex and RedirectScheme of Traefik. */
export function compileUrlRedirect(target: RedirectTarget): FindRedirect {
  switch (target.to) {
    case "substitution": {
      const replacement = compileReplacement(target.pattern, target.substitution);
      // The compiler has checked the pattern; one that does not compile here redirects nothing.
      if (replacement.kind === "error") return () => undefined;
      return ({ scheme, host, port, target: uri }) => {
        const asked = `${scheme}://${host}${port === undefined ? "" : `:${port}`}${uri}`;
        const wanted = replacement.apply(asked);
        if (wanted === undefined) return "tooCostly";
        return wanted === asked ? undefined : urlText(wanted);
      };
    }
    case "scheme": {
      const { scheme } = target;
      const port = suffix(scheme, target.port);
      return (asked) => {
        if (asked.scheme === scheme && suffix(scheme, asked.port) === port) return undefined;
        return urlText(`${scheme}://${asked.host}${port}${asked.target}`);
      };
    }
  }
}

/** The status of a redirect: 307 and 308 keep the method, which only those that are not GET need. Spec: RedirectScheme of Traefik. */
export function redirectStatus(method: string, permanence: "temporary" | "permanent" | "alwaysPermanent"): number {
  if (permanence === "alwaysPermanent") return 308;
  if (permanence === "permanent") return method === "GET" ? 301 : 308;
  return method === "GET" ? 302 : 307;
}

/** `:port` of a URL; empty where the scheme implies it. */
function suffix(scheme: string, port: number | undefined): string {
  if (port === undefined || (scheme === "http" && port === 80) || (scheme === "https" && port === 443)) return "";
  return `:${port}`;
}

/** A URL as a field value: what may not stand in one is percent-encoded. */
export function urlText(url: string): string {
  return url.replace(/[^!-~]+/g, (text) => encodeURIComponent(text.toWellFormed()));
}
