import type { ClusterKey } from "./cluster.ts";

/** A public key as RFC 7517 writes it. Never a symmetric or private one. */
export type PublicJwk = { readonly kty: "RSA" | "EC" | "OKP" } & { readonly [member: string]: string };

/** Where a provider's keys come from. */
export type JwtKeys =
  | { readonly kind: "local"; readonly keys: readonly PublicJwk[] }
  | {
      readonly kind: "remote";
      /** Asked in turn. Empty when no reference resolved: no token is valid (fail closed). */
      readonly clusters: readonly ClusterKey[];
      /** Host header of the request for the keys. */
      readonly host: string;
      /** Path and query of the key set. */
      readonly target: string;
      /** Time that a fetched key set is used. Milliseconds. */
      readonly cacheMs: number;
      /** Time until a fetch that failed is tried again. Milliseconds. */
      readonly failedRefetchMs: number;
    };

/** Who issues tokens, and where requests have them. */
export type JwtProvider = {
  readonly name: string;
  /** `undefined`: any. */
  readonly issuer: string | undefined;
  /** Of which a token must have one; empty: any. */
  readonly audiences: readonly string[];
  readonly keys: JwtKeys;
  /** Headers that backends are told claims by; names are lower case. Clients cannot set them. */
  readonly claimToHeaders: readonly { readonly header: string; readonly claim: string }[];
  /** Headers with a token behind the prefix; names are lower case. */
  readonly headers: readonly { readonly name: string; readonly valuePrefix: string }[];
  readonly params: readonly string[];
  readonly cookies: readonly string[];
};

/** Takes requests with a valid token of one of the providers. */
export type JwtFilter = {
  readonly kind: "jwt";
  /** Requests without a token pass, too. */
  readonly optional: boolean;
  /** So do those whose token is not valid, as if they had none. */
  readonly failOpen: boolean;
  readonly providers: readonly JwtProvider[];
};
