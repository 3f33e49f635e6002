/** How a path is compared. Values are as the user wrote them; `regex` is RE2 syntax and matches the whole path. */
export type PathMatch =
  /** Equal, byte for byte, after normalisation of the request path. */
  | { readonly kind: "exact"; readonly value: string }
  /** Equal, or longer with a `/` after it: `/abc` matches `/abc`, `/abc/` and `/abc/d`, not `/abcd`. No trailing `/` but for `/` itself. */
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "regex"; readonly value: string };

/** How a header or query parameter is compared. Header names are lower case; parameter names are case-sensitive. */
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
};
