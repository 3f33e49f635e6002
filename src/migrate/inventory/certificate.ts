import { X509Certificate } from "node:crypto";
import type { Snapshot } from "../../store/snapshot.ts";
import type { HostCertificate } from "./inventory.ts";

const dayMs = 86_400_000;

/** The certificate that a Secret holds for a host. Without the Secret in the input nothing is known of it. */
export function certificateOf(
  secret: { readonly namespace: string; readonly name: string },
  hostname: string,
  { snapshot, nowMs }: { readonly snapshot: Snapshot; readonly nowMs: number },
): HostCertificate {
  const shown = `${secret.namespace}/${secret.name}`;
  const found = snapshot.get("Secret", secret.namespace, secret.name);
  if (found === undefined) return { kind: "unknown", secret: shown, because: "the Secret is not in the input" };
  try {
    const leaf = new X509Certificate(Buffer.from(found.data["tls.crt"] ?? "", "base64"));
    return {
      kind: "secret",
      secret: shown,
      notAfter: leaf.validToDate.toISOString(),
      daysLeft: Math.floor((leaf.validToDate.getTime() - nowMs) / dayMs),
      namesHost: leaf.checkHost(hostname.replace(/^\*\./, "any.")) !== undefined,
    };
  } catch {
    return { kind: "unknown", secret: shown, because: "the Secret holds no certificate that can be read" };
  }
}
