/** The one home of JSON Web Tokens. Imported when a configuration first asks for it. */
import { createLocalJWKSet, decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { JwtProvider, PublicJwk } from "../../ir/jwt.ts";
import type { Claims } from "./claims.ts";
import type { JwtFault } from "./jwt-fault.ts";

/** The key for a token, by its header. */
export type FindKey = JWTVerifyGetKey;

/** Signatures with a private key only: with a shared secret, a public key could be taken for the secret. */
const algorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** How far the clocks of issuers may be off; Envoy's. Seconds. */
export const clockToleranceSeconds = 60;

/** Keys that a token without a key id, or of an ambiguous one, is tried with at most. */
const maxTries = 8;

export type Verified =
  | {
      readonly kind: "valid";
      readonly claims: Claims /** Since the epoch; Infinity: never. */;
      readonly expiresMs: number;
    }
  | { readonly kind: "invalid"; readonly fault: JwtFault };

/** Finds keys by the header of a token; whatever else that header says of keys (jku, jwk, x5u) is not looked at. */
export function findAmong(keys: readonly PublicJwk[]): FindKey {
  return createLocalJWKSet({ keys: [...keys] });
}

/** Whether a token says that it is of that issuer: nothing is verified yet. */
export function claimsIssuer(token: string, issuer: string | undefined): boolean {
  if (issuer === undefined) return true;
  try {
    return decodeJwt(token).iss === issuer;
  } catch {
    return false;
  }
}

/** Verifies a token: signature, times, issuer and audience. Never throws. Spec: RFC 7519 section 7.2, RFC 8725. */
export async function verify(
  token: string,
  provider: JwtProvider,
  by: { readonly find: FindKey; readonly nowMs: number },
): Promise<Verified> {
  const options = {
    algorithms,
    currentDate: new Date(by.nowMs),
    clockTolerance: clockToleranceSeconds,
    ...(provider.issuer === undefined ? {} : { issuer: provider.issuer }),
    ...(provider.audiences.length === 0 ? {} : { audience: [...provider.audiences] }),
  };
  try {
    return valid((await jwtVerify(token, by.find, options)).payload);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return invalid(error);
    let last: Verified = { kind: "invalid", fault: "unknownKey" };
    let tries = 0;
    for await (const key of error) {
      if (++tries > maxTries) break;
      try {
        return valid((await jwtVerify(token, key, options)).payload);
      } catch (failure) {
        last = invalid(failure);
        if (last.kind === "invalid" && last.fault !== "signature") return last;
      }
    }
    return last;
  }
}

function valid(claims: { readonly [name: string]: unknown; readonly exp?: number }): Verified {
  const expiresMs = claims.exp === undefined ? Number.POSITIVE_INFINITY : (claims.exp + clockToleranceSeconds) * 1_000;
  return { kind: "valid", claims, expiresMs };
}

function invalid(error: unknown): Verified {
  return { kind: "invalid", fault: faultOf(error) };
}

function faultOf(error: unknown): JwtFault {
  if (error instanceof errors.JWKSNoMatchingKey) return "unknownKey";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason !== "check_failed")
      return error.claim === "aud" ? "audience" : error.claim === "iss" ? "issuer" : "malformed";
    return error.claim === "aud" ? "audience" : error.claim === "iss" ? "issuer" : "notYetValid";
  }
  // A key that does not suit the algorithm, an algorithm that is not allowed, `crit`, broken parts.
  return "malformed";
}
