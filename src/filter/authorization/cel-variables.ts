import type { CelValue } from "../../base/cel.ts";
import type { celVariables } from "../../ir/authorization.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestView } from "../contract/message.ts";

/** A request whose header names can be listed. */
type Subject = RequestView & { headerNames(): readonly string[] };

/**
 * The values of {@link celVariables}. Paths are in the form that is matched; addresses have no port. What is not known is not
 * there: whoever asks for it gets no answer.
 */
export function readCelVariables(
  request: Subject,
  { facts, established }: FilterExchange,
): Readonly<Record<(typeof celVariables)[number], CelValue>> {
  const { claims, tokenProvider, principal } = established;
  const identity = facts.clientIdentity;
  return {
    request: {
      method: request.method,
      host: request.host,
      path: request.query === "" ? request.path : `${request.path}?${request.query}`,
      url_path: request.path,
      query: request.query,
      scheme: facts.scheme,
      protocol: facts.protocol,
      id: facts.requestId,
      headers: new Map(request.headerNames().map((name) => [name, request.header(name) ?? ""])),
    },
    source: { address: facts.clientAddress },
    connection: {
      mtls: identity !== undefined,
      ...(identity === undefined
        ? {}
        : {
            subject_peer_certificate: identity.subject,
            uri_san_peer_certificate: identity.uris,
            dns_san_peer_certificate: identity.dnsNames,
            sha256_peer_certificate_digest: identity.fingerprint,
          }),
    },
    // Claims are what JSON can hold, as CEL's values are.
    jwt: {
      ...(claims === undefined ? {} : { claims: claims as { readonly [name: string]: CelValue } }),
      ...(tokenProvider === undefined ? {} : { provider: tokenProvider }),
      ...(principal === undefined ? {} : { principal }),
    },
  };
}
