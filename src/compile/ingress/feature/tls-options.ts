import type { ServerSettings } from "../../../ingress/features.ts";
import { readOpensslSuites, suitesOfTls13 } from "../openssl-suites.ts";
import { nothingServedOfServer, type ServeServerFeature } from "../serve-feature.ts";

/** Suites that are not served are not offered: where none is left, clients need TLS 1.3. */
export const serveTlsOptions: ServeServerFeature<ServerSettings["tlsOptions"]> = ({ ciphers }, scope) => {
  if (ciphers === undefined) return nothingServedOfServer;
  const { suites, unknown } = readOpensslSuites(ciphers);
  if (unknown.length > 0) {
    scope.report("ingress-suites-not-served", "ssl-ciphers", {
      message: `ssl-ciphers has ${unknown.join(", ")}, which ${unknown.length === 1 ? "is" : "are"} not served: ${suites.length === 0 ? "clients need TLS 1.3" : `TLS 1.2 has ${suites.join(", ")}`}.`,
      fix: "Write names of suites with ECDHE, or HIGH.",
    });
  }
  return { ...nothingServedOfServer, tls: { cipherSuites: [...suitesOfTls13, ...suites] } };
};
