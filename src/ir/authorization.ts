import type { PathMatch } from "./match.ts";

/** What expressions in CEL may name: Envoy's attributes, and what a token says. */
export const celVariables = ["request", "source", "connection", "jwt"] as const;

export type AuthorizationAction = "allow" | "deny";

/** A claim that must hold one of the values: a text, or (`list`) a list with one of them. */
export type ClaimCondition = { readonly claim: string; readonly list: boolean; readonly values: readonly string[] };

/** Matches when all that it names does; what is empty or `undefined` matches everything. */
export type AuthorizationRule = {
  /** For logs and explanations; `""`: none. */
  readonly name: string;
  readonly action: AuthorizationAction;
  /** Upper case. */
  readonly methods: readonly string[];
  readonly path: { readonly match: PathMatch; readonly invert: boolean } | undefined;
  /** Canonical networks of which the client's address must be in one. `undefined`: any address. */
  readonly clientCidrs: readonly string[] | undefined;
  /** All must match, each by one of its values. Names are lower case. */
  readonly headers: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly jwt:
    | { readonly provider: string; readonly claims: readonly ClaimCondition[]; readonly scopes: readonly string[] }
    | undefined;
  /** Condition in CEL. */
  readonly cel: string | undefined;
};

/** Rules about who may do what: the first that matches decides. */
export type AuthorizationFilter = {
  readonly kind: "authorization";
  readonly rules: readonly AuthorizationRule[];
  readonly defaultAction: AuthorizationAction;
};

/** Which clients may have a stream: the first rule that has their address decides. */
export type StreamAdmission = {
  readonly rules: readonly { readonly action: AuthorizationAction; readonly clientCidrs: readonly string[] }[];
  readonly defaultAction: AuthorizationAction;
};
