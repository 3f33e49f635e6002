import { type LocalReply, problem } from "../contract/local-reply.ts";
import type { RequestView } from "../contract/message.ts";

/** Why a request has no valid token. `unavailable`: nobody can tell, since the keys cannot be had. */
export type JwtFault =
  | "missing"
  | "malformed"
  | "signature"
  | "unknownKey"
  | "expired"
  | "notYetValid"
  | "issuer"
  | "audience"
  | "unavailable";

/** What clients are told: nothing that they could not find out. Characters of `error_description`, RFC 6750 section 3. */
const descriptions: Readonly<Record<Exclude<JwtFault, "missing" | "unavailable">, string>> = {
  malformed: "The token is malformed.",
  signature: "The signature of the token is not valid.",
  unknownKey: "The key of the token is not known.",
  expired: "The token has expired.",
  notYetValid: "The token is not valid yet.",
  issuer: "The token is of another issuer.",
  audience: "The token is for another audience.",
};

/** The most telling of several faults: a token that fails at its own provider says more than that it is not another's. */
export function worseFault(one: JwtFault | undefined, other: JwtFault): JwtFault {
  if (one === undefined || one === "issuer") return other;
  return other === "unavailable" ? other : one;
}

/** The refusal of a request: 401 with a challenge, or 503 when the keys cannot be had. Spec: RFC 6750 section 3. */
export function refuse(fault: JwtFault, request: RequestView): LocalReply {
  if (fault === "unavailable") {
    return problem(503, "JWU", "The token cannot be verified at the moment.", [["retry-after", "1"]]);
  }
  const realm = `Bearer realm="${plainHost.test(request.host) ? request.host : "gateway"}"`;
  if (fault === "missing") return problem(401, "JWT", "A token is required.", [["www-authenticate", realm]]);
  const description = descriptions[fault];
  const challenge = `${realm}, error="invalid_token", error_description="${description}"`;
  return problem(401, "JWT", description, [["www-authenticate", challenge]]);
}

/** A host that can stand in quotes as it is. */
const plainHost = /^[a-z0-9.:[\]_-]+$/;
