import type { RoutingModel } from "./routing-model.ts";
import type { CaSource, SecretKey } from "./tls.ts";

/** Every row of the secret table that a routing model names. */
export function secretKeys(routing: RoutingModel): ReadonlySet<SecretKey> {
  const keys = new Set<SecretKey>();
  const addCa = (sources: readonly CaSource[]): void => {
    for (const source of sources) if (source.kind === "bundle") keys.add(source.key);
  };
  for (const gateway of routing.gateways) {
    for (const listener of gateway.listeners) {
      if (!("tls" in listener) || listener.tls?.mode !== "terminate") continue;
      for (const { key } of listener.tls.certificates) keys.add(key);
      addCa(listener.tls.clientValidation?.ca ?? []);
    }
  }
  for (const { tls } of Object.values(routing.clusters)) {
    if (!tls) continue;
    addCa(tls.ca);
    if (tls.clientCertificate !== undefined) keys.add(tls.clientCertificate);
  }
  return keys;
}
