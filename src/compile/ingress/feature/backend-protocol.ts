import type { BackendTls, BackendTlsVersion } from "../../../ingress/feature/backend-tls.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import type { UpstreamTls } from "../../../ir/cluster.ts";
import type { TlsHandshakes } from "../../../ir/tls.ts";
import { nothingServed, type ServeFeature, type ServeScope } from "../serve-feature.ts";

/** What nginx takes for the name of the endpoints when an Ingress gives none; no certificate has it. */
const unnamed = "upstream_balancer";

export const serveBackendProtocol: ServeFeature<LocationSettings["backendProtocol"]> = (
  { speaks, httpVersion },
  scope,
) => {
  const overTls = speaks === "https" || speaks === "grpcs" || (speaks === "auto" && hasCertificate(scope));
  const isGrpc = speaks === "grpc" || speaks === "grpcs";
  if (speaks === "auto") {
    scope.report("ingress-protocol-fixed", "backend-protocol", {
      message: `backend-protocol is AUTO_HTTP: ${overTls ? "HTTPS" : "HTTP"} is spoken to the endpoints, whatever the client speaks.`,
      fix: "Write HTTP or HTTPS.",
    });
  }
  const tls = overTls ? upstreamTls(scope) : undefined;
  return {
    ...nothingServed,
    cluster: {
      protocol: isGrpc ? "http2" : "http1",
      ...(isGrpc || httpVersion === "1.1" ? {} : { httpVersion }),
      ...(tls === undefined ? {} : { tls }),
    },
  };
};

function hasCertificate({ server }: ServeScope): boolean {
  return server.certificate.kind !== "none";
}

/** Without a Secret: any certificate, no name, and today's versions. */
const unverified: UpstreamTls = {
  hostname: "",
  ca: [],
  subjectAltNames: [],
  verification: "none",
  alpn: "none",
};

function upstreamTls(scope: ServeScope): UpstreamTls {
  const setting = scope.server.settings.backendTls;
  if (setting === undefined) return unverified;
  const { name, tellsName, hasAuthorities, hasCertificate: hasOwn, verify, secret } = setting;
  const { secrets } = scope.context;
  const own = hasOwn ? secrets.certificate(secret.namespace, secret.name) : undefined;
  const authorities = hasAuthorities ? secrets.caBundle("Secret", secret.namespace, secret.name) : undefined;
  for (const part of [own, authorities]) {
    if (part === undefined || !("problem" in part)) continue;
    scope.deny("ingress-backend-secret-unusable", "proxy-ssl-secret", {
      message: `${part.message} The paths of the host answer 503.`,
      fix: "Put certificates and a key in PEM into the Secret.",
    });
    return unverified;
  }
  const verifies = verify && authorities !== undefined && "source" in authorities;
  return {
    ...unverified,
    hostname: tellsName && hasAuthorities ? name : "",
    ...(own === undefined || "problem" in own ? {} : { clientCertificate: own.ref.key }),
    ...(hasAuthorities ? { handshakes: handshakesOf(setting) } : {}),
    ...(verifies
      ? {
          ca: [authorities.source],
          subjectAltNames: [{ kind: "dns" as const, value: name || unnamed }],
          verification: { maxIntermediates: setting.depth },
        }
      : {}),
  };
}

const spoken: readonly BackendTlsVersion[] = ["TLSv1.2", "TLSv1.3"];

/** Versions before 1.2 are not spoken: where nothing is left, it is 1.2. */
function handshakesOf({ versions, ciphers }: BackendTls): Partial<TlsHandshakes> {
  const [first, last] = [
    versions.find((one) => spoken.includes(one)),
    versions.findLast((one) => spoken.includes(one)),
  ];
  return {
    minVersion: first === "TLSv1.3" ? "TLSv1.3" : "TLSv1.2",
    maxVersion: last === "TLSv1.3" ? "TLSv1.3" : "TLSv1.2",
    ...(ciphers === "DEFAULT" ? {} : { cipherSuites: [ciphers] }),
  };
}
