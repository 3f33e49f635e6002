/** What Traefik's middlewares do with paths and URLs. Patterns are in RE2 syntax; `\1` in a substitution stands for a group. */

/** A change of the path; the query stays. The path is looked at in the form in which it is matched. */
export type PathEdit =
  /** Puts text before it. */
  | { readonly edit: "addPrefix"; readonly prefix: string }
  /** Puts another in its place, and tells the backend the old one by X-Replaced-Path. */
  | { readonly edit: "replace"; readonly path: string }
  /** As `replace`, for what matches; a path in which nothing does stays. */
  | { readonly edit: "replacePattern"; readonly pattern: string; readonly substitution: string }
  /** Removes the first of these that it begins with, and tells the backend by X-Forwarded-Prefix. */
  | { readonly edit: "stripPrefix"; readonly prefixes: readonly string[] }
  /** As `stripPrefix`: the first of these patterns that matches at its beginning. */
  | { readonly edit: "stripPattern"; readonly patterns: readonly string[] };

/** The URL that requests are redirected to; those that ask for it already pass. */
export type RedirectTarget =
  /** Replaces what matches in the whole URL; one in which nothing does passes. */
  | { readonly to: "substitution"; readonly pattern: string; readonly substitution: string }
  /** `port`: that of the new URL, `undefined`: the one that its scheme implies. */
  | { readonly to: "scheme"; readonly scheme: string; readonly port: number | undefined };

/** Where the address of a client is found: X-Forwarded-For counts as far as proxies in front are trusted. */
export type AddressSource =
  | { readonly from: "connection" }
  /** The entry of X-Forwarded-For at this place from the right, from 1. */
  | { readonly from: "depth"; readonly depth: number }
  /** The first entry of X-Forwarded-For, from the right, that is in none of these networks. */
  | { readonly from: "forwarded"; readonly excluded: readonly string[] };

/** Filters that have Traefik's middlewares alone. */
export type MiddlewareFilter =
  /** Lets in clients whose address is in one of the networks, in canonical form. */
  | {
      readonly kind: "addressAllowList";
      readonly networks: readonly string[];
      readonly source: AddressSource;
      /** IPv6 addresses are cut to so many bits before they are compared; 128: none is. */
      readonly ipv6Bits: number;
      /** Of a refusal. */
      readonly status: number;
    }
  | { readonly kind: "pathEdit"; readonly change: PathEdit }
  /** With 301 or 302 for GET and 308 or 307 for all others; `alwaysPermanent`: with 308. */
  | {
      readonly kind: "urlRedirect";
      readonly target: RedirectTarget;
      readonly permanence: "temporary" | "permanent" | "alwaysPermanent";
    }
  /** Strict-Transport-Security, in answers to requests over TLS or (`always`) in all. */
  | { readonly kind: "strictTransport"; readonly value: string; readonly always: boolean };
