import type { ControllerConfig } from "../../ingress/controller-config.ts";
import type { TlsHandshakes } from "../../ir/tls.ts";
import { readOpensslSuites, suitesOfTls13 } from "./openssl-suites.ts";

/** What the controller says of TLS with clients of all hosts. Versions before 1.2 are never spoken. */
export function classTls(controller: ControllerConfig): TlsHandshakes {
  const versions = (controller.value("ssl-protocols") ?? "TLSv1.2 TLSv1.3").split(/\s+/);
  const ciphers = controller.value("ssl-ciphers");
  return {
    minVersion: versions.includes("TLSv1.3") && !versions.includes("TLSv1.2") ? "TLSv1.3" : "TLSv1.2",
    ...(versions.includes("TLSv1.3") ? {} : { maxVersion: "TLSv1.2" as const }),
    ...(ciphers === undefined ? {} : { cipherSuites: [...suitesOfTls13, ...readOpensslSuites(ciphers).suites] }),
  };
}
