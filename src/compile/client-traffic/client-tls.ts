import type { ListenerTls } from "../../ir/tls.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import type { FeatureScope, PolicyReferences } from "../policy/feature-scope.ts";
import { readTlsSettings } from "../tls/tls-settings.ts";
import type { ClientTraffic } from "./client-settings.ts";
import { clientValidation } from "./client-validation.ts";

export type ClientTls = NonNullable<ClientTraffic["tls"]>;

type Terminating = Extract<ListenerTls, { readonly mode: "terminate" }>;

/**
 * The TLS of a listener with what a policy says over it. A listener that passes TLS through, or has none, has nothing that a policy
 * could change. What keeps clients out and cannot be honoured keeps all of them out.
 */
export function clientTls(
  { tls, protocol }: Pick<ListenerDraft, "tls" | "protocol">,
  settings: ClientTls,
  references: PolicyReferences,
): ListenerTls | undefined {
  if (tls?.mode !== "terminate") return tls;
  const scope = references.scope("/tls");
  const alpnProtocols = readAlpn(settings, scope);
  const handshakes = readTlsSettings(settings, (field, problem, fix) => {
    const path = field.slice(1).replace(/\/(\d+)$/, "[$1]");
    scope.report("client-setting-invalid", field, { message: `tls.${path} ${problem}.`, fix });
  });
  const changed: Terminating = {
    ...tls,
    ...handshakes,
    ...(alpnProtocols === undefined ? {} : { alpnProtocols }),
    ...(settings.session !== undefined && settings.session.resumption === undefined ? { resumption: "none" } : {}),
  };
  if (settings.clientValidation === undefined) return changed;
  if (protocol === "HTTPS") {
    const validation = clientValidation(settings.clientValidation, {
      scope: references.scope("/tls/clientValidation"),
      readAuthority: (ref, field) => references.readAuthority(ref, `/tls/clientValidation${field}`),
    });
    return { ...changed, clientValidation: validation };
  }
  scope.report("client-setting-invalid", "/clientValidation", {
    message: "Clients of TLS listeners cannot be asked for certificates, so these listeners stay closed.",
    fix: "Target HTTPS listeners only, by sectionName.",
  });
  return { ...changed, certificates: [] };
}

function readAlpn({ alpnProtocols }: ClientTls, scope: FeatureScope): Terminating["alpnProtocols"] {
  if (alpnProtocols === undefined) return undefined;
  return alpnProtocols.flatMap((name, index) => {
    if (name === "h2" || name === "http/1.1") return [name];
    scope.report("client-setting-invalid", `/alpnProtocols/${index}`, {
      message: `${JSON.stringify(name)} is not a protocol that is spoken over TLS here, so it is not offered.`,
      fix: "Write h2 or http/1.1.",
    });
    return [];
  });
}
