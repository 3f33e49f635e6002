/** How a path is compared. Values are in the normal form of request paths; `regex` is RE2 syntax and matches the whole of it. */
export type PathMatch =
  /** Equal, byte for byte. */
  | { readonly kind: "exact"; readonly value: string }
  /** Equal, or longer with a `/` after it: `/abc` matches `/abc`, `/abc/` and `/abc/d`, not `/abcd`. No trailing `/` but for `/` itself. */
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "regex"; readonly value: string };

/**
 * How a header, query parameter or cookie is compared. Header names are lower case. Names of query parameters, and their `exact`
 * values, are decoded and case-sensitive.
 */
export type ValueMatch = {
  readonly name: string;
  readonly kind: "exact" | "regex";
  readonly value: string;
};

/** All parts must hold. Absent parts hold always. */
export type HttpMatch = {
  readonly path: PathMatch;
  readonly method?: string;
  readonly headers: readonly ValueMatch[];
  /** The first value of a repeated parameter counts. Spec: HTTPQueryParamMatch. */
  readonly query: readonly ValueMatch[];
  /** Names are case-sensitive; the first cookie of a name counts. Absent: none. Spec: HTTPRouteFilter.matches of Envoy Gateway. */
  readonly cookies?: readonly ValueMatch[];
};
